/** Decisions of the compiled filter in the host: what must hold before any rule, then the rules. */
import { beforeEach, describe, expect, test } from 'vitest';

import { decodeAuditBatch } from '../../controller/audit/decode-batch.ts';
import { Attribute, AuditHeader, AuditRecord } from '../../controller/layout.ts';
import type { Root } from '../../host/vm.ts';
import {
  ALLOW_ALL,
  bundleOf,
  CHECKOUT,
  digestOf,
  id,
  Mesh,
  NOON_MS,
  ORDERS,
  policyOf,
  STRANGER,
  stateOf,
  statusOf,
} from './mesh.ts';

const POLICY = `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders, environment: prod }
  rules:
    - name: checkout-reads
      effect: allow
      from: [{ service: checkout, environment: same }]
      to: [{ methods: [GET], paths: ["/orders/{id}", "/orders/{id}/lines/**"] }]
    - name: no-admin
      effect: deny
      to: [{ paths: ["/orders/admin"] }]
    - name: gold-writes
      effect: allow
      from: [{ labels: { tier: gold } }]
      to: [{ methods: [POST], paths: ["/orders"], hosts: ["orders.example", "*.orders.example"] }]
    - name: by-day
      effect: allow
      from: [{ service: reports }]
      when: within(request.time, "09:00-18:00", "UTC") && source.cpu < 0.8
`;

let mesh: Mesh;
let root: Root;

beforeEach(async () => {
  mesh = await Mesh.start();
  root = mesh.bundle(bundleOf(POLICY));
  mesh.state(stateOf());
});

test('an allow rule permits, everything else is denied', () => {
  expect(mesh.status(root, CHECKOUT)).toEqual({ status: 200, code: '' });
  expect(mesh.status(root, CHECKOUT, { path: '/orders/1/lines' }).status).toBe(200);
  expect(mesh.status(root, CHECKOUT, { path: '/orders/1/lines/2/x' }).status).toBe(200);
  expect(mesh.status(root, CHECKOUT, { path: '/orders/1?q=a/../b' }).status).toBe(200);
  expect(mesh.status(root, CHECKOUT, { path: '/orders' }).code).toBe('DTA1011');
  expect(mesh.status(root, CHECKOUT, { path: '/orders/' }).code).toBe('DTA1011');
  expect(mesh.status(root, CHECKOUT, { method: 'POST' }).code).toBe('DTA1011');
  expect(mesh.status(root, CHECKOUT, { method: 'get' }).code).toBe('DTA1011');
  expect(mesh.status(root, STRANGER)).toEqual({ status: 403, code: 'DTA1011' });
});

test('an explicit deny beats every allow', () => {
  expect(mesh.status(root, CHECKOUT, { path: '/orders/admin' })).toEqual({
    status: 403,
    code: 'DTA1012',
  });
});

test('`environment: same` compares with the destination', () => {
  const staging = id('staging', 'payments', 'checkout', '00000000-0000-4000-8000-00000000000d');
  expect(mesh.status(root, staging).code).toBe('DTA1011');
});

test('labels come from the subject, hosts are compared without case and port', () => {
  const gold = {
    method: 'POST',
    path: '/orders',
    subject: 'CN=x,OU=label.tier=gold,O=mesh.example',
  };
  const ask = (authority: string) => mesh.status(root, STRANGER, { ...gold, authority }).status;
  expect(ask('orders.example')).toBe(200);
  expect(ask('ORDERS.example:8443')).toBe(200);
  expect(ask('eu.orders.example.')).toBe(200);
  expect(ask('.orders.example')).toBe(403);
  expect(ask('example')).toBe(403);
});

test('a label of another certificate does not help', () => {
  const silver = id('prod', 'growth', 'ads', '00000000-0000-4000-8000-0000000000aa');
  const ask = {
    method: 'POST',
    path: '/orders',
    authority: 'orders.example',
    subject: 'OU=label.tier=silver',
  };
  expect(mesh.status(root, silver, ask).code).toBe('DTA1011');
});

