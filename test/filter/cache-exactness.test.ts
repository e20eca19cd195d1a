/** A cached decision is never taken for what it does not fit: every test shows first that the cache does decide. */
import { beforeEach, describe, expect, test } from 'vitest';

import { Attribute, Band, RestrictionSide, Verdict } from '../../controller/layout.ts';
import type { ServiceRestriction, StateContent } from '../../controller/risk/encode-state.ts';
import type { Root } from '../../host/vm.ts';
import {
  type AskOptions,
  bundleOf,
  CHECKOUT,
  digestOf,
  id,
  Mesh,
  NOON_MS,
  ORDERS,
  restrictionOf,
  STRANGER,
  stateOf,
} from './mesh.ts';

const POLICY = (rule: string, service = 'orders') => `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: cached }
spec:
  destination: { service: ${service}, environment: prod }
  rules:
    - { name: only, effect: allow, ${rule} }
`;

let mesh: Mesh;
let root: Root;
let epoch: bigint;

/** A new VM with one rule and a plain state. */
async function start(rule: string, env: Record<string, string> = {}): Promise<void> {
  mesh = await Mesh.start({ env: { DTA_IDENTITY: 'header', ...env } });
  root = mesh.bundle(bundleOf(POLICY(rule)));
  epoch = 0n;
  learn();
}

function learn(content: Partial<StateContent> = {}): void {
  epoch += 1n;
  mesh.state(stateOf({ epoch, nowMs: mesh.nowMs, ...content }));
}

function counter(result: string): bigint {
  mesh.vm.tick(root);
  return mesh.vm.metrics.get(`dta_cache_total_result=${result}`) ?? 0n;
}

/** Status of a request, and whether its decision came out of the cache. */
function ask(options: AskOptions = {}, uri = CHECKOUT, at = root) {
  const before = counter('hit');
  const { status, code } = mesh.status(at, uri, options);
  return { status, code, isHit: counter('hit') > before };
}

/** Asks until the cache holds the allow. */
function prime(options: AskOptions = {}): void {
  expect(ask(options).status).toBe(200);
  expect(ask(options)).toEqual({ status: 200, code: '', isHit: true });
}

const cpu = (value: number, maxAgeMs = 60_000) => ({
  signals: [
    {
      subject: 'prod/checkout',
      attribute: Attribute.SourceCpu,
      value,
      observedAtMs: NOON_MS,
      maxAgeMs,
    },
  ],
});

describe('a cached allow does not outlive', () => {
  test('a revocation of the certificate or the instance', async () => {
    await start('from: [{ service: checkout }]');
    for (const revoked of [
      { revokedDigests: [digestOf(CHECKOUT)] },
      { revokedInstances: ['00000000-0000-4000-8000-00000000000b'] },
    ]) {
      prime();
      learn(revoked);
      expect(ask().code).toBe('DTA1008');
      learn();
    }
    prime();
  });

  test.each([
    ['a window', 'within(request.time, "09:00-18:00", "UTC")'],
    ['a date', 'onDate(request.time, "11-22", "Atlantic/South_Georgia")'],
    ['a moment', 'request.time < timestamp("2026-11-22T18:00:00Z")'],
  ])('%s', async (what, when) => {
    await start(`when: '${when}'`);
    const lasts = what === 'a date' ? 14 : 6;
    const edgeMs = NOON_MS + lasts * 3_600_000;
    mesh.nowMs = edgeMs - 60_000;
    learn();
    prime();
    mesh.nowMs = edgeMs - 1;
    expect(ask()).toMatchObject({ status: 200, isHit: true });
    mesh.nowMs = edgeMs;
    expect(ask()).toEqual({ status: 403, code: 'DTA1011', isHit: false });
  });

  test('a signal that changed, grew old or came from a state that is old', async () => {
    await start('when: source.cpu < 0.8');
    learn(cpu(0.1));
    prime();
    learn(cpu(0.9));
    expect(ask()).toMatchObject({ status: 403, isHit: false });
    learn(cpu(0.1));
    prime();
    mesh.nowMs = NOON_MS + 59_999;
    expect(ask()).toMatchObject({ status: 200, isHit: true });
    mesh.nowMs = NOON_MS + 60_000;
    expect(ask()).toMatchObject({ status: 403, isHit: false });
    learn(cpu(0.1, 0));
    prime();
    mesh.nowMs += 15 * 60_000 - 1;
    expect(ask()).toMatchObject({ status: 200, isHit: true });
    mesh.nowMs += 1;
    expect(ask()).toMatchObject({ status: 403, isHit: false });
  });

  test('a changed band', async () => {
    await start('maxRisk: guarded');
    const bands = (band: Band) => ({ bands: [{ subject: 'prod/checkout', band }] });
    learn(bands(Band.Guarded));
    prime();
    learn(bands(Band.High));
    expect(ask()).toEqual({ status: 403, code: 'DTA1013', isHit: false });
    learn(bands(Band.Low));
    prime();
    learn();
    expect(ask().code).toBe('DTA1013');
  });

  test('its bundle, but an older one', async () => {
    await start('from: [{ service: checkout }]');
    mesh.bundle(bundleOf(POLICY('from: [{ service: checkout }]'), { version: 5n }));
    prime();
    mesh.bundle(bundleOf(POLICY('from: [{ service: other }]'), { version: 4n }));
    expect(ask().status).toBe(200);
    mesh.bundle(bundleOf(POLICY('from: [{ service: other }]'), { version: 6n }));
    expect(ask()).toEqual({ status: 403, code: 'DTA1011', isHit: false });
  });

  test('the hard expiry of state and bundle', async () => {
    await start('from: [{ service: checkout }]');
    prime();
    mesh.nowMs += 60 * 60_000;
    expect(ask().code).toBe('DTA1004');
    mesh.nowMs = NOON_MS + 7 * 86_400_000 - 1;
    learn();
    prime();
    mesh.nowMs += 1;
    expect(ask().code).toBe('DTA1003');
  });
});

