/** Roots, environment, metrics, properties, requests of the filter, and what a VM costs over a long life. */
import { beforeAll, expect, test } from 'vitest';

import { VmTrap } from '../../host/abi.ts';
import { Vm, type VmOptions } from '../../host/vm.ts';
import { compileProbe } from './probe.ts';

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await compileProbe('filter', ['--use', 'abort=abortModule']);
});

const configuration = Buffer.from('go');
const start = (options: VmOptions = {}) => {
  const vm = new Vm(module, options);
  return { vm, root: vm.startRoot({ rootId: 'probe', configuration }) };
};
const said = (vm: Vm) => vm.logs.map(({ message }) => message);

test('a root gets environment, random numbers, its id and its configuration', () => {
  const env = { OTHER: 'x', PROBE_MODE: 'loud', PROBE_MODE_2: 'no' };
  const { vm, root } = start({ env, random: (count) => new Uint8Array(count).fill(1) });
  expect(said(vm)).toEqual([
    'create 1 0',
    'environment loud',
    'random 72340172838076673',
    'configure go probe',
  ]);
  expect(root).toMatchObject({ accepted: true, contextId: 1 });
  expect(vm.tickPeriodMs(root)).toBe(250);
});

const environments: Record<string, string>[] = [
  {},
  { PROBE_MODE: '' },
  { PROBE_MOD: 'x' },
  { XPROBE_MODE: 'x' },
];

test.each(environments.map((env) => ({ env })))(
  'an environment of $env has no value for PROBE_MODE',
  ({ env }) => {
    const { vm } = start({ env });
    expect(said(vm)[1]?.trimEnd()).toBe('environment');
  },
);

test('a refused configuration is gone at once and the other roots go on', () => {
  const { vm, root } = start();
  const refused = vm.startRoot({ rootId: 'probe', configuration: Buffer.from('refuse') });
  expect(refused.accepted).toBe(false);
  expect(vm.hasRoot(refused)).toBe(false);
  expect(said(vm).slice(-2)).toEqual([
    `done ${refused.contextId}`,
    `delete ${refused.contextId} 0`,
  ]);
  expect(() => vm.stream(refused)).toThrow(RangeError);
  expect(vm.stream(root).requestHeaders([], true).action).toBe('continue');
});

test('a stream keeps its root until it ends', () => {
  const { vm, root } = start();
  const stream = vm.stream(root);
  stream.requestHeaders([], false);
  const next = vm.startRoot({ rootId: 'probe', configuration: Buffer.from('next') });
  vm.deleteRoot(root);
  expect(vm.hasRoot(root)).toBe(true);
  stream.requestBody('x', true);
  stream.end();
  expect(vm.hasRoot(root)).toBe(false);
  expect(said(vm).at(-1)).toBe(`delete ${root.contextId} 0`);
  expect(vm.hasRoot(next)).toBe(true);
});

test('properties are found by NUL-joined and by dotted paths, on the stream', () => {
  const { vm, root } = start();
  const peer = 'spiffe://mesh.example/x';
  for (const path of [
    'connection.uri_san_peer_certificate',
    'connection\0uri_san_peer_certificate',
  ]) {
    vm.logs.length = 0;
    vm.stream(root, { properties: { [path]: peer } }).requestHeaders([], true);
    expect(said(vm)).toContain(`property ${peer}`);
  }
  vm.logs.length = 0;
  vm.stream(root).requestHeaders([], true);
  expect(said(vm).join()).not.toContain('property');
});

test('metrics are shared between VMs by name', () => {
  const metrics = new Map<string, bigint>();
  for (const { vm, root } of [start({ metrics }), start({ metrics })]) {
    vm.stream(root).requestHeaders([], true);
    vm.stream(root).requestHeaders([], true);
  }
  expect(metrics).toEqual(new Map([['probe_requests', 4n]]));
});

test('the filter’s requests are answered, failed, or refused for an unknown cluster', () => {
  const { vm, root } = start({ now: () => 1234n });
  vm.tick(root);
  expect(said(vm).at(-1)).toBe('tick 1234');
  const [call] = vm.httpCalls;
  expect(call).toMatchObject({ cluster: 'dta-agent', timeoutMs: 1000 });
  expect(call?.headers).toContainEqual([':path', '/v1/audit']);
  expect(Buffer.from(call?.body ?? '').toString()).toBe('yes');
  const token = call?.token ?? 0;
  vm.answerHttpCall(token, { status: 200, body: 'taken' });
  expect(said(vm).at(-1)).toBe(`http answer ${token} 200 taken`);
  expect(() => vm.answerHttpCall(token, { status: 200 })).toThrow(RangeError);
  vm.tick(root);
  vm.failHttpCall(vm.httpCalls[0]?.token ?? 0);
  expect(said(vm).at(-1)).toBe(`http answer ${token + 1} `);
  const lonely = start({ clusters: ['other'] });
  lonely.vm.tick(lonely.root);
  expect(lonely.vm.httpCalls).toEqual([]);
});

test('a configuration larger than the memory may grow reads as no bytes and traps nothing', () => {
  const { vm, root } = start();
  const huge = vm.startRoot({ rootId: 'probe', configuration: Buffer.alloc(257 * 1024 * 1024) });
  expect(huge.accepted).toBe(true);
  expect(said(vm).at(-1)).toBe('configure  probe');
  expect(vm.stream(root).requestHeaders([], true).action).toBe('continue');
});

test('a trap is an error of its own, and a broken invariant says in the log where', () => {
  const { vm } = start();
  const trap = () => vm.startRoot({ rootId: 'probe', configuration: Buffer.from('trap') });
  expect(trap).toThrow(VmTrap);
  expect(vm.logs.at(-1)).toMatchObject({ level: 5 });
  expect(said(vm).at(-1)).toMatch(
    /^test\/kernels\/host-abi\/filter\.ts:\d+:\d+: broken invariant$/,
  );
});

test('100,000 streams with bodies leave the memory of the VM flat', () => {
  const { vm, root } = start({ env: { PROBE_MODE: 'quiet' } });
  const chunk = Buffer.alloc(2000, 'x');
  let flat = 0;
  for (let at = 0; at < 100_000; at++) {
    const stream = vm.stream(root);
    stream.requestHeaders(
      [
        [':path', '/'],
        ['x-plan', 'sBccc-c-w'],
      ],
      false,
    );
    stream.requestBody(chunk, false);
    stream.requestBody(chunk, true);
    stream.responseHeaders([[':status', '200']], true);
    stream.end();
    if (at === 10_000) flat = vm.memoryPages;
  }
  expect(vm.memoryPages).toBe(flat);
  expect(vm.streamCount).toBe(0);
});
