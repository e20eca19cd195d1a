/** `dta mask test`, and the cases about masking in `dta policy test`. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';

import { dtaInProcess } from './in-process.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'dta-mask-test-'));
  writeFileSync(join(cwd, 'orders.yaml'), policies);
});
afterEach(() => rm(cwd, { recursive: true }));

const policies = `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders, environment: prod }
  rules: [{ name: shop, effect: allow, from: [{ team: shop }] }]
---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: data }
spec:
  destination: { service: orders }
  fields: [{ name: ssn, label: PII }]
  values: [{ detector: card, label: PCI }]
  headers: [{ name: x-mail, label: PII }]
  parameters: [{ name: iban, label: PII }]
---
apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: masks }
spec:
  destination: { service: orders }
  rules:
    - { labels: [PCI], operator: keep-last, keep: 4 }
    - { labels: [PII], operator: redact }
`;

const head = `apiVersion: sm-dta/v1
kind: PolicyTest
metadata: { name: t }
spec:
  destination: { service: orders, environment: prod }
  defaults:
    source: { service: web, team: shop, environment: prod }
    band: low
    request: { method: POST, path: /orders }
  cases:
`;

function run(cases: string, ...args: string[]) {
  writeFileSync(join(cwd, 'orders_test.yaml'), cases.startsWith(' ') ? `${head}${cases}` : cases);
  const command = args[0] === 'policy' ? args : ['mask', 'test', ...args];
  return dtaInProcess([...command, cwd]);
}

const inFile = (text: string) => text.replaceAll(`${cwd}/`, '').replaceAll(cwd, 'DIR');
const card = `body: '{"card":"4111111111111111"}'`;

describe('cases', () => {
  it('that pass, about bodies, headers, paths and refusals', async () => {
    mkdirSync(join(cwd, 'bodies'));
    writeFileSync(join(cwd, 'bodies', 'in.csv'), 'ssn,b\n7,x\n');
    writeFileSync(join(cwd, 'bodies', 'out.json'), '{"ssn":"***"}');
    const { exit, stdout, stderr } = await run(
      `
    - { name: exact, ${card}, expect: { body: '{"card":"************1111"}', masked: 1, labels: [PCI] } }
    - { name: in pieces, chunk: 1, ${card}, expect: { contains: ['***1111'], lacks: ['4111'], refused: none } }
    - { name: response, side: response, status: 201, responseHeaders: { x-mail: m, etag: '"1"' }, ${card}, expect: { headers: { x-mail: '***' }, noHeaders: [etag], masked: 2 } }
    - { name: file, bodyFile: bodies/in.csv, expect: { body: "ssn,b\\n***,x\\n" } }
    - { name: expected file, body: '{"ssn":7}', expect: { bodyFile: bodies/out.json } }
    - { name: path, request: { path: "/o?iban=x&a=1", headers: { X-Mail: [a, b] } }, expect: { path: "/o?iban=***&a=1", headers: { x-mail: ['***', '***'] }, labels: [PII] } }
    - { name: unreadable, body: '{', expect: { refused: DTA1014 } }
    - { name: by name, contentType: image/png, body: x, expect: { refused: BodyUnreadable } }
    - { name: nobody, source: { team: x }, ${card}, expect: { refused: DTA1011, verdict: deny } }
`.slice(1),
    );
    expect({ exit, stdout: inFile(stdout), stderr }).toEqual({
      exit: 0,
      stdout: '9 of 9 cases passed; 100 % of 2 masking rules masked in one\n',
      stderr: '',
    });
  });

  it('that fail say what came, and the command that explains it', async () => {
    const { exit, stdout, stderr } = await run(
      `    - name: it's wrong
      chunk: 9
      contentType: application/json; charset=utf-8
      side: response
      status: 404
      responseHeaders: { x-mail: m }
      ${card}
      expect: { body: '{"card":"4111111111111111"}', contains: [1112], lacks: ['1111'], masked: 0, labels: [PII], headers: { x-mail: m, b: c }, noHeaders: [content-type] }
`.replace('[1112]', "['1112']"),
    );
    expect(exit).toBe(4);
    expect(stderr).toMatch(/^dta: error: a case fails\n/);
    const [first = '', second = ''] = inFile(stdout).split('\n');
    expect(first).toBe(
      [
        String.raw`orders_test.yaml:11:7: it's wrong: body is "{\"card\":\"************1111\"}" from byte 1, expected "{\"card\":\"4111111111111111\"}" from byte 1`,
        'contains "1112" is false, expected true',
        'lacks "1111" is false, expected true',
        'masked is 2, expected 0',
        'labels is PCI, PII, expected PII',
        'headers.x-mail is "***", expected "m"',
        'headers.b is absent, expected "c"',
        'headers.content-type is "application/json; charset=utf-8", expected absent',
      ].join('; '),
    );
    expect(second).toBe(
      `  printf %s '{"card":"4111111111111111"}' | dta mask try DIR --destination orders@prod --direction response --content-type 'application/json; charset=utf-8' --status 404 --response-header 'x-mail: m' --chunk 9 --source service=web,team=shop,environment=prod -X POST --url /orders --band low --at 2026-01-01T12:00:00.000Z`,
    );
  });

  it('that are refused by surprise fail, whatever else they expect', async () => {
    const { exit, stdout } = await run(
      `    - { name: a, body: '{', expect: { lacks: ['4111'], contains: [x], masked: 1 } }\n    - { name: b, ${card}, expect: { refused: DTA1011 } }\n`,
    );
    expect(exit).toBe(4);
    const lines = inFile(stdout).split('\n');
    expect(lines[0]).toBe(
      'orders_test.yaml:11:7: a: refused is DTA1014 BodyUnreadable, expected none',
    );
    expect(lines[2]).toBe(
      'orders_test.yaml:12:7: b: refused is none, expected DTA1011 NoRulePermits',
    );
  });

  it('tell which rules have masked, and have to be enough for --min-coverage', async () => {
    const cases = `    - { name: a, ${card}, expect: { masked: 1 } }\n`;
    const { exit, stdout } = await run(cases, '--min-coverage', '50');
    expect(exit).toBe(0);
    expect(inFile(stdout)).toBe(
      'orders.yaml:25: rule masks/rules[1] masks in no case\n1 of 1 cases passed; 50 % of 2 masking rules masked in one\n',
    );
    const more = await run(cases, '--min-coverage', '51');
    expect(more.exit).toBe(4);
    expect(more.stderr).toMatch(/50 % of the masking rules masked in a case, less than 51 %/);
  });

  it('run with all others in `dta policy test`, and alone here', async () => {
    const cases = `    - { name: a, ${card}, expect: { masked: 1, rule: orders/shop } }\n    - { name: b, expect: { verdict: deny } }\n`;
    const all = await run(cases, 'policy', 'test');
    expect(all.exit).toBe(4);
    expect(inFile(all.stdout)).toMatch(
      /orders_test\.yaml:12:7: b: verdict is allow, expected deny\n/,
    );
    expect(inFile(all.stdout)).toMatch(
      /1 of 2 cases passed; 100 % of 1 rules decided one; 50 % of 2 masking rules masked in one\n$/,
    );
    expect((await run(cases)).exit).toBe(0);
    const json = JSON.parse((await run(cases, '-o', 'json')).stdout);
    expect(json).toMatchObject({
      results: [{ name: 'a', passed: true }],
      maskCoverage: { percent: 50 },
    });
  });
});

describe('a test with a mistake exits 4 and says where', () => {
  it.each<[string, string, string]>([
    [
      'two bodies',
      `{ name: a, body: x, bodyFile: y, expect: { masked: 0 } }`,
      '11:37: `body` and `bodyFile` say the same thing',
    ],
    [
      'two expected bodies',
      `{ name: a, expect: { body: x, bodyFile: y } }`,
      '11:47: `body` and `bodyFile` say the same thing',
    ],
    [
      'no such file',
      `{ name: a, bodyFile: nope.json, expect: { masked: 0 } }`,
      '11:7: case `a`: body file `nope.json` cannot be read',
    ],
    [
      'a status of a request',
      `{ name: a, ${card}, status: 200, expect: { masked: 0 } }`,
      '11:7: case `a`: a request has no `status`',
    ],
    [
      'a label that is not there',
      `{ name: a, ${card}, expect: { labels: [PIII] } }`,
      '11:7: case `a`: no policy knows label `PIII` here',
    ],
    [
      'a wrong reason',
      `{ name: a, ${card}, expect: { refused: DTA14 } }`,
      ': there is no reason `DTA14`',
    ],
    [
      'a wrong side',
      `{ name: a, side: reqest, ${card}, expect: { masked: 0 } }`,
      '`reqest` is not allowed for `side`',
    ],
    [
      'no text',
      `{ name: a, body: { a: 1 }, expect: { masked: 0 } }`,
      '11:24: `body` is a map, expected a text',
    ],
    [
      'control characters',
      `{ name: a, contentType: "a\\nb", expect: { masked: 0 } }`,
      'holds control characters',
    ],
  ])('%s', async (_name, one, expected) => {
    const { exit, stdout, stderr } = await run(`    - ${one}\n`);
    expect({ exit, stdout }).toEqual({ exit: 4, stdout: '' });
    expect(inFile(stderr)).toContain(expected);
  });
});

test('without a case about masking there is nothing to run', async () => {
  const { exit, stderr } = await run('    - { name: a, expect: { verdict: allow } }\n');
  expect(exit).toBe(2);
  expect(stderr).toMatch(/^dta: error: no case is about masking\n/);
});

test('a body of a case stands in place of one in `defaults`', async () => {
  const withDefault = head.replace('    band: low\n', `    band: low\n    ${card}\n`);
  const cases = `    - { name: a, expect: { masked: 1 } }\n    - { name: b, body: '{"x":1}', expect: { masked: 0 } }\n`;
  expect(await run(`${withDefault}${cases}`)).toMatchObject({ exit: 0 });
});
