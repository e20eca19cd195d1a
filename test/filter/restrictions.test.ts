/** Restrictions in the state, through the compiled filter: what each verdict takes, for how long, and what it leaves. */
import { createHash } from 'node:crypto';

import { beforeEach, describe, expect, test } from 'vitest';

import { decodeAuditBatch } from '../../controller/audit/decode-batch.ts';
import { Direction, RestrictionSide, Verdict } from '../../controller/layout.ts';
import type { ServiceRestriction } from '../../controller/risk/encode-state.ts';
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

const POLICY = `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders }
  rules:
    - { name: checkout, effect: allow, audit: always, from: [{ service: checkout }], clearance: [PII] }
    - { name: cart, effect: allow, audit: always, from: [{ service: cart }] }
---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: data }
spec: { destination: { service: orders }, fields: [{ name: ssn, label: PII }] }
---
apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: masks }
spec: { destination: { service: orders }, rules: [{ labels: [PII], operator: redact, bodies: [response] }] }
`;

const { Source, Destination } = RestrictionSide;
const { Degrade, Throttle, Break, Isolate } = Verdict;
const TWIN = id('prod', 'payments', 'checkout', '00000000-0000-4000-8000-00000000001b');
const CART = id('prod', 'shop', 'cart', '00000000-0000-4000-8000-0000000000ca');
const JSON_TYPE: [string, string] = ['content-type', 'application/json'];

let mesh: Mesh;
let root: Root;
let epoch: bigint;

beforeEach(async () => {
  mesh = await Mesh.start();
  root = mesh.bundle(bundleOf(POLICY));
  epoch = 1n;
  restrict();
});

/** Puts these restrictions in the place of all before. */
function restrict(...restrictions: ServiceRestriction[]): void {
  epoch += 1n;
  mesh.state(stateOf({ epoch, nowMs: mesh.nowMs, restrictions }));
}

const onCheckout = (verdict: ServiceRestriction['verdict'], more?: Partial<ServiceRestriction>) =>
  restrictionOf('prod/checkout', Source, verdict, more);
const onOrders = (verdict: ServiceRestriction['verdict'], more?: Partial<ServiceRestriction>) =>
  restrictionOf('prod/orders', Destination, verdict, more);
const code = (uri = CHECKOUT, options: AskOptions = {}) => mesh.status(root, uri, options).code;

/** The whole answer to a request. */
function answer(uri = CHECKOUT, options: AskOptions = {}) {
  const stream = mesh.stream(root, uri);
  const { localResponse } = mesh.ask(stream, uri, options);
  stream.end();
  const body = Buffer.from(localResponse?.body ?? []).toString();
  const headers = new Map(localResponse?.headers);
  return {
    status: localResponse?.status ?? 200,
    grpcStatus: headers.get('grpc-status'),
    message: headers.get('grpc-message'),
    contentType: headers.get('content-type'),
    retryAfter: headers.get('retry-after'),
    body,
  };
}

function records() {
  mesh.vm.tick(root);
  const [call] = mesh.vm.httpCalls;
  if (!call) return [];
  mesh.vm.answerHttpCall(call.token, { status: 200 });
  return decodeAuditBatch(call.body).records;
}

