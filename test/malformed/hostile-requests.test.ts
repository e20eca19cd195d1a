/** Requests that no client of good will sends: decided as they should be, without a trap. */
import { beforeEach, describe, expect, test } from 'vitest';

import type { HeaderInput } from '../../host/header-map.ts';
import type { Root } from '../../host/vm.ts';
import { bundleOf, CHECKOUT, digestOf, Mesh, ORDERS, stateOf, statusOf } from '../filter/mesh.ts';

const POLICY = `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: all }
spec:
  destination: { service: orders }
  rules:
    - { name: all, effect: allow, from: [{ service: checkout }] }
    - { name: admin, effect: deny, to: [{ paths: ["/admin/**"] }] }
    - { name: hosts, effect: deny, to: [{ hosts: ["secret.test"] }] }
    - { name: purge, effect: deny, to: [{ methods: [PURGE] }] }
`;
const ALLOWED = { status: 200, code: '' };
const UNREADABLE = { status: 403, code: 'DTA1017' };
const AMBIGUOUS = { status: 403, code: 'DTA1010' };
const HOST_AMBIGUOUS = { status: 403, code: 'DTA1027' };
const DENIED = { status: 403, code: 'DTA1012' };
const MALFORMED = { status: 403, code: 'DTA1006' };

let mesh: Mesh;
let root: Root;
let passed: [string, string][] | undefined;

beforeEach(async () => {
  mesh = await Mesh.start();
  root = mesh.bundle(bundleOf(POLICY));
  mesh.state(stateOf());
});

const hash = Buffer.from(digestOf(CHECKOUT)).toString('hex');
const CERT: HeaderInput[number] = ['x-forwarded-client-cert', `By=${ORDERS};Hash=${hash}`];
const BASE: HeaderInput = [[':method', 'GET'], [':path', '/a'], [':authority', 'orders'], CERT];

function ask(pairs: HeaderInput) {
  const stream = mesh.stream(root, CHECKOUT);
  const outcome = stream.requestHeaders(pairs, true);
  passed = stream.forwardedRequest.headers;
  const result = statusOf(outcome);
  // A refused request reaches nobody.
  expect(passed === undefined).toBe(result.status !== 200);
  stream.end();
  return result;
}

const change = (name: string, value: string | Uint8Array): HeaderInput =>
  BASE.map((pair) => (pair[0] === name ? [name, value] : pair));
const without = (name: string): HeaderInput => BASE.filter((pair) => pair[0] !== name);

describe('header pairs', () => {
  test('by the thousand', () => {
    const many: HeaderInput = Array.from({ length: 5000 }, (_, i) => [
      `x-${i}`,
      'v'.repeat(i % 97),
    ]);
    const pages = mesh.vm.memoryPages;
    for (let round = 0; round < 20; round++) expect(ask([...many, ...BASE])).toEqual(ALLOWED);
    expect(passed).toHaveLength(5004);
    expect(mesh.vm.memoryPages).toBeLessThan(pages + 64);
    expect(ask([...change(':path', '/admin/x'), ...many])).toEqual(DENIED);
  });

  test('with a value of 8 MiB', () => {
    const huge = Buffer.alloc(8 << 20, 'x');
    for (let round = 0; round < 5; round++)
      expect(ask([...BASE, ['x-big', huge]])).toEqual(ALLOWED);
    expect(ask([['x-big', huge], ...change(':path', '/admin')])).toEqual(DENIED);
  });

  test('empty, odd and binary names and values', () => {
    const odd: HeaderInput = [
      ['', ''],
      ['', 'value'],
      ['x', ''],
      ['x\0y', 'a\0b'],
      [Buffer.from([0xff, 0xfe]), Buffer.from([0xc0, 0x80, 0xff])],
      ['content-type', Buffer.from([0xff])],
      ['content-type', 'x'.repeat(70_000)],
      ['content-encoding', ''],
      ['upgrade', '\0'],
    ];
    expect(ask([...BASE, ...odd])).toEqual(ALLOWED);
    expect(ask([...odd, ...BASE])).toEqual(ALLOWED);
    expect(ask([...odd, ...change(':method', 'PURGE')])).toEqual(DENIED);
  });

  test('that are missing or repeated', () => {
    expect(ask([])).toEqual(UNREADABLE);
    expect(ask(without(':method'))).toEqual(UNREADABLE);
    expect(ask(without(':path'))).toEqual(UNREADABLE);
    expect(ask(without(':authority'))).toEqual(ALLOWED);
    for (const pair of BASE) {
      expect(ask([...BASE, pair])).toEqual(UNREADABLE);
      expect(ask([[pair[0], ''], ...BASE])).toEqual(UNREADABLE);
    }
    expect(ask(without('x-forwarded-client-cert'))).toEqual({ status: 403, code: 'DTA1005' });
  });

  test('that claim to be ours', () => {
    const ours: HeaderInput = Array.from({ length: 16 }, (_, i) => [
      `x-dta-${'a'.repeat(i)}`,
      'root',
    ]);
    expect(ask([...ours, ...BASE])).toEqual(ALLOWED);
    expect(passed?.map(([name]) => name)).toEqual(BASE.map(([name]) => name));
    expect(ask([...ours, ['x-dta-more', ''], ...BASE])).toEqual(UNREADABLE);
    const twice: HeaderInput = [
      ['x-dta-a', '1'],
      ['X-DTA-A', '2'],
      ['x-dta', '3'],
      ['x-dtab', '4'],
    ];
    expect(ask([...twice, ...BASE])).toEqual(ALLOWED);
    expect(passed?.map(([name]) => name).slice(0, 2)).toEqual(['x-dta', 'x-dtab']);
  });
});