describe('before any rule', () => {
  test('no certificate, a malformed identity, another trust domain', () => {
    const none = mesh.vm.stream(root);
    const outcome = none.requestHeaders(
      [
        [':method', 'GET'],
        [':path', '/orders/1'],
      ],
      true,
    );
    expect(Buffer.from(outcome.localResponse?.body ?? []).toString()).toContain('DTA1005');
    expect(mesh.status(root, 'spiffe://mesh.example/ns/x/sa/y').code).toBe('DTA1006');
    expect(mesh.status(root, `${CHECKOUT}/more`).code).toBe('DTA1006');
    expect(mesh.status(root, CHECKOUT.replace('mesh.example', 'other.example')).code).toBe(
      'DTA1007',
    );
  });

  test('a proxy that is not the destination denies everything', () => {
    expect(mesh.status(root, CHECKOUT, { own: CHECKOUT }).code).toBe('DTA1009');
    expect(mesh.status(root, CHECKOUT, { own: ORDERS.replace('/prod/', '/test/') }).code).toBe(
      'DTA1009',
    );
  });

  test.each([
    '/orders/../admin',
    '/orders/%2e%2e/x',
    '/orders//1',
    '/orders/..;/admin',
    '/orders/%2Fx',
    '/orders/%5cx',
    '/orders/a\\b',
    '/orders/%00',
    '/orders/%zz',
    '/orders/%4',
    '/orders/%41',
    'orders/1',
    '/orders/.',
    '/orders/1#x',
    '/orders/\u0001',
  ])('a path with two readings is denied: %s', (path) => {
    expect(mesh.status(root, CHECKOUT, { path }).code).toBe('DTA1010');
  });

  test('all spellings of a path are one: none gets past a rule that denies', () => {
    const denied = mesh.bundle(
      bundleOf(
        `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: spellings }
spec:
  destination: { service: orders, environment: prod }
  rules:
    - { name: all, effect: allow }
    - { name: not-these, effect: deny, to: [{ paths: ["/caf%C3%A9", "/a@b/{x}", "/c%21"] }] }
`,
        { version: 9n },
      ),
    );
    for (const path of [
      '/caf%C3%A9',
      '/caf%c3%a9',
      '/café',
      '/caf%C3%a9',
      '/a@b/1',
      '/a%40b/1',
      '/c!',
      '/c%21',
    ]) {
      expect(mesh.status(denied, CHECKOUT, { path }), path).toEqual({
        status: 403,
        code: 'DTA1012',
      });
    }
    for (const path of ['/caf%C3', '/caf%A9', '/caf%ED%A0%80', '/caf%C0%AF', '/x%3b', '/x%25']) {
      expect(mesh.status(denied, CHECKOUT, { path }), path).toEqual({
        status: 403,
        code: 'DTA1010',
      });
    }
    expect(mesh.status(denied, CHECKOUT, { path: '/caf%20%5B' }).status).toBe(200);
  });

  test('a revoked certificate or instance is refused on the next request, also when its allow was cached', () => {
    expect(mesh.status(root, CHECKOUT).status).toBe(200);
    mesh.state(stateOf({ epoch: 2n, revokedDigests: [digestOf(CHECKOUT)] }));
    expect(mesh.status(root, CHECKOUT)).toEqual({ status: 403, code: 'DTA1008' });
    mesh.state(stateOf({ epoch: 3n }));
    expect(mesh.status(root, CHECKOUT).status).toBe(200);
    mesh.state(stateOf({ epoch: 4n, revokedInstances: ['00000000-0000-4000-8000-00000000000b'] }));
    expect(mesh.status(root, CHECKOUT).code).toBe('DTA1008');
  });

  test('an older state changes nothing', () => {
    mesh.state(stateOf({ epoch: 5n, revokedDigests: [digestOf(CHECKOUT)] }));
    expect(mesh.state(stateOf({ epoch: 4n })).accepted).toBe(true);
    expect(mesh.status(root, CHECKOUT).code).toBe('DTA1008');
  });

  test('expiry of state and bundle', () => {
    mesh.nowMs = NOON_MS + 61 * 60_000;
    expect(mesh.status(root, CHECKOUT).code).toBe('DTA1004');
    mesh.state(stateOf({ epoch: 2n, nowMs: NOON_MS + 8 * 86_400_000 }));
    mesh.nowMs = NOON_MS + 8 * 86_400_000;
    expect(mesh.status(root, CHECKOUT).code).toBe('DTA1003');
  });

  test('without a bundle or a state everything is denied', async () => {
    const fresh = await Mesh.start();
    const early = fresh.bundle(bundleOf(POLICY));
    expect(fresh.status(early, CHECKOUT).code).toBe('DTA1002');
    expect(fresh.status(fresh.state(stateOf()), CHECKOUT).code).toBe('DTA1001');
  });

  test('a state of another mesh denies', () => {
    mesh.state(stateOf({ epoch: 9n, mesh: 'other.example' }));
    expect(mesh.status(root, CHECKOUT).code).toBe('DTA1020');
  });

  test('a header that disagrees with the connection poisons the worker', async () => {
    const fresh = await Mesh.start();
    const lied = fresh.bundle(bundleOf(POLICY));
    fresh.state(stateOf());
    const stream = fresh.stream(lied, STRANGER);
    fresh.ask(stream, CHECKOUT);
    stream.end();
    expect(fresh.status(lied, CHECKOUT).code).toBe('DTA1016');
  });
});

