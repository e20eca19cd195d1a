/** `dta mask try`: what comes out of one body, and why. */
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { dtaInProcess } from './in-process.ts';
import { inProject } from './run.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'dta-mask-try-'));
  writeFileSync(join(cwd, 'orders.yaml'), policies);
});
afterAll(() => rm(cwd, { recursive: true }));

const policies = `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders, environment: prod }
  rules:
    - { name: shop, effect: allow, from: [{ team: shop }] }
    - { name: audit, effect: allow, from: [{ team: audit }], clearance: [PCI] }
---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: data }
spec:
  destination: { service: orders }
  fields: [{ path: "$.a[*].iban", label: PII }, { name: ssn, label: PII }, { name: pin, label: Gone }]
  values: [{ detector: card, label: PCI }, { detector: email, label: PII }]
  headers: [{ name: x-mail, label: PII }]
  cookies: [{ name: sid, label: PII }]
  parameters: [{ name: iban, label: PII }]
  pathParameters: [{ path: "/customers/{iban}/**", parameter: iban, label: PII }]
---
apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: masks }
spec:
  destination: { service: orders }
  routes:
    - { paths: [/raw/**], unreadable: pass-unmasked }
    - { paths: [/blank/**], unreadable: redact-body }
  rules:
    - { labels: [PCI], operator: keep-last, keep: 4 }
    - { labels: [PII], operator: redact }
    - { labels: [PCI], operator: drop, band: high, bodies: [response] }
    - { labels: [Gone], operator: drop }
`;

const caller = [
  '--destination',
  'orders@prod',
  '--source',
  'service=web,team=shop,environment=prod',
];
const body =
  '{"a":[{"iban":"DE1","n":1}],"ssn":7,"card":4111111111111111,"note":"4111 1111 1111 1111 of a@example.com"}';

function tryOn(text: string | Uint8Array, ...args: string[]) {
  const file = join(cwd, 'body.json');
  writeFileSync(file, text);
  const band = args.includes('--band') ? [] : ['--band', 'low'];
  return dtaInProcess([
    'mask',
    'try',
    join(cwd, 'orders.yaml'),
    ...caller,
    ...band,
    '--body',
    file,
    ...args,
  ]);
}

describe('a body', () => {
  test.each([[], ['--chunk', '1'], ['--direction', 'outbound'], ['--direction', 'response']])(
    'goes to standard output, and why to standard error: %s %s',
    async (...args) => {
      const { exit, stdout, stderr } = await tryOn(body, ...args);
      expect({ exit, stdout }).toEqual({
        exit: 0,
        stdout:
          '{"a":[{"iban":"***","n":1}],"ssn":"***","card":"************1111","note":"**** **** **** 1111 of ***"}',
      });
      const lines = stderr.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '));
      expect(lines[0]).toBe('passed: 4 values masked; found PCI, PII; cleared for nothing');
      expect(lines).toContain(
        ' | $.a[0].iban | "***" | redact | masks/rules[1] | PII by field $.a[*].iban',
      );
      expect(lines).toContain(' | $.ssn | "***" | redact | masks/rules[1] | PII by name ssn');
      expect(lines).toContain(
        ' | $.card | "************1111" | keep-last 4 | masks/rules[0] | PCI by detector card',
      );
      expect(lines).toContain(
        ' | $.note | "**** **** **** 1111 of ***" | keep-last 4, redact | masks/rules[0], masks/rules[1] | PCI by detector card, PII by detector email',
      );
      expect(lines).toContain(' | a body that cannot be read: deny');
      expect(stderr).not.toMatch(/DE1|example|4111/);
    },
  );

  test('in a band and for a side with a stronger rule', async () => {
    const args = ['--direction', 'response', '--band', 'high'];
    const { stdout, stderr } = await tryOn('{"card":4111111111111111,"x":1}', ...args);
    expect(stdout).toBe('{"card":null,"x":1}');
    expect(stderr).toMatch(/\$\.card +null +drop +masks\/rules\[2\] +PCI by detector card/);
  });

  test('without a field, of which only the rule that took it is told', async () => {
    const { stdout, stderr } = await tryOn('{"x":1,"pin":"77","ssn":1}');
    expect(stdout).toBe('{"x":1,"ssn":"***"}');
    expect(stderr).toMatch(/\$\.pin +gone +drop +masks\/rules\[3\] +Gone by name pin\n/);
  });

  test('is shown as it was only when that is asked for', async () => {
    expect((await tryOn(body, '--explain')).stdout).not.toMatch(/DE1/);
    const { stdout, stderr } = await tryOn(body, '--explain', '--show-clear');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/\$\.a\[0\]\.iban +"DE1" +"\*\*\*"/);
  });

  test('passes who is cleared for some of it, and says so', async () => {
    const { stdout, stderr } = await tryOn(
      '{"card":4111111111111111,"ssn":1}',
      '--source',
      'service=ledger,team=audit,environment=prod',
    );
    expect(stdout).toBe('{"card":4111111111111111,"ssn":"***"}');
    expect(stderr).toMatch(/cleared for PCI\n/);
    expect(stderr).not.toMatch(/\$\.card/);
  });

  test.each([
    ['text/csv', 'ssn,b\n1,x\n2,y\n', 'ssn,b\n***,x\n***,y\n', 'row 2 ssn'],
    [
      'application/x-ndjson',
      '{"b":1}\n{"ssn":1}\n',
      '{"b":1}\n{"ssn":"***"}\n',
      'document 2 $.ssn',
    ],
    ['application/x-www-form-urlencoded', 's%73n=1&b=2', 's%73n=***&b=2', 'field ssn'],
    ['application/xml', '<a n="1"><ssn>7</ssn></a>', '<a n="1"><ssn>***</ssn></a>', '/a/ssn'],
    ['text/plain', 'x\nmail a@example.com', 'x\nmail ***', 'line 2'],
  ])('of type %s', async (type, text, expected, place) => {
    const { stdout, stderr } = await tryOn(text, '--content-type', type);
    expect(stdout).toBe(expected);
    expect(stderr).toContain(`  ${place} `);
  });
});