describe('paths', () => {
  test('of 64 KiB and more', () => {
    const long = '/a'.repeat(32);
    expect(ask(change(':path', `/${'a'.repeat(65_535)}`))).toEqual(ALLOWED);
    expect(ask(change(':path', `${long}${'b'.repeat(65_536)}`))).toEqual(ALLOWED);
    expect(ask(change(':path', `/a?${'/../'.repeat(65_536)}`))).toEqual(ALLOWED);
    expect(ask(change(':path', `/admin/${'a'.repeat(65_536)}`))).toEqual(DENIED);
    expect(ask(change(':path', '/'.repeat(65_536)))).toEqual(AMBIGUOUS);
    expect(ask(change(':path', '/a/..'.repeat(20_000)))).toEqual(AMBIGUOUS);
    expect(ask(change(':path', '%'.repeat(65_536)))).toEqual(AMBIGUOUS);
  });

  test('of more segments than are matched never get past a deny rule', () => {
    expect(ask(change(':path', `/admin${'/a'.repeat(63)}`))).toEqual(DENIED);
    for (const count of [64, 65, 30_000]) {
      expect(ask(change(':path', `/admin${'/a'.repeat(count)}`)).status).toBe(403);
    }
  });

  test.each([
    Buffer.from('/a\0b'),
    Buffer.from('/\0'),
    Buffer.from([0x2f, 0xc0, 0xaf]),
    Buffer.from([0x2f, 0xed, 0xa0, 0x80]),
    Buffer.from([0x2f, 0xf4, 0x90, 0x80, 0x80]),
    Buffer.from([0x2f, 0xe2, 0x82]),
    Buffer.from([0x2f, 0x80]),
    Buffer.from([0x2f, 0xff]),
    Buffer.alloc(0),
  ])('%j', (path) => {
    expect(ask(change(':path', path))).toEqual(AMBIGUOUS);
  });
});

test('methods and hosts of any bytes', () => {
  for (const method of ['', '\0', 'GET\0', 'get', ' GET', 'PURGE ', 'x'.repeat(100_000)]) {
    expect(ask(change(':method', method))).toEqual(ALLOWED);
  }
  expect(ask(change(':method', 'PURGE'))).toEqual(DENIED);
  const twoReadings = [
    ...['', ':', '.', ':80', '.:80', '\0', '..', 'a..b', 'a:', 'a:80:80', '[]', '[::1', '[::1].'],
    ...['x'.repeat(100_000), 'x@secret.test', 'secret.test:x', 'secret.test:+80', 'secret.test:'],
    ...['secret.test ', 'secret.test\0', 'secret.test,a', 'secret.test..', 'secret.test:123456'],
  ];
  for (const host of twoReadings) {
    expect(ask(change(':authority', host)), host.slice(0, 30)).toEqual(HOST_AMBIGUOUS);
  }
  for (const host of ['[::1]:80', '[::ffff:1.2.3.4]', `${'x'.repeat(255)}.:80`, 'SECRET-.test']) {
    expect(ask(change(':authority', host))).toEqual(ALLOWED);
  }
  for (const host of [
    'secret.test',
    'SECRET.test',
    'secret.test.',
    'secret.test:1',
    'Secret.Test.:65536',
  ]) {
    expect(ask(change(':authority', host))).toEqual(DENIED);
  }
});

test.each([
  '',
  'By=',
  `Hash=${hash}`,
  `By=${ORDERS}`,
  `By=${ORDERS};Hash=`,
  `By=${ORDERS};Hash=${hash.slice(1)}`,
  `By=${ORDERS};Hash=${hash}0`,
  `By=${ORDERS};Hash=${hash.replace(/^./, 'g')}`,
  `By=${ORDERS};Hash=${hash},By=${ORDERS};Hash=${hash}`,
  `By=${ORDERS};Hash=${hash};URI=${CHECKOUT}`,
  `By=${ORDERS};Subject="";Hash=${hash}`,
  `by=${ORDERS};hash=${hash}`,
  '\0'.repeat(100_000),
])('a certificate header of another form names nobody: %j', (value) => {
  expect(ask(change('x-forwarded-client-cert', value))).toEqual(MALFORMED);
});

test('subjects that our authority does not write name nobody', () => {
  const subjects = [
    'OU=label.a=1,OU=label.a=2',
    'OU=label.a=',
    'OU=label.=1',
    'OU=label.a',
    'OU=label.a=b\\,c',
    'OU=label.a="b"',
    'OU=label.a=b+OU=label.c=d',
    'OU=label.a=é',
    `O=${'x'.repeat(5000)}`,
    Array.from({ length: 200 }, (_, i) => `OU=label.l${i}=v`).join(','),
  ];
  for (const [i, subject] of subjects.entries()) {
    const uri = CHECKOUT.replace('0b', `${i}`.padStart(2, '0'));
    const result = mesh.status(root, uri, { subject });
    expect(result, subject.slice(0, 60)).toEqual(MALFORMED);
  }
  const uri = CHECKOUT.replace('0b', 'ff');
  expect(mesh.status(root, uri, { subject: ',,O=,OU=label,OU=xlabel.a=,CN=' })).toEqual(ALLOWED);
});

test('callbacks of streams that were never opened, or are over, do nothing', () => {
  const stream = mesh.stream(root, CHECKOUT);
  expect(stream.requestBody('x', true).localResponse).toBeUndefined();
  expect(stream.responseHeaders([[':status', '200']], false).action).toBeDefined();
  stream.responseBody('x', true);
  stream.end();
  expect(ask(BASE)).toEqual(ALLOWED);
});
