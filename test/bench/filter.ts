/** `make bench`: time of a decision and speed of masking, the compiled filter in the Node host. */
import { Buffer } from 'node:buffer';

import type { Root } from '../../host/vm.ts';
import { bundleOf, CHECKOUT, id, Mesh, stateOf } from '../filter/mesh.ts';
import { type Spread, spreadOf } from './statistics.ts';

const samples = 15;
const warmUpSamples = 5;
const decisionsPerSample = 2_000;
const bodyBytes = 256 * 1024;
const bodiesPerSample = 20;
const headerMode = {
  DTA_IDENTITY: 'header',
  DTA_HOLD_HEADERS: 'true',
  DTA_AUDIT_CLUSTER: 'dta-audit',
};
/** Stands in every order where a label hides it. */
const secret = 'FR7630006000011234567890189';
const cardDetector = '  values:\n    - { detector: card, label: PII }';

await benchDecisions();
await benchMasking();

/**
 * Cached is one caller again and again. A thousand callers in turn do not find their decisions in a cache of 16 entries,
 * so the rules are evaluated each time; all are known by then, and both go through the same host.
 */
async function benchDecisions(): Promise<void> {
  print('\n## One decision, µs of CPU: headers in, verdict and audit record out, host included');
  print(`${samples} samples of ${decisionsPerSample}; median (min to max)\n`);
  print('| rules | cached | not cached | not cached, every rule a candidate |');
  print('|---|---|---|---|');
  const few = { DTA_CACHE_ENTRIES: '16' };
  const callers = Array.from({ length: 1024 }, (_, index) =>
    id(
      'prod',
      'payments',
      'checkout',
      `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    ),
  );
  for (const count of [10, 100, 1_000, 10_000]) {
    const cached = timeDecisions(await startMesh(rulesApart(count)), [CHECKOUT]);
    const evaluated = timeDecisions(await startMesh(rulesApart(count), few), callers);
    const crowded = timeDecisions(await startMesh(rulesTogether(count), few), callers);
    print(`| ${count} | ${show(cached)} | ${show(evaluated)} | ${show(crowded)} |`);
  }
}

/** A 256 KB response through the whole filter, copies into the VM and out of it included. */
async function benchMasking(): Promise<void> {
  const body = orderList(bodyBytes);
  print(`\n## Masking a JSON response of ${Math.round(body.length / 1024)} KB, MB a second of CPU`);
  print(`${samples} samples of ${bodiesPerSample}; median (min to max)\n`);
  print('| what | MB/s |');
  print('|---|---|');
  const fields = await startMesh(rulesApart(1) + maskText(''));
  print(`| dta, 1 path and 2 names | ${show(timeMasking(fields, body))} |`);
  const cards = await startMesh(rulesApart(1) + maskText(cardDetector));
  print(`| dta, the same and card numbers by value | ${show(timeMasking(cards, body))} |`);
  const parsed = timeBodies(body, () => Buffer.from(JSON.stringify(JSON.parse(body.toString()))));
  print(`| JSON.parse and JSON.stringify, nothing masked | ${show(parsed)} |`);
}

interface Bench {
  readonly mesh: Mesh;
  readonly root: Root;
}

async function startMesh(policy: string, env: Record<string, string> = {}): Promise<Bench> {
  const mesh = await Mesh.start({ env: { ...headerMode, ...env } });
  const root = mesh.bundle(bundleOf(policy));
  const state = mesh.state(stateOf({ bands: [{ subject: 'prod/checkout', band: 0 }] }));
  if (!root.accepted || !state.accepted) throw new Error('the filter refused the policy');
  return { mesh, root };
}

function timeDecisions({ mesh, root }: Bench, callers: readonly string[]): Spread {
  let turn = 0;
  const decide = () => {
    const { status } = mesh.status(root, callers[turn++ % callers.length] ?? CHECKOUT);
    if (status !== 200) throw new Error(`answer is ${status}, not 200`);
  };
  return sample(() => {
    const spent = cpuMicroseconds(() => {
      for (let i = 0; i < decisionsPerSample; i++) decide();
    });
    drainAudit(mesh, root);
    return spent / decisionsPerSample;
  });
}

/** Takes the records away, as an agent would: a full ring is another path. */
function drainAudit(mesh: Mesh, root: Root): void {
  mesh.vm.tick(root);
  for (const { token } of [...mesh.vm.httpCalls]) mesh.vm.answerHttpCall(token, { status: 200 });
}

function timeMasking({ mesh, root }: Bench, body: Buffer): Spread {
  return timeBodies(body, () => {
    const stream = mesh.stream(root, CHECKOUT);
    mesh.ask(stream, CHECKOUT);
    stream.responseHeaders(
      [
        [':status', '200'],
        ['content-type', 'application/json'],
      ],
      false,
    );
    stream.responseBody(body, true);
    const masked = Buffer.from(stream.forwardedResponse.body);
    stream.end();
    if (masked.includes(secret)) throw new Error('a secret came through');
    return masked;
  });
}

function timeBodies(body: Buffer, work: () => Buffer): Spread {
  return sample(() => {
    const spent = cpuMicroseconds(() => {
      for (let i = 0; i < bodiesPerSample; i++) work();
    });
    return (body.length * bodiesPerSample) / spent;
  });
}

/** CPU time of this thread: other work on the machine does not count. */
function cpuMicroseconds(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

/** The first samples warm up and do not count. */
function sample(measure: () => number): Spread {
  for (let i = 0; i < warmUpSamples; i++) measure();
  return spreadOf(Array.from({ length: samples }, measure));
}

/** Each rule has a caller and a route of its own. */
function rulesApart(count: number): string {
  return policyText(count, (index) => ({
    service: `caller${index}`,
    resource: `resource${index}`,
  }));
}

/** All rules name the caller and the route of the request; only its last one names its method. */
function rulesTogether(count: number): string {
  return policyText(count, () => ({ service: 'checkout', resource: 'orders' }));
}

function policyText(
  count: number,
  stranger: (index: number) => { service: string; resource: string },
): string {
  const rules = Array.from({ length: count - 1 }, (_, index) => ({
    ...stranger(index),
    methods: 'POST',
  }));
  rules.push({ service: 'checkout', resource: 'orders', methods: 'GET' });
  const lines = rules.map(
    ({ service, resource, methods }, index) =>
      `    - { name: r${index}, effect: allow, audit: always, from: [{ service: ${service} }], ` +
      `to: [{ methods: [${methods}], paths: ["/${resource}/{id}"] }] }`,
  );
  return `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders }
  rules:
${lines.join('\n')}
`;
}

function maskText(values: string): string {
  return `---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: orders-data }
spec:
  destination: { service: orders }
  fields:
    - { path: "$[*].customer.iban", label: PII }
    - { name: ssn, label: PII }
    - { name: phone, label: PII }
${values}
---
apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: orders-masks }
spec:
  destination: { service: orders }
  rules:
    - { labels: [PII], operator: redact }
`;
}

/** An array of orders of at least `size` bytes. */
function orderList(size: number): Buffer {
  const orders: string[] = [];
  for (let length = 0, index = 0; length < size; index++) {
    const order = JSON.stringify({
      id: index,
      placedAt: '2026-03-01T12:00:00Z',
      customer: { name: `Customer ${index}`, iban: secret, phone: '+33 1 23 45 67 89' },
      lines: [
        { sku: `sku-${index}`, text: 'a "quoted" text, with some length to it', price: 12.5 },
        { sku: `sku-${index + 1}`, text: 'another text', price: 3 },
      ],
      card: '4111 1111 1111 1111',
      isPaid: index % 2 === 0,
    });
    orders.push(order);
    length += order.length + 1;
  }
  return Buffer.from(`[${orders.join(',')}]`);
}

function show({ median, min, max }: Spread): string {
  return `${median.toFixed(1)} (${min.toFixed(1)} to ${max.toFixed(1)})`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