describe('a cached allow does not outlive', () => {
  const REPORTS = id('prod', 'data', 'reports', '00000000-0000-4000-8000-0000000000cc');
  const signal = (value: number, observedAtMs: number, maxAgeMs = 60_000) => ({
    signals: [
      {
        subject: 'prod/reports',
        attribute: Attribute.SourceCpu,
        value,
        observedAtMs,
        maxAgeMs,
      },
    ],
  });

  test('a window edge', () => {
    const at = NOON_MS + 5 * 3_600_000 + 55 * 60_000;
    mesh.nowMs = at;
    mesh.state(stateOf({ epoch: 2n, nowMs: at, ...signal(0.1, at, 0) }));
    expect(mesh.status(root, REPORTS, { path: '/x' }).status).toBe(200);
    mesh.nowMs = NOON_MS + 6 * 3_600_000 - 1;
    expect(mesh.status(root, REPORTS, { path: '/x' }).status).toBe(200);
    mesh.nowMs = NOON_MS + 6 * 3_600_000;
    expect(mesh.status(root, REPORTS, { path: '/x' }).status).toBe(403);
  });

  test('a signal that changed or grew old', () => {
    mesh.state(stateOf({ epoch: 2n, ...signal(0.1, NOON_MS) }));
    expect(mesh.status(root, REPORTS, { path: '/x' }).status).toBe(200);
    mesh.state(stateOf({ epoch: 3n, ...signal(0.9, NOON_MS) }));
    expect(mesh.status(root, REPORTS, { path: '/x' }).status).toBe(403);
    mesh.state(stateOf({ epoch: 4n, ...signal(0.1, NOON_MS) }));
    mesh.nowMs = NOON_MS + 59_999;
    expect(mesh.status(root, REPORTS, { path: '/x' }).status).toBe(200);
    mesh.nowMs = NOON_MS + 60_000;
    expect(mesh.status(root, REPORTS, { path: '/x' }).status).toBe(403);
  });

  test('an instance’s own signal, which counts before its service’s until it is too old', () => {
    const uuid = '00000000-0000-4000-8000-0000000000cc';
    const status = () => mesh.status(root, REPORTS, { path: '/x' }).status;
    const learn = (epoch: bigint, own: number, ofService: number) => {
      const service = signal(ofService, NOON_MS, 120_000).signals;
      const instance = service.map((one) => ({
        ...one,
        subject: uuid,
        value: own,
        maxAgeMs: 60_000,
      }));
      mesh.nowMs = NOON_MS;
      mesh.state(stateOf({ epoch, signals: [...service, ...instance] }));
    };
    for (const [epoch, own, ofService, young, old] of [
      [2n, 0.1, 0.9, 200, 403],
      [3n, 0.9, 0.1, 403, 200],
    ] as const) {
      learn(epoch, own, ofService);
      expect(status()).toBe(young);
      mesh.nowMs = NOON_MS + 59_999;
      expect(status()).toBe(young);
      mesh.nowMs = NOON_MS + 60_000;
      expect(status()).toBe(old);
      mesh.nowMs = NOON_MS + 120_000;
      expect(status()).toBe(403);
    }
  });

  test('its bundle', () => {
    expect(mesh.status(root, CHECKOUT).status).toBe(200);
    mesh.bundle(bundleOf(POLICY.replace('service: checkout', 'service: other'), { version: 2n }));
    expect(mesh.status(root, CHECKOUT).status).toBe(403);
  });
});

test('two bundles in one VM never share a decision, and an older version is not used', () => {
  const other = mesh.bundle(bundleOf(POLICY, { service: 'billing' }));
  expect(mesh.status(root, CHECKOUT).status).toBe(200);
  expect(mesh.status(other, CHECKOUT).code).toBe('DTA1009');
  mesh.bundle(bundleOf(POLICY.replace('service: checkout', 'service: other'), { version: 5n }));
  const older = mesh.bundle(bundleOf(POLICY, { version: 4n }));
  expect(older.accepted).toBe(true);
  expect(mesh.status(older, CHECKOUT).code).toBe('DTA1011');
});

