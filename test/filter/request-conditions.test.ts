/** Decisions by what a request brings: values of headers, parameters, method and authority, hosts, paths, labels and times. */
import { beforeEach, describe, expect, test } from 'vitest';

import type { Root } from '../../host/vm.ts';
import {
  ALLOW_ALL,
  bundleOf,
  CHECKOUT,
  digestOf,
  id,
  Mesh,
  ORDERS,
  policyOf,
  STRANGER,
  stateOf,
  statusOf,
} from './mesh.ts';

let mesh: Mesh;

beforeEach(async () => {
  mesh = await Mesh.start();
  mesh.state(stateOf());
});

let version = 9n;
/** A bundle with these rules, newer than the one before. */
const rules = (...lines: readonly string[]): Root =>
  mesh.bundle(bundleOf(policyOf(...lines), { version: version++ }));

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
      ALLOW_ALL,
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
    const denied = rules(ALLOW_ALL, '{ name: d, effect: deny, to: [{ headers: { x-a: evil } }] }');
    for (const value of ['ok,evil', 'evil,ok', 'ok, evil ', `${'ok,'.repeat(100)}evil`]) {
      expect(ask(denied, lines(value)), value).toBe(403);
    }
    for (const value of ['ok,', 'ev,il', 'evil x', '']) {
      expect(ask(denied, lines(value)), value).toBe(200);
    }
    const empty = rules(
      ALLOW_ALL,
      `{ name: d, effect: deny, when: 'request.headers["x-a"] == ""' }`,
    );
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
    expect(ask(rules(ALLOW_ALL), [], '/x?%zz')).toBe(200);
  });

  test('more matches than have room are denied', () => {
    const texts = '["1111", "1*", "11*", "111*", "1111*"]';
    const many = rules(
      ALLOW_ALL,
      `{ name: d, effect: deny, to: [{ parameters: { a: ${texts} } }] }`,
    );
    const path = (count: number) => `/x?${Array(count).fill('a=1111').join('&')}`;
    expect(mesh.status(many, CHECKOUT, { path: path(204) }).code).toBe('DTA1012');
    expect(mesh.status(many, CHECKOUT, { path: path(205) }).code).toBe('DTA1026');
  });

  test('a query of more pieces than are read, or with a semicolon, is denied where parameters count', () => {
    const read = rules(ALLOW_ALL, '{ name: d, effect: deny, to: [{ parameters: { a: "1" } }] }');
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
    const blind = rules(ALLOW_ALL, '{ name: d, effect: deny, to: [{ headers: { a: "1" } }] }');
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
    const made = rules(ALLOW_ALL, '{ name: d, effect: deny, to: [{ hosts: ["admin.example"] }] }');
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
    const blind = rules(ALLOW_ALL);
    for (const [authority] of asked) expect(code(blind, authority)).toBe('');
    const asks = rules(
      ALLOW_ALL,
      `{ name: d, effect: deny, when: 'request.host == "admin.example"' }`,
    );
    expect(code(asks, 'x@admin.example')).toBe('DTA1027');
    // A path that cannot be read is said first, then the host, then the query.
    const all = rules(
      ALLOW_ALL,
      '{ name: d, effect: deny, to: [{ hosts: ["a.example"], parameters: { q: "1" } }] }',
    );
    const [path, authority] = ['/x?%', 'a@b'];
    expect(mesh.status(all, CHECKOUT, { path: '/a//x', authority }).code).toBe('DTA1010');
    expect(mesh.status(all, CHECKOUT, { path, authority }).code).toBe('DTA1027');
    expect(mesh.status(all, CHECKOUT, { path }).code).toBe('DTA1026');
  });

  test('without an authority no host matches', () => {
    const made = rules(ALLOW_ALL, '{ name: d, effect: deny, to: [{ notHosts: ["a.example"] }] }');
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
      ALLOW_ALL,
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