describe('every verdict', () => {
  const readOnly = { readOnly: true };
  const throttle = { ratePerSecond: 1, burst: 1, retryAfterSeconds: 7 };
  test.each([
    ['Isolate', Isolate, {}, 403, 'DTA1025', 'Forbidden', undefined, '7'],
    ['Break', Break, { retryAfterSeconds: 90 }, 503, 'DTA1024', 'Service Unavailable', '90', '14'],
    ['Throttle', Throttle, throttle, 429, 'DTA1023', 'Too Many Requests', '7', '8'],
    ['Degrade', Degrade, readOnly, 403, 'DTA1022', 'Forbidden', undefined, '7'],
  ])(
    '%s answers with its status, title and wait, in HTTP and in gRPC, on either side',
    (_, verdict, more, status, reason, title, retryAfter, grpcStatus) => {
      for (const restriction of [onCheckout(verdict, more), onOrders(verdict, more)]) {
        mesh.nowMs += 60_000;
        restrict(restriction);
        if (verdict === Throttle) expect(code()).toBe('');
        const came = answer(CHECKOUT, { method: 'POST' });
        expect(came).toMatchObject({ status, retryAfter, contentType: 'application/problem+json' });
        expect(JSON.parse(came.body)).toMatchObject({ title, status, code: reason });
        const headers: [string, string][] = [['content-type', 'application/grpc']];
        const grpc = answer(CHECKOUT, { method: 'POST', headers });
        expect(grpc).toMatchObject({ grpcStatus, retryAfter });
        expect(grpc.message).toMatch(new RegExp(`^denied ${reason} [0-9a-f]{16}-[0-9a-f]{16}$`));
      }
    },
  );

  test('touches its subject and its side only', () => {
    restrict(
      onCheckout(Isolate),
      restrictionOf('prod/orders', Source, Isolate),
      restrictionOf('prod/cart', Destination, Isolate),
      restrictionOf('prod/checkou', Source, Isolate),
      restrictionOf('prod/checkout2', Source, Isolate),
      restrictionOf('staging/orders', Destination, Break),
    );
    expect(code(CHECKOUT)).toBe('DTA1025');
    expect(code(TWIN)).toBe('DTA1025');
    expect(code(CART)).toBe('');
  });

  test('ends when it is released', () => {
    for (const verdict of [Isolate, Break]) {
      restrict(onOrders(verdict));
      expect(code()).not.toBe('');
      restrict();
      expect(code()).toBe('');
    }
  });

  test('ends at its time, to the millisecond', () => {
    for (const verdict of [Isolate, Break, Degrade]) {
      const untilMs = mesh.nowMs + 1_000;
      restrict(onOrders(verdict, { untilMs, ...(verdict === Degrade && readOnly) }));
      mesh.nowMs = untilMs - 1;
      expect(code(CHECKOUT, { method: 'PUT' })).not.toBe('');
      mesh.nowMs = untilMs;
      expect(code(CHECKOUT, { method: 'PUT' })).toBe('');
    }
  });

  test('is counted', () => {
    restrict(onOrders(Break));
    code();
    code(STRANGER);
    mesh.vm.tick(root);
    expect(mesh.vm.metrics.get('dta_decisions_total_effect=deny')).toBe(2n);
    expect(mesh.vm.metrics.get('dta_decisions_total_effect=restricted')).toBe(1n);
  });
});

describe('the order of reasons', () => {
  test('revoked, isolated, path, rules, broken, read-only, rate', () => {
    const all = [
      onOrders(Isolate),
      onOrders(Break),
      onOrders(Degrade, { readOnly: true }),
      onOrders(Throttle, { ratePerSecond: 1e-9 }),
    ];
    const restrictWith = (...restrictions: ServiceRestriction[]) => {
      epoch += 1n;
      const revokedDigests = [digestOf(TWIN)];
      mesh.state(stateOf({ epoch, revokedDigests, restrictions }));
    };
    restrictWith(...all);
    expect(code(TWIN)).toBe('DTA1008');
    expect(code(CHECKOUT, { path: '/a//b' })).toBe('DTA1025');
    restrictWith(...all.slice(1));
    expect(code(CHECKOUT, { path: '/a//b' })).toBe('DTA1010');
    expect(code(STRANGER)).toBe('DTA1011');
    expect(code(CHECKOUT, { method: 'PUT' })).toBe('DTA1024');
    restrictWith(...all.slice(2));
    expect(code(CHECKOUT, { method: 'PUT' })).toBe('DTA1022');
    expect(code()).toBe('');
    expect(code(CHECKOUT, { method: 'PUT' })).toBe('DTA1022');
    expect(code()).toBe('DTA1023');
  });

  test('effects add up: the least rate, the longest wait', () => {
    restrict(
      onOrders(Throttle, { ratePerSecond: 10, burst: 9, retryAfterSeconds: 40 }),
      onCheckout(Throttle, { ratePerSecond: 2, burst: 5, retryAfterSeconds: 3 }),
      onCheckout(Throttle, { ratePerSecond: 2, burst: 2, retryAfterSeconds: 3 }),
      onCheckout(Throttle, { ratePerSecond: 1, untilMs: NOON_MS }),
    );
    expect([code(), code(), code()]).toEqual(['', '', 'DTA1023']);
    expect(answer().retryAfter).toBe('40');
    mesh.nowMs += 500;
    expect([code(), code()]).toEqual(['', 'DTA1023']);
  });
});