describe('beside the body', () => {
  const places = [
    ...['--url', '/customers/DE1/x?iban=DE2&v=1', '-H', 'x-mail: m1', '-H', 'cookie: sid=c1; a=2'],
    ...['--body', 'none', '--explain'],
  ];

  test('headers, cookies, parameters and segments of the path are masked and told', async () => {
    const { stdout } = await tryOn('', ...places);
    for (const [place, entry] of [
      ['header x-mail', 'header x-mail'],
      ['cookie sid', 'cookie sid (exact)'],
      ['parameter iban', 'parameter iban (exact)'],
      ['path segment 2', 'segment 2 of /customers/{iban}/**'],
    ] as const) {
      const line = stdout.split('\n').find((one) => one.startsWith(`  ${place} `));
      expect(line, place).toContain(`PII by ${entry}`);
      expect(line, place).toContain('masks/rules[1]');
    }
    expect(stdout).toMatch(/header x-dta-labels: added, PII/);
    expect(stdout).not.toMatch(/DE1|DE2|m1|c1/);
  });

  test('-i prints what goes on', async () => {
    const { stdout } = await tryOn('{"ssn":1}', '-X', 'POST', '--url', '/o?iban=DE2', '-i');
    expect(stdout).toMatch(/^:method: POST\n:path: \/o\?iban=\*\*\*\n/);
    expect(stdout).toMatch(/\n\n\{"ssn":"\*\*\*"\}$/);
    expect(stdout).not.toMatch(/x-forwarded-client-cert/);
  });

  test('headers of responses, with what the filter takes away', async () => {
    const { stdout } = await tryOn(
      '{"ssn":1}',
      ...['--direction', 'response', '--status', '201', '-i', '--response-header', 'X-Mail: m1'],
      ...['--response-header', 'etag: "x"', '--response-header', 'content-length: 9'],
    );
    expect(stdout).toMatch(/^:status: 201\n/);
    expect(stdout).toMatch(/x-mail: \*\*\*\n/);
    expect(stdout).not.toMatch(/etag|content-length/);
  });
});

