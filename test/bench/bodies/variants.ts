/** What is compared for bodies: one listener each, alike in everything but its HTTP filters. */
import type { Json } from '../../../controller/xds/fill-template.ts';
import { bundleOf, stateOf } from '../../filter/mesh.ts';
import { type Parties, type Variant, wasmFilters } from '../variants.ts';

/** Names that the report refers to. */
export const NO_FILTER = 'no filter';
export const BUFFER = 'native buffer filter';
export const LUA = 'Lua: body(), gsub, setBytes';
export const OURS = 'dta, masks the body';
export const OURS_IDLE = 'dta, masks for this caller nothing';
export const OURS_NONE = 'dta, no mask profile';

/** All variants, in the order of the table. */
export function makeBodyVariants(parties: Parties): Variant[] {
  return [
    plain(NO_FILTER, []),
    plain(BUFFER, [buffer()]),
    plain(LUA, [lua()]),
    ours(parties, OURS, 1, masks('')),
    ours(parties, OURS_IDLE, 2, masks('clearance: [PII, PCI]')),
    ours(parties, OURS_NONE, 3, () => ''),
  ];
}

function plain(name: string, filters: readonly Json[]): Variant {
  return { name, filters, writesIdentity: false, audits: false, service: 'orders', share: 1 };
}

function buffer(): Json {
  return {
    name: 'envoy.filters.http.buffer',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer',
      max_request_bytes: 1_048_576,
    },
  };
}

/** The same fields as `masks`, as a script does it: a pattern each over the whole body. */
function lua(): Json {
  const redact = (name: string) => `  s = string.gsub(s, '("${name}"%s*:%s*)"[^"]*"', '%1"***"')\n`;
  const keepLast = `  s = string.gsub(s, '("card"%s*:%s*)"([^"]*)([^"][^"][^"][^"])"', function(a, b, c)
    return a .. '"' .. string.gsub(b, '%w', '*') .. c .. '"'
  end)\n`;
  return {
    name: 'envoy.filters.http.lua',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua',
      default_source_code: {
        inline_string: `function envoy_on_request(h)
  local body = h:body()
  local s = body:getBytes(0, body:length())
${redact('iban')}${redact('ssn')}${keepLast}  body:setBytes(s)
end\n`,
      },
    },
  };
}

type Policy = (service: string) => string;

function masks(granted: string): Policy {
  return (service) => `---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: data }
spec:
  destination: { service: ${service} }
  fields:
    - { name: iban, label: PII }
    - { name: ssn, label: PII }
    - { name: card, label: PCI }
---
apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: masks }
spec:
  destination: { service: ${service} }
  rules:
    - { labels: [PII], operator: redact, bodies: [request] }
    - { labels: [PCI], operator: keep-last, keep: 4, bodies: [request] }
---
${access(service, granted)}`;
}

function access(service: string, granted: string): string {
  return `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: ${service}, environment: prod }
  rules:
    - name: checkout
      effect: allow
      from: [{ service: checkout, environment: same }]
      ${granted}
      audit: always
`;
}

function ours(parties: Parties, name: string, number: number, policy: Policy): Variant {
  const nowMs = Date.now();
  // One VM for all: each variant is a destination of its own, or their bundles would replace each other.
  const service = `bodies-${number}`;
  const text = policy(service);
  const bundle = bundleOf(text === '' ? access(service, '') : text, { nowMs, service });
  const state = stateOf({
    epoch: BigInt(nowMs),
    nowMs,
    bands: [{ subject: 'prod/checkout', band: 0 }],
  });
  return {
    name,
    filters: wasmFilters(
      { filterPath: parties.filterPath, vmId: 'bodies', identity: 'header' },
      bundle,
      state,
    ),
    writesIdentity: true,
    audits: true,
    service,
    share: 1,
  };
}
