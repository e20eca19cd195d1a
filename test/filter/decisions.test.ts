/** Decisions of the compiled filter in the host: what must hold before any rule, then the rules. */
import { beforeEach, describe, expect, test } from 'vitest';

import { decodeAuditBatch } from '../../controller/audit/decode-batch.ts';
import { Attribute, AuditHeader, AuditRecord } from '../../controller/layout.ts';
import type { Root } from '../../host/vm.ts';
import {
  bundleOf,
  CHECKOUT,
  digestOf,
  id,
  Mesh,
  NOON_MS,
  ORDERS,
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
/** A bundle with one policy for `orders` and these rules, newer than the one before. */
const rules = (...lines: readonly string[]): Root => {
  const text = lines.map((line) => `    - ${line}`).join('\n');
  const head = POLICY.slice(0, POLICY.indexOf('    - name: checkout-reads'));
  return mesh.bundle(bundleOf(`${head}${text}\n`, { version: version++ }));
};
const ALL = '{ name: all, effect: allow }';

describe('values of a request', () => {
  const ask = (on: Root, headers: [string, string][] = [], path = '/x') =>
    mesh.status(on, CHECKOUT, { headers, path }).status;

  test('an allow needs every line of a header, a deny one', () => {
    const allowed = rules(
      '{ name: a, effect: allow, to: [{ headers: { X-Tenant: [acme, "eu-*", "*.test"] } }] }',
    );
    for (const value of ['acme', 'eu-', 'eu-1', '.test', 'a.test', ' acme\t']) {
      expect(ask(allowed, [['x-tenant', value]]), value).toBe(200);
    }
    for (const value of ['', 'acm', 'acmee', 'Acme', 'eu', 'test']) {
      expect(ask(allowed, [['x-tenant', value]]), value).toBe(403);
    }
    expect(ask(allowed)).toBe(403);
    // Each text has to match all lines: that two texts share them is not enough.
    expect(
      ask(allowed, [
        ['x-tenant', 'acme'],
        ['x-tenant', 'acme'],
      ]),
    ).toBe(200);
    expect(
      ask(allowed, [
        ['x-tenant', 'acme'],
        ['x-tenant', 'evil'],
      ]),
    ).toBe(403);
    const denied = rules(
      ALL,
      '{ name: d, effect: deny, to: [{ headers: { x-tenant: [evil, "bad-*"] } }] }',
    );
    expect(ask(denied)).toBe(200);
    expect(ask(denied, [['x-tenant', 'acme']])).toBe(200);
    expect(
      ask(denied, [
        ['x-tenant', 'acme'],
        ['x-tenant', 'evil'],
      ]),
    ).toBe(403);
    expect(
      ask(denied, [
        ['x-tenant', 'bad-1'],
        ['x-tenant', 'acme'],
      ]),
    ).toBe(403);
  });

  test('presence is two-valued, an empty value is one', () => {
    const here = rules('{ name: a, effect: allow, to: [{ headers: { x-trace: "*" } }] }');
    expect(ask(here)).toBe(403);
    expect(ask(here, [['x-trace', '']])).toBe(200);
    const away = rules('{ name: a, effect: allow, to: [{ notHeaders: { x-trace: "*" } }] }');
    expect(ask(away)).toBe(200);
    expect(ask(away, [['x-trace', '']])).toBe(403);
  });

  test('any line of a header is enough for any()', () => {
    const lines = (...values: string[]) => values.map((value): [string, string] => ['x-a', value]);
    const asks = (when: string) => rules(`{ name: a, effect: allow, when: '${when}' }`);
    const one = asks('any(request.headers["x-a"]) in ["1", "2"]');
    expect(ask(one, [['x-b', '1'], ...lines('', ' 2 ', '3')])).toBe(200);
    expect(ask(one, lines('1', '2'))).toBe(200);
    expect(ask(one, lines('3', '1,2'))).toBe(403);
    expect(ask(one)).toBe(403);
    const none = asks('!(any(request.headers["x-a"]) == "1")');
    expect(ask(none, lines('2', '3'))).toBe(200);
    expect(ask(none, lines('2', '1'))).toBe(403);
    expect(ask(none)).toBe(403);
    const ends = asks('any(request.headers["x-a"]).endsWith("z")');
    expect(ask(ends, lines('az', 'b'))).toBe(200);
    expect(ask(ends, lines('za', 'b'))).toBe(403);
  });

  test('a line is a list: joined as repeated lines it gets the same answer', () => {
    const lines = (...values: string[]) => values.map((value): [string, string] => ['x-a', value]);
    const allowed = rules('{ name: a, effect: allow, to: [{ headers: { x-a: [good, "ok-*"] } }] }');
    for (const value of ['good', 'good,good', ' good\t, good ', 'ok-1,ok-2', 'ok-1 ,\tok-']) {
      expect(ask(allowed, lines(value)), value).toBe(200);
    }
    expect(ask(allowed, lines('good', 'good,good'))).toBe(200);
    for (const value of ['good,evil', 'evil,good', 'good,', ',good', 'good,,good', 'go,od', ',']) {
      expect(ask(allowed, lines(value)), value).toBe(403);
    }
    expect(ask(allowed, lines('good', 'good,evil'))).toBe(403);
    const denied = rules(ALL, '{ name: d, effect: deny, to: [{ headers: { x-a: evil } }] }');
    for (const value of ['ok,evil', 'evil,ok', 'ok, evil ', `${'ok,'.repeat(100)}evil`]) {
      expect(ask(denied, lines(value)), value).toBe(403);
    }
    for (const value of ['ok,', 'ev,il', 'evil x', '']) {
      expect(ask(denied, lines(value)), value).toBe(200);
    }
    const empty = rules(ALL, `{ name: d, effect: deny, when: 'request.headers["x-a"] == ""' }`);
    expect(ask(empty, lines('a,b'))).toBe(200);
    for (const value of ['a,', ',a', 'a, ,b', ',']) expect(ask(empty, lines(value))).toBe(403);
  });

  test('lines that any() compares are not split', () => {
    const lines = (...values: string[]) => values.map((value): [string, string] => ['x-a', value]);
    const whole = rules(
      `{ name: a, effect: allow, when: 'any(request.headers["x-a"]) == "1, 2"' }`,
    );
    expect(ask(whole, lines('3', ' 1, 2 '))).toBe(200);
    expect(ask(whole, lines('1', '2'))).toBe(403);
    expect(ask(whole, lines('1,2'))).toBe(403);
  });

  test('a request has at most 256 values that are read', () => {
    const both = '{ headers: { x-a: ok }, parameters: { q: ok } }';
    const read = rules(`{ name: a, effect: allow, to: [${both}] }`);
    const code = (on: Root, headers: [string, string][], path = '/x?q=ok') =>
      mesh.status(on, CHECKOUT, { headers, path }).code;
    const list = (count: number) => Array(count).fill('ok').join(',');
    expect(code(read, [['x-a', list(255)]])).toBe('');
    expect(code(read, [['x-a', list(256)]])).toBe('DTA1026');
    expect(
      code(read, [
        ['x-a', list(200)],
        ['x-a', list(56)],
      ]),
    ).toBe('DTA1026');
    expect(
      code(read, [
        ['x-a', 'ok'],
        ['x-b', list(1000)],
      ]),
    ).toBe('');
    const query = (count: number) => `/x?${Array(count).fill('q=ok').join('&')}`;
    expect(code(read, [['x-a', 'ok']], query(255))).toBe('');
    expect(code(read, [['x-a', 'ok']], query(256))).toBe('DTA1026');
    const whole = rules(`{ name: a, effect: allow, when: 'any(request.headers["x-a"]) == "ok"' }`);
    const many = (count: number) => Array(count).fill(['x-a', 'ok']) as [string, string][];
    expect(code(whole, many(256))).toBe('');
    expect(code(whole, many(257))).toBe('DTA1026');
    expect(
      code(whole, [
        ['x-a', 'ok'],
        ['x-a', list(1000)],
      ]),
    ).toBe('');
  });

  test('parameters are decoded, a broken escape is denied', () => {
    const allowed = rules(
      '{ name: a, effect: allow, to: [{ parameters: { "a b": ["x=y", "é*"] } }] }',
    );
    for (const query of [
      'a+b=x=y',
      'a%20b=x%3Dy',
      '&&z&a+b=x%3dy&',
      'a+b=%C3%A9t',
      'a+b=x=y#&a+b=z',
    ]) {
      expect(ask(allowed, [], `/x?${query}`), query).toBe(200);
    }
    for (const query of ['', 'a+b', 'a b%20=x=y', 'a+b=X=y', 'a+b=x=y&a+b=z']) {
      expect(ask(allowed, [], `/x?${query}`), query).toBe(403);
    }
    for (const query of ['a+b=x=y&c=%', '%4', 'a=%4x', '%zz=1&a+b=x=y']) {
      const path = `/x?${query}`;
      expect(mesh.status(allowed, CHECKOUT, { path }).code, query).toBe('DTA1026');
    }
    expect(ask(rules(ALL), [], '/x?%zz')).toBe(200);
  });

  test('more matches than have room are denied', () => {
    const texts = '["1111", "1*", "11*", "111*", "1111*"]';
    const many = rules(ALL, `{ name: d, effect: deny, to: [{ parameters: { a: ${texts} } }] }`);
    const path = (count: number) => `/x?${Array(count).fill('a=1111').join('&')}`;
    expect(mesh.status(many, CHECKOUT, { path: path(204) }).code).toBe('DTA1012');
    expect(mesh.status(many, CHECKOUT, { path: path(205) }).code).toBe('DTA1026');
  });

  test('a query of more pieces than are read, or with a semicolon, is denied where parameters count', () => {
    const read = rules(ALL, '{ name: d, effect: deny, to: [{ parameters: { a: "1" } }] }');
    const code = (on: Root, query: string) =>
      mesh.status(on, CHECKOUT, { path: `/x?${query}` }).code;
    const pieces = (count: number) => Array(count).fill('b').join('&&');
    expect(code(read, `&${pieces(1024)}&`)).toBe('');
    expect(code(read, `${pieces(1023)}&a=1`)).toBe('DTA1012');
    expect(code(read, pieces(1025))).toBe('DTA1026');
    expect(code(read, `${pieces(1024)}&a=1`)).toBe('DTA1026');
    const semicolons = [';', 'b=1;a=1', 'a=1;', ';a=1', `${'b'.repeat(100)}=;`];
    for (const query of semicolons) expect(code(read, query), query).toBe('DTA1026');
    for (const query of ['b=%3B', 'b%3ba=1', 'b#;']) expect(code(read, query), query).toBe('');
    expect(code(read, 'a=1#;')).toBe('DTA1012');
    const blind = rules(ALL, '{ name: d, effect: deny, to: [{ headers: { a: "1" } }] }');
    for (const query of [...semicolons, pieces(1025)]) expect(code(blind, query)).toBe('');
  });

  test('methods without a bit and authorities are told apart', () => {
    const made = rules(
      '{ name: a, effect: allow, to: [{ methods: [PURGE, "X-*"], paths: [/x] }] }',
      `{ name: b, effect: allow, to: [{ methods: [GET] }], when: 'request.authority == "orders:80"' }`,
    );
    const status = (method: string, authority = 'orders') =>
      mesh.status(made, CHECKOUT, { method, authority, path: '/x' }).status;
    for (let round = 0; round < 2; round++) {
      expect(['PURGE', 'X-', 'X-ANY'].map((method) => status(method))).toEqual([200, 200, 200]);
      expect(['PURGED', 'LINK', 'x-any', 'GET'].map((method) => status(method))).toEqual([
        403, 403, 403, 403,
      ]);
      expect(status('GET', 'ORDERS:80')).toBe(200);
      expect(status('GET', 'orders:81')).toBe(403);
    }
  });

  test('classes that start anew leave nothing behind', () => {
    const texts = Array.from({ length: 12 }, (_, i) => `"*${String.fromCharCode(97 + i)}"`);
    const made = rules(
      '{ name: a, effect: allow, to: [{ headers: { x-a: [yes] } }] }',
      `{ name: b, effect: allow, to: [{ headers: { x-b: [${texts.join()}], x-never: never } }] }`,
    );
    // One header line for each set of letters: more classes than a table has.
    for (let set = 1; set < 2000; set++) {
      const lines: [string, string][] = texts.flatMap((_, i) =>
        (set >> i) & 1 ? [['x-b', String.fromCharCode(97 + i)]] : [],
      );
      expect(ask(made, lines)).toBe(403);
      if (set % 97 === 0) expect(ask(made, [['x-a', 'yes'], ...lines])).toBe(200);
    }
    expect(ask(made, [['x-a', 'yes']])).toBe(200);
    expect(ask(made, [['x-a', 'no']])).toBe(403);
  });
});

test('a decision counts for its own class only, also where few entries hold them all', async () => {
  const env = { DTA_IDENTITY: 'header', DTA_CACHE_ENTRIES: '16' };
  mesh = await Mesh.start({ env });
  const values = Array.from({ length: 64 }, (_, i) => `v${i}`);
  const allowed = values.filter((_, i) => i % 2 === 0);
  const made = rules(
    `{ name: a, effect: allow, to: [{ headers: { x-a: [${allowed.join()}] } }] }`,
    `{ name: b, effect: deny, to: [{ headers: { x-a: [${values.join()}], x-b: never } }] }`,
  );
  mesh.state(stateOf());
  for (let round = 0; round < 3; round++) {
    for (const value of values) {
      const headers: [string, string][] = [['x-a', value]];
      const { status } = mesh.status(made, CHECKOUT, { headers });
      expect(status, value).toBe(allowed.includes(value) ? 200 : 403);
    }
  }
});

describe('conditions on what a request is', () => {
  test('paths: prefixes, suffixes, templates, negations', () => {
    const made = rules(
      '{ name: a, effect: allow, to: [{ paths: ["/a/*", "/b/{id}/li*", "*.json", "/c/d*"] }] }',
      '{ name: b, effect: allow, to: [{ paths: ["/n/**"], notPaths: ["/n/{id}/secret", "*/key"] }] }',
    );
    const status = (path: string) => mesh.status(made, CHECKOUT, { path }).status;
    for (let round = 0; round < 2; round++) {
      for (const path of [
        '/a/',
        '/a/x/y',
        '/b/1/li',
        '/b/1/lines/2',
        '/x/y.json',
        '/.json',
        '/c/d',
        '/n',
        '/n/x/secret/y',
      ])
        expect(status(path), path).toBe(200);
      for (const path of [
        '/a',
        '/ab',
        '/b/1/l',
        '/b//lines',
        '/x.jso',
        '/c/',
        '/n/x/secret',
        '/n/a/key',
        '/n/key',
        '/',
      ])
        expect(status(path), path).toBe(403);
    }
  });

  test('hosts, one after the other', () => {
    const made = rules('{ name: a, effect: allow, to: [{ hosts: ["a.test", "*.b.test"] }] }');
    const ask = (authority: string) => mesh.status(made, CHECKOUT, { authority }).status;
    for (let round = 0; round < 2; round++) {
      expect(['a.test', 'b.test', 'A.test', 'x.b.test', 'x.c.test'].map(ask)).toEqual([
        200, 403, 200, 200, 403,
      ]);
    }
  });

  test('an authority with two readings is denied where a rule reads the host', () => {
    const made = rules(ALL, '{ name: d, effect: deny, to: [{ hosts: ["admin.example"] }] }');
    const code = (on: Root, authority: string) => mesh.status(on, CHECKOUT, { authority }).code;
    const label = 'a'.repeat(50);
    // No host was seen yet.
    expect(code(made, '')).toBe('DTA1027');
    const long = `${`${label}.`.repeat(4)}${label}.`;
    const answers: Record<string, string[]> = {
      DTA1012: ['admin.example', 'ADMIN.example.', 'admin.example:80', 'Admin.Example.:65536'],
      DTA1027: [
        ...['admin.example..', 'admin.example.:80.', 'admin.example:', 'admin.example:+80'],
        ...['admin.example:80:80', 'admin.example:800000', 'x@admin.example', '.admin.example'],
        ...['admin..example', '', '.', ':80', '[]', '[::1', '[::1].', '[::1]x', '[::g]', 'a b'],
        ...['admin.example,b', 'admin.example/', 'é.example', `${long}a`],
      ],
      '': ['[::1]:80', '[::1]', '[::FFFF:1.2.3.4]:443', 'a_b-c.x', '-', long, `${long}:12345`],
    };
    // Each behind each other one: the authority that was seen last must not answer for another.
    const asked = Object.entries(answers).flatMap(([answer, all]) =>
      all.map((authority) => [authority, answer] as const),
    );
    for (const [before, first] of asked) {
      for (const [authority, answer] of asked) {
        expect(code(made, before), before).toBe(first);
        expect(code(made, authority), `${authority} after ${before}`).toBe(answer);
      }
    }
    const blind = rules(ALL);
    for (const [authority] of asked) expect(code(blind, authority)).toBe('');
    const asks = rules(ALL, `{ name: d, effect: deny, when: 'request.host == "admin.example"' }`);
    expect(code(asks, 'x@admin.example')).toBe('DTA1027');
    // A path that cannot be read is said first, then the host, then the query.
    const all = rules(
      ALL,
      '{ name: d, effect: deny, to: [{ hosts: ["a.example"], parameters: { q: "1" } }] }',
    );
    const [path, authority] = ['/x?%', 'a@b'];
    expect(mesh.status(all, CHECKOUT, { path: '/a//x', authority }).code).toBe('DTA1010');
    expect(mesh.status(all, CHECKOUT, { path, authority }).code).toBe('DTA1027');
    expect(mesh.status(all, CHECKOUT, { path }).code).toBe('DTA1026');
  });

  test('without an authority no host matches', () => {
    const made = rules(ALL, '{ name: d, effect: deny, to: [{ notHosts: ["a.example"] }] }');
    const digest = Buffer.from(digestOf(CHECKOUT)).toString('hex');
    const stream = mesh.stream(made, CHECKOUT);
    const outcome = stream.requestHeaders(
      [
        [':method', 'GET'],
        [':path', '/x'],
        ['x-forwarded-client-cert', `By=${ORDERS};Hash=${digest}`],
      ],
      true,
    );
    expect(mesh.status(made, CHECKOUT, { authority: 'a.example' }).code).toBe('');
    expect(statusOf(outcome).code).toBe('DTA1012');
  });

  test('the identity and the host, also where a rule is about anybody', () => {
    const made = rules(
      `{ name: a, effect: allow, when: 'source.team.endsWith("ments") && source.labels.tier != "low" && request.host.endsWith(".test")' }`,
      `{ name: b, effect: allow, when: 'has(source.labels.boss) && !(source.environment == destination.environment)' }`,
    );
    const status = (subject: string, authority: string, uri = CHECKOUT) =>
      mesh.status(made, uri, { subject, authority }).status;
    expect(status('CN=x', 'a.test')).toBe(200);
    expect(status('OU=label.tier=low', 'a.test')).toBe(200);
    expect(status('CN=x', 'test')).toBe(403);
    expect(status('CN=x', 'a.test', STRANGER)).toBe(403);
    const low = id('prod', 'payments', 'low', '00000000-0000-4000-8000-00000000001d');
    expect(status('OU=label.tier=low', 'a.test', low)).toBe(403);
    const staging = id('staging', 'x', 'boss', '00000000-0000-4000-8000-00000000002d');
    expect(status('OU=label.boss=1', 'x', staging)).toBe(200);
  });

  test('a route that is unknown counts for a deny, not for an allow', () => {
    const made = rules(
      ALL,
      '{ name: d, effect: deny, to: [{ paths: [/x], notHeaders: { x-a: ok } }] }',
    );
    const status = (...values: string[]) => {
      const headers = values.map((value): [string, string] => ['x-a', value]);
      return mesh.status(made, CHECKOUT, { path: '/x', headers }).status;
    };
    expect(status('ok')).toBe(200);
    expect(status('ok', 'ok')).toBe(200);
    expect(status()).toBe(403);
    expect(status('bad')).toBe(403);
    expect(status('ok', 'bad')).toBe(403);
  });
});

describe('a path that was seen before', () => {
  test('is another one when a byte of it differs, however it is written', () => {
    const made = rules(ALL, '{ name: d, effect: deny, to: [{ paths: ["/caf%C3%A9/x", "/a@b"] }] }');
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