describe('Throttle', () => {
  /** Requests of `uri` that pass one after another at this moment, of at most 50. */
  const passing = (uri = CHECKOUT) => {
    for (let i = 0; i < 50; i++) if (code(uri) !== '') return i;
    return 50;
  };

  test('lets a burst through, then its rate, and no more than a burst after a pause', () => {
    restrict(onOrders(Throttle, { ratePerSecond: 4, burst: 6 }));
    expect(passing()).toBe(6);
    mesh.nowMs += 249;
    expect(passing()).toBe(0);
    mesh.nowMs += 1;
    expect(passing()).toBe(1);
    mesh.nowMs += 1_000;
    expect(passing()).toBe(4);
    mesh.nowMs += 3_600_000 - 2_000;
    restrict(onOrders(Throttle, { ratePerSecond: 4, burst: 6 }));
    expect(passing()).toBe(6);
  });

  test('gives every caller a bucket of its own, through states and bundles', () => {
    const slow = onOrders(Throttle, { ratePerSecond: 1, burst: 2 });
    restrict(slow);
    expect(passing(CHECKOUT)).toBe(2);
    expect(passing(TWIN)).toBe(2);
    restrict(slow);
    mesh.bundle(bundleOf(POLICY, { version: 2n }));
    expect([passing(CHECKOUT), passing(TWIN), passing(CART)]).toEqual([0, 0, 2]);
  });

  test('takes no token for what the rules refuse', () => {
    restrict(restrictionOf('prod/orders', Destination, Throttle, { burst: 3 }));
    for (let i = 0; i < 9; i++) code(CHECKOUT, { path: '/a//b' });
    expect(passing()).toBe(3);
  });

  test('is shared among the workers', async () => {
    const env = { DTA_IDENTITY: 'header', DTA_WORKERS: '4' };
    mesh = await Mesh.start({ env });
    root = mesh.bundle(bundleOf(POLICY));
    restrict(onOrders(Throttle, { ratePerSecond: 4, burst: 2 }));
    expect(passing()).toBe(2);
    mesh.nowMs += 999;
    expect(passing()).toBe(0);
    mesh.nowMs += 1;
    expect(passing()).toBe(1);
  });

  test.each(['0', 'x', ''])('takes DTA_WORKERS=%j for one', async (workers) => {
    mesh = await Mesh.start({ env: { DTA_IDENTITY: 'header', DTA_WORKERS: workers } });
    root = mesh.bundle(bundleOf(POLICY));
    restrict(onOrders(Throttle, { ratePerSecond: 2, burst: 1 }));
    expect(passing()).toBe(1);
    mesh.nowMs += 500;
    expect(passing()).toBe(1);
  });

  test('survives a clock that goes back: nothing is added, nobody is locked out', () => {
    restrict(onOrders(Throttle, { ratePerSecond: 1, burst: 3 }));
    expect(passing()).toBe(3);
    mesh.nowMs -= 600_000;
    expect(passing()).toBe(0);
    mesh.nowMs += 1_000;
    expect(passing()).toBe(1);
    for (let i = 0; i < 5; i++) {
      mesh.nowMs -= 30_000;
      expect(passing()).toBe(0);
    }
    mesh.nowMs += 3_000;
    expect(passing()).toBe(3);
  });

  test('gives a burst, and no more, for a clock that jumps ahead', () => {
    restrict(onOrders(Throttle, { ratePerSecond: 1, burst: 3 }));
    expect(passing()).toBe(3);
    mesh.nowMs += 3_000_000;
    expect(passing()).toBe(3);
  });

  test('holds with a rate as small as a number can be', () => {
    restrict(onOrders(Throttle, { ratePerSecond: Number.MIN_VALUE, burst: 2 }));
    expect(passing()).toBe(2);
    mesh.nowMs += 600_000;
    expect(passing()).toBe(0);
  });

  test('cannot be escaped by taking turns with more identities than the table holds', () => {
    restrict(onOrders(Throttle, { ratePerSecond: 1e-6, burst: 3 }));
    const crowd = Array.from({ length: 12_000 }, (_, i) =>
      id('prod', 'payments', 'checkout', uuidOf(i)),
    );
    let passed = 0;
    for (const uri of crowd) passed += passing(uri);
    // 8,192 buckets of 3; each further caller would have had 3 of its own.
    expect(passed).toBeGreaterThan(15_000);
    expect(passed).toBeLessThanOrEqual(8_192 * 3);
    let again = 0;
    for (const uri of crowd) again += passing(uri);
    expect(again).toBeLessThanOrEqual(8_192 * 3 - passed);
  });

  test('counts calls to each destination by themselves on the outbound side', () => {
    const outbound = (service: string) => {
      const policy = POLICY.replaceAll('orders', service);
      return mesh.bundle(bundleOf(policy, { service, direction: Direction.Outbound }));
    };
    const [orders, stock] = [outbound('orders'), outbound('stock')];
    epoch += 1n;
    const restrictions = [onCheckout(Throttle, { ratePerSecond: 1, burst: 2 })];
    mesh.state(stateOf({ epoch, self: CHECKOUT, restrictions }));
    const ask = (to: Root) => mesh.status(to, CHECKOUT).status;
    expect([ask(orders), ask(orders), ask(orders), ask(stock)]).toEqual([200, 200, 429, 200]);
  });
});