describe('what is refused says why and where', () => {
  test.each([
    ['{"a":1,\n "b": nope }', [], 'at byte 16, line 2, column 8'],
    ['{"a":[1', [], 'at its end: it is not finished'],
    ['{}', ['--content-type', 'application/json; charset=utf-7'], 'as its headers say'],
    ['{"card":"4111"}', ['-H', 'content-encoding: gzip'], 'as its headers say'],
  ])('%s %s', async (text, args, where) => {
    const { exit, stdout, stderr } = await tryOn(text, ...args);
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: '' });
    expect(stderr).toMatch(/^refused with 403: .* \(DTA1014 BodyUnreadable\)\n/);
    expect(stderr).toContain(`cannot be read ${where}`);
    expect((await tryOn(text, ...args, '--exit-code')).exit).toBe(4);
  });

  test('after some of it went on the stream is reset', async () => {
    const { stdout, stderr } = await tryOn('{"x":1,"ssn":2,]', '--chunk', '4');
    expect(stderr).toMatch(/^reset after some of it went on: .*DTA1014/);
    expect(stderr).toMatch(/cannot be read at byte 16, line 1, column 16/);
    expect(stdout).not.toMatch(/2/);
  });

  test('what is declared for a route happens, and is told for bodies that can be read as well', async () => {
    const raw = await tryOn('{"ssn":', '--url', '/raw/1', '--direction', 'response');
    expect(raw.stdout).toBe('{"ssn":');
    expect(raw.stderr).toMatch(/not finished; it went on unmasked\n {2}.*: pass-unmasked/);
    const blank = await tryOn('{"ssn":', '--url', '/blank/1', '--direction', 'response');
    expect(blank.stdout).not.toMatch(/ssn/);
    expect(blank.stderr).toMatch(/went on redacted\n {2}.*: redact-body/);
    expect((await tryOn('{}', '--url', '/raw/1')).stderr).toMatch(/: pass-unmasked/);
  });

  test('of gRPC that no descriptors tell apart, with the status of gRPC', async () => {
    const type = [
      '--content-type',
      'application/grpc',
      '-X',
      'POST',
      '--url',
      '/shop.Orders/Place',
    ];
    const { stdout, stderr } = await tryOn(Buffer.from('00000000020801', 'hex'), ...type);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^refused with grpc-status \d+: .*\(DTA1014 BodyUnreadable\)\n/);
  });

  test('a caller that no rule permits', async () => {
    const { stderr } = await tryOn('{}', '--source', 'service=x,team=other,environment=prod');
    expect(stderr).toMatch(/^refused with 403: .*\(DTA1011 NoRulePermits\)\n$/);
  });
});

test('as JSON', async () => {
  const { stdout } = await tryOn('{"ssn":1}', '-o', 'json');
  expect(JSON.parse(stdout)).toMatchObject({
    verdict: 'Allow',
    body: '{"ssn":"***"}',
    labels: ['PII'],
    clearance: [],
    masked: 1,
    action: 'deny',
    values: [
      {
        place: '$.ssn',
        after: '"***"',
        labels: ['PII'],
        entries: [{ label: 'PII', entry: 'name ssn', policy: 'data' }],
        rules: [{ name: 'masks/rules[1]', operator: 'redact', line: 32 }],
      },
    ],
  });
  expect(stdout).not.toMatch(/"before"/);
  const clear = JSON.parse((await tryOn('{"ssn":1}', '-o', 'json', '--show-clear')).stdout);
  expect(clear.values[0].before).toBe('1');
  const binary = await tryOn(Buffer.from('ff', 'hex'), '-o', 'json', '--url', '/raw/1');
  expect(JSON.parse(binary.stdout).bodyBase64).toBe('/w==');
});

test('the body comes from standard input', async () => {
  const child = spawn(
    inProject('dta'),
    ['mask', 'try', join(cwd, 'orders.yaml'), ...caller, '--band', 'low'],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  child.stdin.end('{"ssn":1}');
  let out = '';
  for await (const chunk of child.stdout) out += String(chunk);
  expect(out).toBe('{"ssn":"***"}');
});

test.each([
  [['--body', '/nowhere'], 5, /`\/nowhere` cannot be read/],
  [['--status', '99'], 2, /a status from 100 to 599/],
  [['--chunk', '0'], 2, /a number of bytes from 1/],
  [['--response-header', 'x'], 2, /expected 'name: value'/],
  [['--direction', 'up'], 2, /Allowed choices are request, response, outbound/],
  [['--destination', 'other@prod'], 2, /no policy is for `other@prod`/],
])('%s is refused', async (args, exit, message) => {
  const outcome = await tryOn('{}', ...args);
  expect(outcome.exit).toBe(exit);
  expect(outcome.stderr).toMatch(message);
});
