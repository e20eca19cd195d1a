/** `dta classify scan`: what it proposes for sample bodies, and that it shows none of their values. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { parsePolicySet } from '../../controller/policy/parse.ts';
import { dtaInProcess } from './in-process.ts';
import { inProject } from './run.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'dta-scan-'));
});
afterEach(() => rm(cwd, { recursive: true }));

function scan(files: Readonly<Record<string, string | Uint8Array>>, ...args: string[]) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return dtaInProcess(['classify', 'scan', cwd, '--service', 'orders', ...args]);
}

/** Entries with the comments above them, without indentation. */
function entriesOf(yaml: string): string[] {
  const lines = yaml.split('\n').map((line) => line.trim());
  return lines.filter((line) => /^[-#] /.test(line)).slice(1);
}

const order = (card: string, email: string) => ({
  id: 1,
  customer: { email, birthDate: '1990-01-01', active: true },
  lines: [{ card, qty: 2 }, { card: null }],
});

test('fields by path, with arrays and identifiers generalised', async () => {
  const { exit, stdout, stderr } = await scan(
    {
      'a.json': JSON.stringify(order('4111 1111 1111 1111', 'ada@example.com')),
      'b.json': JSON.stringify([order('5555555555554444', 'grace@example.org')]),
      'c.ndjson':
        '{"users":{"17":{"e-mail":"x@example.com"},"18":{"e-mail":"y@example.com"}}}\n\n{"x":1}\n',
    },
    '--environment',
    'prod',
  );
  expect(exit).toBe(0);
  expect(entriesOf(stdout)).toEqual([
    '# email: 1 of 1 value, for example ****.com',
    '- { path: $.customer.email, label: PII }',
    '# lower confidence, by its name alone: date-of-birth (1 value)',
    '- { path: $.customer.birthDate, label: PII }',
    '# card: 1 of 1 value, for example ****1111',
    '- { path: "$.lines[*].card", label: PCI }',
    '# email: 1 of 1 value, for example ****.org',
    '- { path: "$[*].customer.email", label: PII }',
    '# lower confidence, by its name alone: date-of-birth (1 value)',
    '- { path: "$[*].customer.birthDate", label: PII }',
    '# card: 1 of 1 value, for example ****4444',
    '- { path: "$[*].lines[*].card", label: PCI }',
    '# email: 2 of 2 values, for example ****.com',
    '- { path: $.users.*.e-mail, label: PII }',
  ]);
  expect(stdout).toContain('destination: { service: orders, environment: prod }');
  expect(stderr).toBe(
    '3 files, 13 values at 12 places: 7 fields (2 by name alone), 0 detectors proposed\n',
  );
  expect(stdout).not.toMatch(/ada@|grace@|4111 1111|555555|1990/);
});

test('what is proposed is a policy, in canonical form', async () => {
  const nasty = {
    "it's": 'a@example.com',
    'x"y': 'b@example.com',
    'a\nb\u2028c': 'c@example.com',
    'a b': 'd@example.com',
    '\ud800': 'e@example.com',
  };
  const { stdout } = await scan({
    'a.json': JSON.stringify({ nasty, password: 'hunter2hunter2', ip: 'AKIAIOSFODNN7EXAMPLE' }),
  });
  const file = join(cwd, 'proposed.yaml');
  writeFileSync(file, stdout);
  const { set, errors } = parsePolicySet([{ name: file, text: stdout }]);
  expect(errors).toEqual([]);
  expect(set.classifications[0]?.labels).toMatchObject([
    { name: 'Secret', above: ['Confidential'] },
  ]);
  expect(await dtaInProcess(['policy', 'check', file])).toMatchObject({ exit: 0 });
  expect(await dtaInProcess(['policy', 'fmt', '--check', file])).toMatchObject({ exit: 0 });
});

test('the proposal, with masks added, masks the samples', async () => {
  const body = JSON.stringify(order('4111 1111 1111 1111', 'ada@example.com'));
  const { stdout } = await scan({ 'a.json': body });
  mkdirSync(join(cwd, 'policies'));
  const head = (kind: string) =>
    `---\napiVersion: sm-dta/v1\nkind: ${kind}\nmetadata: { name: m }\nspec:\n  destination: { service: orders }\n`;
  const masks = `${head('MaskingPolicy')}  rules: [{ labels: [PII, PCI], operator: redact }]\n`;
  const access = `${head('AccessPolicy')}  rules: [{ name: all, effect: allow }]\n`;
  writeFileSync(join(cwd, 'policies', 'p.yaml'), stdout + masks + access);
  const tried = await dtaInProcess([
    ...['mask', 'try', join(cwd, 'policies'), '--destination', 'orders@prod'],
    ...['--source', 'service=a,team=b,environment=prod', '--body', join(cwd, 'a.json')],
  ]);
  expect(JSON.parse(tried.stdout)).toEqual({
    id: 1,
    customer: { email: '***', birthDate: '***', active: true },
    lines: [{ card: '***', qty: 2 }, { card: null }],
  });
});

describe('other kinds of bodies', () => {
  test.each<[string, string, string[]]>([
    [
      'a.csv',
      'id,iban\n1,DE89370400440532013000\n2,GB82WEST12345698765432\n',
      ['# iban: 2 of 2 values, for example ****3000, ****5432', '- { name: iban, label: PII }'],
    ],
    [
      'a.form',
      'mail=a%40example.com&x=1',
      ['# email: 1 of 1 value, for example ****.com', '- { name: mail, label: PII }'],
    ],
    [
      'a.xml',
      '<o><c pan="4111111111111111"/></o>',
      ['# card: 1 of 1 value, for example ****1111', '- { name: pan, label: PCI }'],
    ],
    [
      'a.log',
      'paid by a@example.com\nok\n',
      ['# email: in a text (text), for example ****.com', '- { detector: email, label: PII }'],
    ],
    [
      'a.bin',
      ' {"c":4111111111111111}',
      ['# card: 1 of 1 value, for example ****1111', '- { path: $.c, label: PCI }'],
    ],
  ])('%s', async (name, text, expected) => {
    expect(entriesOf((await scan({ [name]: text })).stdout)).toEqual(expected);
  });

  test('by --content-type', async () => {
    const { stdout } = await scan(
      { 'a.json': 'a,b\n1,a@example.com\n' },
      '--content-type',
      'text/csv',
    );
    expect(stdout).toContain('{ name: b, label: PII }');
  });

  test('standard input', async () => {
    const child = spawn(inProject('dta'), ['classify', 'scan', '-', '--service', 'orders'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    child.stdin.end('{"c":"4111111111111111"}');
    let out = '';
    for await (const chunk of child.stdout) out += String(chunk);
    expect(out).toContain('{ path: $.c, label: PCI }');
  });
});

describe('shares', () => {
  const rows = ['a@example.com', 'b@example.com', 'none', 'x', 'y'].map((m) =>
    JSON.stringify({ m }),
  );
  const files = { 'a.ndjson': rows.join('\n') };

  test('below --min-share are notes', async () => {
    const { stdout } = await scan(files, '--no-names');
    expect(stdout).toBe(
      '# proposed by `dta classify scan`: 1 file, 5 values\n# nothing looks like personal data\n# not proposed: $.m: email: 2 of 5 values, for example ****.com\n',
    );
    const lower = await scan(files, '--no-names', '--min-share', '0.4');
    expect(lower.stdout).toContain(
      '# email: 2 of 5 values, for example ****.com\n    - { path: $.m, label: PII }',
    );
  });

  test('of finds within longer texts make a detector of it, not a field', async () => {
    const { stdout } = await scan({ 'a.json': '{"note":"mail a@example.com or b@example.com"}' });
    expect(entriesOf(stdout)).toEqual([
      '# email: in a text ($.note), for example ****.com',
      '- { detector: email, label: PII }',
    ]);
  });
});

test('labels by kind, for detectors and for names', async () => {
  const { stdout } = await scan(
    { 'a.json': '{"m":"a@example.com","firstName":"Ada","password":"x","nid":"11111111-9"}' },
    ...['--label', 'email=Contact', '--label', 'name=Person', '--label', 'secret=Internal'],
  );
  expect(stdout).toContain('{ path: $.m, label: Contact }');
  expect(stdout).toContain('{ path: $.firstName, label: Person }');
  expect(stdout).toContain('{ path: $.password, label: Internal }');
});

test('files that are not what they say are told, what came before counts', async () => {
  const { exit, stdout, stderr } = await scan({
    'a.json': '{"a":',
    'b.ndjson': '{"m":"a@example.com"}\n{"m":\n',
    'c.dat': Buffer.of(1, 0, 2),
  });
  expect(exit).toBe(0);
  expect(stdout).toContain('{ path: $.m, label: PII }');
  const told = stderr.replaceAll(`${cwd}/`, '').split('\n');
  expect(told.slice(0, 3)).toEqual([
    'a.json: no json at character 6; what came before counts',
    'b.ndjson: no json-lines at character 6; what came before counts',
    'c.dat: no text at character 1; what came before counts',
  ]);
  expect(told[3]).toMatch(/^0 files, 1 value at 1 place/);
});

test('progress is told for many files', async () => {
  const files = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`${i}.json`, '{"a":1}']));
  expect((await scan(files)).stderr).toMatch(/^100 of 201 files\n200 of 201 files\n201 files, /);
});

test.each([
  [['--min-share', '0'], /a part from 0.000001 to 1/],
  [['--min-share', '1.5'], /a part from 0.000001 to 1/],
  [['--label', 'emial=X'], /no kind `emial`: did you mean `email`/],
  [['--label', 'email'], /expected <kind>=<label>/],
  [['--environment', 'a b'], /`a b` is not a name/],
])('%s is refused', async (args, message) => {
  const { exit, stderr } = await scan({ 'a.json': '{}' }, ...args);
  expect(exit).toBe(2);
  expect(stderr).toMatch(message);
});

test('a path that is not there, a folder without files, no service', async () => {
  expect(await dtaInProcess(['classify', 'scan', join(cwd, 'x'), '--service', 'a'])).toMatchObject({
    exit: 5,
  });
  expect(await scan({})).toMatchObject({ exit: 2, stderr: expect.stringContaining('no files in') });
  expect(await dtaInProcess(['classify', 'scan', cwd])).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining("required option '--service <name>' not specified"),
  });
});