let version = 9n;
/** A bundle with these rules, newer than the one before. */
const rules = (...lines: readonly string[]): Root =>
  mesh.bundle(bundleOf(policyOf(...lines), { version: version++ }));

describe('a path that was seen before', () => {
  test('is another one when a byte of it differs, however it is written', () => {
    const made = rules(
      ALLOW_ALL,
      '{ name: d, effect: deny, to: [{ paths: ["/caf%C3%A9/x", "/a@b"] }] }',
    );
    for (let round = 0; round < 3; round++) {
      for (const path of ['/caf%C3%A9/x', '/café/x', '/caf%c3%a9/x?q', '/a@b?/', '/a%40b']) {
        expect(mesh.status(made, CHECKOUT, { path }).code, path).toBe('DTA1012');
      }
      for (const path of ['/caf%C3%A9/y', '/a@c', '/a@', '/a@bb', '/?/a@b']) {
        expect(mesh.status(made, CHECKOUT, { path }).code, path).toBe('');
      }
      for (const path of ['/a@b/../x', '/a%2540b', 'a@b', '?/a@b', '']) {
        expect(mesh.status(made, CHECKOUT, { path }).code, path).toBe('DTA1010');
      }
    }
  });

  test('keeps its meaning while thousands of others come by', () => {
    const named = (kept: (i: number) => boolean) =>
      Array.from({ length: 1500 }, (_, i) => i)
        .filter(kept)
        .map((i) => `"/p${i}"`)
        .join();
    const isAllowed = (i: number) => i % 3 === 0;
    // Each path has a class of its own, which are more than a table has: it starts anew.
    const made = rules(
      `{ name: a, effect: allow, to: [{ paths: [${named(isAllowed)}] }] }`,
      `{ name: d, effect: deny, to: [{ paths: [${named((i) => !isAllowed(i))}] }] }`,
    );
    for (let i = 0; i < 3000; i++) {
      for (const path of [i % 1500, (i + 1000) % 1500]) {
        const { status } = mesh.status(made, CHECKOUT, { path: `/p${path}` });
        expect(status, `/p${path}`).toBe(isAllowed(path) ? 200 : 403);
      }
    }
  });
});

test('what a header says of the peer counts in full, also when it was seen before', () => {
  const digest = Buffer.from(digestOf(CHECKOUT)).toString('hex');
  const ask = (value: string) => {
    const stream = mesh.stream(root, CHECKOUT);
    const outcome = stream.requestHeaders(
      [
        [':method', 'GET'],
        [':path', '/orders/1'],
        ['x-forwarded-client-cert', value],
      ],
      true,
    );
    stream.end();
    return statusOf(outcome).code;
  };
  const other = `${digest.slice(0, -1)}${digest.endsWith('0') ? '1' : '0'}`;
  mesh.state(stateOf({ epoch: 2n, revokedDigests: [Buffer.from(other, 'hex')] }));
  for (let round = 0; round < 2; round++) {
    expect(ask(`By=${ORDERS};Hash=${digest}`)).toBe('');
    expect(ask(`By=${ORDERS};Hash=${other}`)).toBe('DTA1008');
    expect(ask(`By=${ORDERS};Hash=${digest.toUpperCase()}`)).toBe('');
    expect(ask(`By=${STRANGER};Hash=${digest}`)).toBe('DTA1009');
    expect(ask(`By=${ORDERS};Hash=${digest.slice(1)}`)).toBe('DTA1006');
    expect(ask(`By=${ORDERS};Hash=${digest.slice(1)}g`)).toBe('DTA1006');
    expect(ask(`By=${ORDERS};hash=${digest}`)).toBe('DTA1006');
    expect(ask(digest)).toBe('DTA1006');
    expect(ask(`By=${ORDERS};Hash=${digest};URI=${STRANGER}`)).toBe('DTA1006');
  }
});

test('a decision with which shadow rules disagree is recorded, also where one in 16 is', () => {
  const shadow = `${POLICY}---
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: trial }
spec:
  destination: { service: orders, environment: prod }
  mode: shadow
  rules: [{ name: d, effect: deny, to: [{ paths: [/orders/7] }] }]
`;
  const made = mesh.bundle(bundleOf(shadow, { version: 9n }));
  for (const path of ['/orders/7', '/orders/7', '/orders/8', '/orders/7']) {
    expect(mesh.status(made, CHECKOUT, { path }).status).toBe(200);
  }
  mesh.vm.tick(made);
  const [call] = mesh.vm.httpCalls;
  const { records } = decodeAuditBatch(call?.body ?? new Uint8Array());
  expect(records.map(({ path, verdict }) => `${path} ${verdict}`)).toEqual(
    Array(3).fill('/orders/7 Allow'),
  );
  expect(call?.body[AuditHeader.SIZE + AuditRecord.flags]).toBe(2);
});

