/** A bundle and a state with something in every section, and requests that read all of it. */
import { Attribute, Band, RestrictionSide, Verdict } from '../../controller/layout.ts';
import type { Root } from '../../host/vm.ts';
import {
  bundleOf,
  CHECKOUT,
  digestOf,
  id,
  type Mesh,
  NOON_MS,
  restrictionOf,
  STRANGER,
  stateOf,
} from '../filter/mesh.ts';

const POLICY = `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders }
  rules:
    - name: reads
      effect: allow
      from:
        - { service: checkout, environment: same, labels: { tier: web } }
        - { service: [cart, "shop-*"], notDomain: "*.test" }
        - { team: pay*, notLabels: { tier: ["*"] } }
      to:
        - methods: [GET, PURGE]
          paths: ["/orders/{id}", "/orders/{id}/lines/**", "/orders/{id}/li*", "/orders/a", "/x/*", "*/tail", "*.json"]
          hosts: [orders, "*.orders.test"]
          headers: { X-Tenant: [acme, "eu-*", "*-test"], x-trace: "*" }
          parameters: { page: ["1", "2*"] }
        - { methods: [GET], notPaths: ["/orders/1/**"], notParameters: { debug: ["1", "*"] } }
      when: (source.cpu < 0.8 || environment.alert != 2) && !(source.worstCve > "high") && has(source.memory)
      maxRisk: high
      clearance: [PII]
      audit: always
    - name: asks
      effect: allow
      to: [{ methods: [GET] }]
      when: >-
        source.labels.tier == "web" && source.team.startsWith("pay") && request.path.endsWith("/a")
        && (request.host == "orders" || request.host.endsWith(".orders.test"))
        && (request.headers["x-tenant"] in ["acme", "b"] || any(request.headers["x-scope"]) == "c")
        && !has(request.parameters.page) && request.authority != "evil:80" && request.method != "PATCH"
    - name: never
      effect: deny
      to: [{ paths: ["/orders/admin/**"] }]
      when: within(request.time, "Mon-Fri 01:00-02:00, Sat 03:00-04:00", "UTC") && destination.load > 0.5
    - { name: writes, effect: allow, from: [{ service: checkout }, { service: ads }], to: [{ methods: [POST] }] }
---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: data }
spec:
  destination: { service: orders }
  fields:
    - { path: "$.customer.iban", label: PII }
    - { path: "$.lines[*].**.secret", label: Secret }
    - { name: ssn, label: PII, ignoreCase: true }
  values: [{ detector: card, label: PCI }]
---
apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: masks }
spec:
  destination: { service: orders }
  rules:
    - { labels: [PCI], operator: keep-last, keep: 4 }
    - { labels: [PII, Secret], operator: redact }
`;

/** The sample bundle. */
export const sampleBundle = (): Uint8Array =>
  bundleOf(POLICY, { federatedDomains: ['partner.example', 'friend.example'] });

const CART = id('prod', 'shop', 'cart', '00000000-0000-4000-8000-0000000000ca');

/** The sample state: two records at least in every section. */
export const sampleState = (): Uint8Array =>
  stateOf({
    revokedDigests: [digestOf('a'), digestOf('b'), digestOf('c')],
    revokedInstances: [
      '00000000-0000-4000-8000-0000000000d1',
      '00000000-0000-4000-8000-0000000000d2',
    ],
    signals: [
      {
        subject: 'prod/checkout',
        attribute: Attribute.SourceCpu,
        value: 0.1,
        observedAtMs: NOON_MS,
        maxAgeMs: 60_000,
      },
      {
        subject: 'prod/checkout',
        attribute: Attribute.SourceMemory,
        value: 0.1,
        observedAtMs: NOON_MS,
        maxAgeMs: 0,
      },
      {
        subject: 'prod/orders',
        attribute: Attribute.DestinationLoad,
        value: 0.9,
        observedAtMs: NOON_MS,
        maxAgeMs: 0,
      },
      {
        subject: 'alert',
        attribute: Attribute.EnvironmentFact,
        value: 1,
        observedAtMs: NOON_MS,
        maxAgeMs: 0,
      },
    ],
    bands: [
      { subject: 'prod/checkout', band: Band.Low },
      { subject: 'prod/ads', band: Band.High },
    ],
    restrictions: [
      restrictionOf('prod/ads', RestrictionSide.Source, Verdict.Degrade, {
        readOnly: true,
        noClearance: true,
      }),
      restrictionOf('prod/orders', RestrictionSide.Source, Verdict.Isolate),
      restrictionOf('prod/orders', RestrictionSide.Destination, Verdict.Throttle, {
        ratePerSecond: 1000,
        burst: 2 ** 31,
      }),
    ],
  });

const BODY = `{"customer":{"iban":"DE1","n":[1,2]},"lines":[{"x":{"secret":{"a":1}}}],"SSN":7,"c":"4111 1111 1111 1111"}`;

const PATHS = [
  '/orders/a',
  '/orders/1/lines/2/3',
  '/orders/1/list',
  '/orders/admin/x',
  '/',
  '/x',
  '/x/y/tail',
  '/a.json?page=1&page=2%31&&debug',
  '/orders/a?page=%zz',
];
const TENANTS: readonly [string, string][][] = [
  [],
  [
    ['x-tenant', 'acme'],
    ['x-trace', ''],
  ],
  [
    ['x-tenant', 'a'],
    ['x-tenant', 'b'],
  ],
];

/** Requests through every table of a bundle. Throws VmTrap or HostViolation when the filter does wrong. */
export function exercise(mesh: Mesh, root: Root): void {
  for (const uri of [CHECKOUT, STRANGER, CART]) {
    for (const [i, path] of PATHS.entries()) {
      for (const method of ['GET', 'PURGE']) {
        mesh.status(root, uri, {
          method,
          path,
          authority: 'a.orders.test',
          subject: 'OU=label.tier=web',
          headers: TENANTS[i % TENANTS.length] ?? [],
        });
      }
    }
    const stream = mesh.stream(root, uri, 'OU=label.tier=web');
    const headers: [string, string][] = [['content-type', 'application/json']];
    mesh.ask(stream, uri, { method: 'POST', headers, end: false });
    stream.requestBody(BODY.slice(0, 40), false);
    stream.requestBody(BODY.slice(40), true);
    stream.responseHeaders([[':status', '200'], ...headers], false);
    stream.responseBody(BODY, true);
    stream.end();
  }
}
