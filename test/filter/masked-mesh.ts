/** A mesh whose `orders` classifies and masks something of everything, and callers of it. */
import { decodeAuditBatch } from '../../controller/audit/decode-batch.ts';
import type { AuditRecord } from '../../controller/audit/model.ts';
import type { Direction } from '../../controller/layout.ts';
import type { PolicyFile } from '../../controller/policy/parse.ts';
import type { Outcome, Properties, Stream } from '../../host/stream.ts';
import type { Root, VmOptions } from '../../host/vm.ts';
import { type AskOptions, bundleOf, CHECKOUT, id, Mesh, stateOf } from './mesh.ts';

/** May read everything. */
export const AUDITOR = id('prod', 'audit', 'auditor', '00000000-0000-4000-8000-0000000000ee');

/** A card number, and what `keep-last` leaves of it. */
export const CARD = '4111-1111-1111-1111';
export const MASKED_CARD = '****-****-****-1111';

/** A pair of headers. */
export type Header = [string, string];
export const JSON_TYPE: Header = ['content-type', 'application/json'];

/** Parts of a policy set that a test can change. */
export interface Choices {
  readonly unreadable?: string;
  readonly routes?: string;
  readonly upgrades?: string;
  readonly labelHeader?: string;
  readonly rules?: readonly string[];
  readonly audit?: string;
  /** Service that it is about; `orders` when absent. */
  readonly service?: string;
  readonly direction?: Direction;
  readonly vm?: VmOptions;
  /** Files of another policy set, in place of all that. */
  readonly files?: readonly PolicyFile[];
}

/** The policy set. */
export function maskedPolicy(choices: Choices = {}): string {
  const rules = choices.rules ?? [
    '{ labels: [PCI], operator: keep-last, keep: 4 }',
    '{ labels: [PII], operator: redact }',
    '{ labels: [Secret], operator: drop }',
  ];
  const options = [
    `unreadable: ${choices.unreadable ?? 'deny'}`,
    ...(choices.routes ? [`routes: ${choices.routes}`] : []),
    ...(choices.upgrades ? [`upgrades: ${choices.upgrades}`] : []),
    ...(choices.labelHeader ? [`labelHeader: ${choices.labelHeader}`] : []),
  ];
  return document(choices, rules, options).replaceAll('orders', choices.service ?? 'orders');
}

function document(choices: Choices, rules: readonly string[], options: readonly string[]): string {
  return `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders }
  rules:
    - { name: checkout, effect: allow, from: [{ service: checkout }], audit: ${choices.audit ?? 'always'} }
    - { name: auditors, effect: allow, from: [{ service: auditor }], clearance: [PCI, PII, Secret], audit: always }
---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: orders-data }
spec:
  destination: { service: orders }
  fields:
    - { name: ssn, label: PII }
  values:
    - { detector: card, label: PCI }
  headers:
    - { name: x-customer-email, label: PII }
    - { name: x-key, label: Secret }
  cookies:
    - { name: session, label: PII }
    - { name: key, label: Secret }
  parameters:
    - { name: iban, label: PII, match: words }
    - { name: key, label: Secret }
  pathParameters:
    - { path: "/customers/{email}/**", parameter: email, label: PII }
---
apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: orders-masks }
spec:
  destination: { service: orders }
  ${options.join('\n  ')}
  rules:
${rules.map((rule) => `    - ${rule}`).join('\n')}
`;
}

/** One VM with that policy. */
export class MaskedMesh {
  readonly mesh: Mesh;
  readonly root: Root;

  private constructor(mesh: Mesh, root: Root) {
    this.mesh = mesh;
    this.root = root;
  }

  /** `properties` are those of the root, for example of the node. */
  static async start(choices: Choices = {}, properties: Properties = {}): Promise<MaskedMesh> {
    const mesh = await Mesh.start(choices.vm);
    const { direction } = choices;
    const policy = choices.files ?? maskedPolicy(choices);
    const bundle = bundleOf(policy, direction === undefined ? {} : { direction });
    const root = mesh.bundle(bundle, properties);
    mesh.state(stateOf());
    return new MaskedMesh(mesh, root);
  }

  /** A request without a body. */
  get(options: AskOptions = {}, uri = CHECKOUT): { stream: Stream; outcome: Outcome } {
    const stream = this.mesh.stream(this.root, uri);
    return { stream, outcome: this.mesh.ask(stream, uri, options) };
  }

  /** The headers of a request with a body to follow. */
  post(headers: Header[] = [JSON_TYPE], options: AskOptions = {}, uri = CHECKOUT) {
    return this.get({ method: 'POST', end: false, ...options, headers }, uri);
  }

  /** A response's headers, to a request that asks for nothing special. */
  answer(headers: Header[], end = false, options: AskOptions = {}, uri = CHECKOUT) {
    const { stream } = this.get(options, uri);
    const status = headers.some(([name]) => name === ':status') ? [] : [[':status', '200']];
    const outcome = stream.responseHeaders([...(status as Header[]), ...headers], end);
    return { stream, outcome };
  }

  /** The audit records since the last call. */
  records(): AuditRecord[] {
    this.mesh.vm.tick(this.root);
    const [call] = this.mesh.vm.httpCalls;
    if (!call) return [];
    this.mesh.vm.answerHttpCall(call.token, { status: 200 });
    return [...decodeAuditBatch(call.body).records];
  }
}

/** What came out of a body. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** Values of a header that went on. */
export function valuesOf(headers: readonly [string, string][] | undefined, name: string): string[] {
  return (headers ?? []).filter(([one]) => one === name).map(([, value]) => value);
}