/** A UUID as random as the controller's. */
function uuidOf(i: number): string {
  const hex = createHash('sha256').update(String(i)).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

describe('Degrade', () => {
  test('leaves reading, without upgrades', () => {
    restrict(onCheckout(Degrade, { readOnly: true }));
    for (const method of ['GET', 'HEAD', 'OPTIONS']) expect(code(CHECKOUT, { method })).toBe('');
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'CONNECT', 'get', 'PURGE']) {
      expect(code(CHECKOUT, { method })).toBe('DTA1022');
    }
    const headers: [string, string][] = [
      ['upgrade', 'websocket'],
      ['connection', 'upgrade'],
    ];
    expect(code(CHECKOUT, { headers })).toBe('DTA1022');
  });

  test('takes the clearance of one caller, and gives it back', () => {
    const body = '{"ssn":"1"}';
    const read = (uri: string) => {
      const stream = mesh.stream(root, uri);
      mesh.ask(stream, uri);
      stream.responseHeaders([[':status', '200'], JSON_TYPE], false);
      stream.responseBody(body, true);
      stream.end();
      return Buffer.from(stream.forwardedResponse.body).toString();
    };
    expect(read(CHECKOUT)).toBe(body);
    restrict(onCheckout(Degrade, { noClearance: true }));
    // Twice: the second decision comes from the cache, where the clearance still stands.
    expect(read(CHECKOUT)).toBe('{"ssn":"***"}');
    expect(read(CHECKOUT)).toBe('{"ssn":"***"}');
    const taken = records();
    expect(taken.map(({ verdict, clearance }) => [verdict, clearance])).toEqual([
      ['Allow', 1n],
      ['Degrade', 0n],
      ['Degrade', 0n],
    ]);
    expect(taken.map(({ maskedResponse }) => maskedResponse)).toEqual([0, 1, 1]);
    restrict();
    expect(read(CHECKOUT)).toBe(body);
  });

  test('does not let through what it cannot mask', () => {
    const headers: [string, string][] = [
      ['upgrade', 'websocket'],
      ['connection', 'upgrade'],
    ];
    expect(code(CHECKOUT, { headers })).toBe('');
    restrict(onCheckout(Degrade, { noClearance: true }));
    expect(code(CHECKOUT, { headers })).toBe('DTA1019');
  });

  test('caps the rate, and says when the next token comes', () => {
    restrict(onCheckout(Degrade, { ratePerSecond: 0.1, burst: 1 }));
    expect(code()).toBe('');
    expect(answer()).toMatchObject({ status: 429, retryAfter: '10' });
    mesh.nowMs += 9_500;
    expect(answer()).toMatchObject({ status: 429, retryAfter: '1' });
    mesh.nowMs += 500;
    expect(code()).toBe('');
  });
});

describe('the cache', () => {
  test('an allow from before does not outlive a restriction, nor a refusal its end', () => {
    for (let i = 0; i < 3; i++) expect(code()).toBe('');
    restrict(onOrders(Break, { untilMs: NOON_MS + 50 }));
    for (let i = 0; i < 3; i++) expect(code()).toBe('DTA1024');
    mesh.nowMs += 50;
    for (let i = 0; i < 3; i++) expect(code()).toBe('');
  });
});

describe('records', () => {
  test('carry the verdict, of what passed too', () => {
    restrict(onOrders(Isolate));
    code();
    restrict(onOrders(Break));
    code();
    restrict(onOrders(Throttle));
    code();
    code();
    restrict(onOrders(Degrade, { readOnly: true }));
    code();
    code(CHECKOUT, { method: 'PUT' });
    code(STRANGER);
    restrict();
    code();
    mesh.stream(root, CHECKOUT);
    const written = records().map(({ verdict, reason }) => [verdict, reason]);
    expect(written).toEqual([
      ['Isolate', 'Isolated'],
      ['Break', 'CircuitOpen'],
      ['Throttle', 'Permitted'],
      ['Throttle', 'RateLimited'],
      ['Degrade', 'Permitted'],
      ['Degrade', 'ReadOnly'],
      ['Deny', 'NoRulePermits'],
      ['Allow', 'Permitted'],
    ]);
  });

  test('of a request that came to no rule say nothing of the one before', () => {
    restrict(onOrders(Break));
    code();
    mesh.nowMs += 2 * 3_600_000;
    code();
    expect(records().map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['Break', 'CircuitOpen'],
      ['Deny', 'StateExpired'],
    ]);
  });
});