test('spoofed x-dta headers never reach the application', () => {
  const stream = mesh.stream(root, CHECKOUT);
  mesh.ask(stream, CHECKOUT, {
    headers: [
      ['x-dta-identity', 'root'],
      ['x-dta-labels', 'none'],
      ['x-other', 'stays'],
    ],
  });
  const names = stream.forwardedRequest.headers?.map(([name]) => name);
  expect(names).toContain('x-other');
  expect(names?.filter((name) => name.startsWith('x-dta-'))).toEqual([]);
});

test('gRPC gets status 7', () => {
  const stream = mesh.stream(root, STRANGER);
  const outcome = mesh.ask(stream, STRANGER, {
    method: 'POST',
    headers: [['content-type', 'application/grpc']],
  });
  expect(outcome.localResponse?.grpcStatus).toBe(7);
});

describe('identity by properties', () => {
  const peer = (uri: string, own: string) => {
    const stream = mesh.vm.stream(root, {
      properties: {
        'connection.uri_san_peer_certificate': uri,
        'connection.subject_peer_certificate': 'CN=x',
        'connection.sha256_peer_certificate_digest': Buffer.from(digestOf(uri)).toString('hex'),
        'connection.uri_san_local_certificate': own,
      },
    });
    // What a client says of itself in the header is never read in this mode.
    const forged = `By=${ORDERS};Hash=${Buffer.from(digestOf(CHECKOUT)).toString('hex')}`;
    const outcome = stream.requestHeaders(
      [
        [':method', 'GET'],
        [':path', '/orders/1'],
        ['x-forwarded-client-cert', forged],
      ],
      true,
    );
    stream.end();
    return statusOf(outcome).code;
  };

  beforeEach(async () => {
    mesh = await Mesh.start({ env: {} });
    root = mesh.bundle(bundleOf(POLICY));
    mesh.state(stateOf());
  });

  test('the peer is who its certificate says', () => {
    expect(peer(CHECKOUT, ORDERS)).toBe('');
    expect(peer(STRANGER, ORDERS)).toBe('DTA1011');
    const none = mesh.vm.stream(root).requestHeaders(
      [
        [':method', 'GET'],
        [':path', '/orders/1'],
        ['x-forwarded-client-cert', `By=${ORDERS};Hash=${'ab'.repeat(32)}`],
      ],
      true,
    );
    expect(statusOf(none).code).toBe('DTA1005');
  });

  test('a proxy that is not the destination denies its first request, and every new peer', () => {
    expect(peer(CHECKOUT, CHECKOUT)).toBe('DTA1009');
    expect(peer(CHECKOUT, CHECKOUT)).toBe('DTA1009');
    expect(peer(CHECKOUT, ORDERS)).toBe('');
    expect(peer(STRANGER, CHECKOUT)).toBe('DTA1009');
  });

  test('a listener whose own certificate changes is found out within 64 requests', () => {
    expect(peer(CHECKOUT, ORDERS)).toBe('');
    const codes = Array.from({ length: 70 }, () => peer(CHECKOUT, CHECKOUT));
    expect(codes).toContain('DTA1009');
    expect(codes.slice(codes.indexOf('DTA1009'))).not.toContain('');
  });
});

test('thousands of certificates with a few of very many selectors each are all decided', async () => {
  // A worker once kept room for every selector with each certificate, and had none left for the later ones.
  const tiers = (from: number) => Array.from({ length: 250 }, (_, i) => `t${from + i}`).join();
  const entries = Array.from(
    { length: 240 },
    (_, i) => `{ labels: { tier: [${tiers(i * 250)}] } }`,
  );
  const made = rules(`{ name: a, effect: allow, from: [${entries.join()}] }`);
  for (let i = 0; i < 1200; i++) {
    const uuid = `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
    const caller = id('prod', 'web', 'shop', uuid);
    const subject = `OU=label.tier=t${i * 50}`;
    expect(mesh.status(made, caller, { subject }).code, `certificate ${i}`).toBe('');
  }
});