describe('a restriction holds at once for what is cached', () => {
  const { Source, Destination } = RestrictionSide;
  const mine = (verdict: ServiceRestriction['verdict'], more: Partial<ServiceRestriction> = {}) =>
    restrictionOf('prod/checkout', Source, verdict, more);

  test.each<[string, ServiceRestriction, string]>([
    ['isolated', mine(Verdict.Isolate), 'DTA1025'],
    ['broken', restrictionOf('prod/orders', Destination, Verdict.Break), 'DTA1024'],
    ['read only', mine(Verdict.Degrade, { readOnly: true }), 'DTA1022'],
  ])('%s', async (_, restriction, code) => {
    await start('from: [{ service: checkout }]');
    const write = { method: 'POST' };
    prime(write);
    const untilMs = NOON_MS + 1000;
    learn({ restrictions: [{ ...restriction, untilMs }] });
    expect(ask(write).code).toBe(code);
    mesh.nowMs = untilMs - 1;
    expect(ask(write).code).toBe(code);
    mesh.nowMs = untilMs;
    prime(write);
    learn({ restrictions: [restriction] });
    expect(ask(write).code).toBe(code);
    learn();
    prime(write);
  });

  test('a rate: hits use up tokens', async () => {
    await start('from: [{ service: checkout }]');
    learn({ restrictions: [mine(Verdict.Throttle, { burst: 3 })] });
    expect(ask().status).toBe(200);
    expect(ask()).toMatchObject({ status: 200, isHit: true });
    expect(ask()).toMatchObject({ status: 200, isHit: true });
    expect(ask()).toEqual({ status: 429, code: 'DTA1023', isHit: true });
    mesh.nowMs += 1000;
    expect(ask()).toMatchObject({ status: 200, isHit: true });
    expect(ask().status).toBe(429);
  });
});