describe('streams that run', () => {
  function open(uri: string, to = root) {
    const stream = mesh.stream(to, uri);
    mesh.ask(stream, uri, { end: false });
    return stream;
  }
  const isCut = (stream: ReturnType<typeof open>) => stream.outcome().reset === true;

  test('are cut when their source is isolated; others go on', () => {
    const [doomed, twin, other] = [open(CHECKOUT), open(TWIN), open(CART)];
    restrict(onCheckout(Break), restrictionOf('prod/checkout', Destination, Isolate));
    mesh.vm.tick(root);
    expect([doomed, twin, other].map(isCut)).toEqual([false, false, false]);
    records();
    restrict(onCheckout(Isolate));
    mesh.vm.tick(root);
    expect([doomed, twin, other].map(isCut)).toEqual([true, true, false]);
    mesh.vm.tick(root);
    for (const stream of [doomed, twin, other]) stream.end();
    const cuts = records();
    expect(cuts).toHaveLength(2);
    for (const cut of cuts) {
      expect(cut).toMatchObject({ verdict: 'Isolate', reason: 'Isolated', cutByRevocation: false });
      expect([1n, 2n]).toContain(cut.decision);
    }
    expect(mesh.vm.metrics.get('dta_streams_total_result=cut')).toBe(2n);
  });

  test('are all cut when their destination is isolated, those to others not', () => {
    const elsewhere = mesh.bundle(
      bundleOf(POLICY.replaceAll('orders', 'stock'), {
        service: 'stock',
        direction: Direction.Outbound,
      }),
    );
    epoch += 1n;
    mesh.state(stateOf({ epoch, self: CHECKOUT }));
    const streams = [open(CHECKOUT), open(CART), open(CHECKOUT, elsewhere)];
    epoch += 1n;
    mesh.state(stateOf({ epoch, self: CHECKOUT, restrictions: [onOrders(Isolate)] }));
    mesh.vm.tick(root);
    expect(streams.map(isCut)).toEqual([true, true, false]);
    for (const stream of streams) stream.end();
  });

  test('of a revoked source are cut as revoked, whatever else holds', () => {
    const doomed = open(CHECKOUT);
    records();
    epoch += 1n;
    const revokedDigests = [digestOf(CHECKOUT)];
    mesh.state(stateOf({ epoch, revokedDigests, restrictions: [onCheckout(Isolate)] }));
    mesh.vm.tick(root);
    expect(isCut(doomed)).toBe(true);
    doomed.end();
    mesh.vm.tick(root);
    expect(records()).toMatchObject([
      { verdict: 'Deny', reason: 'Revoked', cutByRevocation: true },
    ]);
  });

  test('are not cut by an isolation that is over', () => {
    const stream = open(CHECKOUT);
    restrict(onCheckout(Isolate, { untilMs: mesh.nowMs }));
    mesh.vm.tick(root);
    expect(isCut(stream)).toBe(false);
    stream.end();
  });

  test('are cut in their thousands over a few ticks', () => {
    const streams = Array.from({ length: 2_500 }, () => open(CHECKOUT));
    restrict(onOrders(Isolate));
    for (let i = 0; i < 3; i++) mesh.vm.tick(root);
    expect(streams.every(isCut)).toBe(true);
    for (const stream of streams) stream.end();
  });

  test('of an isolated proxy are cut on its outbound side', () => {
    const policy = bundleOf(POLICY, { direction: Direction.Outbound });
    root = mesh.bundle(policy);
    epoch += 1n;
    mesh.state(stateOf({ epoch, self: CHECKOUT }));
    const stream = open(CHECKOUT);
    epoch += 1n;
    mesh.state(stateOf({ epoch, self: CHECKOUT, restrictions: [onCheckout(Isolate)] }));
    mesh.vm.tick(root);
    expect(isCut(stream)).toBe(true);
    stream.end();
    expect(code(ORDERS)).toBe('DTA1025');
  });
});