describe('a hit is never taken for another', () => {
  const CART = ORDERS.replace('/svc/orders/', '/svc/cart/');
  const other = id('prod', 'payments', 'checkout', '00000000-0000-4000-8000-0000000000bb');
  const header = (...values: string[]): AskOptions => ({
    headers: values.map((value): [string, string] => ['x-tier', value]),
  });

  test.each<[string, string, AskOptions, AskOptions]>([
    ['header value', 'to: [{ headers: { x-tier: gold } }]', header('gold'), header('iron')],
    ['repeated header', 'to: [{ headers: { x-tier: gold } }]', header('gold'), header('gold', 'x')],
    ['absent header', 'to: [{ headers: { x-tier: "*" } }]', header(''), header()],
    [
      'any line of a header',
      `when: 'any(request.headers["x-tier"]) == "gold"'`,
      header('x', 'gold'),
      header('x', 'y'),
    ],
    [
      'parameter',
      'to: [{ parameters: { q: "a*" } }]',
      { path: '/orders/1?q=a%62' },
      { path: '/orders/1?q=%62a' },
    ],
    [
      'repeated parameter',
      'to: [{ parameters: { q: a } }]',
      { path: '/orders/1?q=a&q=a' },
      { path: '/orders/1?q=a&q=b' },
    ],
    ['method', 'to: [{ methods: [GET] }]', {}, { method: 'POST' }],
    ['unknown method', 'to: [{ methods: [PURGE] }]', { method: 'PURGE' }, { method: 'LOCK' }],
    ['method pattern', 'to: [{ methods: ["P*"] }]', { method: 'POST' }, { method: 'GET' }],
    ['host', 'to: [{ hosts: ["*.test"] }]', { authority: 'a.test' }, { authority: 'a.example' }],
    [
      'authority',
      `when: 'request.authority == "a.test:80"'`,
      { authority: 'A.test:80' },
      { authority: 'a.test:81' },
    ],
    ['path', 'to: [{ paths: ["/orders/{id}"] }]', {}, { path: '/orders/1/2' }],
    ['path prefix', 'to: [{ paths: ["/orders/a*"] }]', { path: '/orders/ab' }, {}],
    ['path suffix', 'to: [{ paths: ["*.json"] }]', { path: '/a/b.json' }, { path: '/a/b.jso' }],
  ])('%s', async (_, rule, allowed, refused) => {
    await start(rule);
    prime(allowed);
    expect(ask(refused)).toEqual({ status: 403, code: 'DTA1011', isHit: false });
    expect(ask(allowed)).toMatchObject({ status: 200 });
    expect(ask(refused).status).toBe(403);
  });

  test('identity: service, instance, label', async () => {
    await start('from: [{ notService: ads, notInstance: 00000000-0000-4000-8000-0000000000bb }]');
    prime();
    expect(ask({}, STRANGER)).toMatchObject({ status: 403, isHit: false });
    expect(ask({}, other)).toMatchObject({ status: 403, isHit: false });
    await start('from: [{ labels: { tier: [gold, "s*"] } }]');
    const silver = { subject: 'OU=label.tier=silver' };
    prime(silver);
    expect(ask({ subject: 'OU=label.tier=iron' }, other)).toMatchObject({ status: 403 });
    expect(ask(silver)).toMatchObject({ status: 200, isHit: true });
  });

  test('what no rule tells apart is one entry', async () => {
    await start('to: [{ paths: ["/orders/{id}"], headers: { x-tier: "g*" } }]');
    prime(header('gold'));
    const alike = { ...header('green'), path: '/orders/7?q=1', authority: 'elsewhere' };
    expect(ask(alike)).toEqual({ status: 200, code: '', isHit: true });
  });

  test('two bundles in one VM share nothing', async () => {
    await start('from: [{ service: checkout }]');
    const cart = mesh.bundle(
      bundleOf(POLICY('from: [{ service: ads }]', 'cart'), { service: 'cart' }),
    );
    const asCart = { own: CART };
    prime();
    expect(ask(asCart, CHECKOUT, cart)).toEqual({ status: 403, code: 'DTA1011', isHit: false });
    expect(ask(asCart, STRANGER, cart).status).toBe(200);
    expect(ask(asCart, STRANGER, cart)).toMatchObject({ status: 200, isHit: true });
    expect(ask({}, STRANGER)).toEqual({ status: 403, code: 'DTA1011', isHit: false });
    expect(ask()).toMatchObject({ status: 200, isHit: true });
  });
});

describe('the smallest cache', () => {
  const callers = [...Array(40).keys()].map((i) =>
    id('prod', 't', i % 2 === 0 ? 'even' : 'odd', `00000000-0000-4000-8000-0000000001${10 + i}`),
  );

  beforeEach(() => start('from: [{ service: even }]', { DTA_CACHE_ENTRIES: '1' }));

  test('counts evictions and decides rightly', () => {
    for (let step = 0; step < 2000; step++) {
      const caller = (step * 7) % callers.length;
      const { status } = mesh.status(root, callers[caller] ?? '');
      expect(status).toBe(caller % 2 === 0 ? 200 : 403);
    }
    expect(counter('evicted')).toBeGreaterThan(1000n);
    expect(counter('hit') + counter('miss')).toBe(2000n);
  });
});
