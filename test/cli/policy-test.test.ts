/** `dta policy test` and the warnings of `dta policy check`. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';

import { dtaInProcess } from './in-process.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'dta-policy-test-'));
  writeFileSync(join(cwd, 'orders.yaml'), policies);
});
afterEach(() => rm(cwd, { recursive: true }));

const policies = `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders, environment: prod }
  rules:
    - name: readers
      effect: allow
      from: [{ service: checkout }]
      to: [{ methods: [GET] }]
      clearance: [PII]
      audit: always
    - name: all-of-team
      effect: allow
      from: [{ team: payments }]
      to: [{ methods: [GET] }]
    - name: alert
      effect: deny
      when: environment.alert > 0
`;

const head = `apiVersion: sm-dta/v1
kind: PolicyTest
metadata: { name: t }
spec:
  destination: { service: orders, environment: prod }
  defaults:
    source: { service: checkout, team: payments, environment: prod }
    facts: { alert: 0 }
    request: { path: /orders/7 }
  cases:
`;

function run(cases: string, ...args: string[]) {
  writeFileSync(join(cwd, 'orders_test.yaml'), cases.startsWith(' ') ? `${head}${cases}` : cases);
  return dtaInProcess(['policy', 'test', cwd, ...args]);
}

const inFile = (text: string) => text.replaceAll(`${cwd}/`, '').replaceAll(cwd, 'DIR');

describe('cases', () => {
  it('that pass, and what they leave out', async () => {
    const { exit, stdout, stderr } = await run(
      '    - { name: a, expect: { verdict: allow, rule: orders/readers, reason: DTA1000, clearance: [PII], audit: always, masks: { request: false, response: false } } }\n',
    );
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(inFile(stdout)).toBe(`orders.yaml:17: rule orders/alert applies in no case
orders.yaml:13: rule orders/all-of-team decides no case
1 of 1 cases passed; 33 % of 3 rules decided one
`);
  });

  it('that fail name the place, what came, and the command that explains it', async () => {
    const { exit, stdout, stderr } = await run(`    - name: it's denied
      at: 2026-03-27T12:00:00Z
      source: { labels: { tier: web } }
      band: low
      signals: { source.worstCve: high }
      restrictions: [{ verdict: throttle, as: source, ratePerSecond: 2 }]
      request: { method: GET, path: "/orders/7?x=1&y=2", host: a.b, headers: { x-a: ["it's", b] } }
      expect: { verdict: deny, rule: none, reason: DenyRule, clearance: [], audit: sampled, masks: { request: true } }
    - name: fine
      expect: { verdict: allow }
`);
    expect(exit).toBe(4);
    expect(stderr).toMatch(/dta: error: a case fails\n {2}help: the command below/);
    const [first = '', second = ''] = inFile(stdout).split('\n');
    expect(first).toBe(
      "orders_test.yaml:11:7: it's denied: verdict is throttle, expected deny; rule is orders/readers, expected none; reason is DTA1000 Permitted, expected DTA1012 DenyRule; clearance is PII, expected none; audit is always, expected sampled; masks.request is false, expected true",
    );
    expect(second).toBe(
      "  dta policy explain DIR --destination orders@prod --source service=checkout,team=payments,environment=prod,label.tier=web --url 'https://a.b/orders/7?x=1&y=2' -H 'x-a: it'\\''s' -H 'x-a: b' --signal source.worstCve=high --fact alert=0 --band low --restriction verdict=throttle,as=source,subject=prod/checkout,rate=2,burst=2,retry-after=10 --at 2026-03-27T12:00:00.000Z",
    );
  });

  it('with a rate are the first request of their caller, also where records are samples', async () => {
    const { exit, stdout } = await run(
      '    - { name: a, source: { service: x }, restrictions: [{ verdict: throttle, as: source, ratePerSecond: 1 }], expect: { verdict: throttle, reason: Permitted, rule: orders/all-of-team, audit: sampled } }\n',
    );
    expect({ exit, stdout }).toMatchObject({ exit: 0 });
  });

  it('are asked outbound, and of another mesh', async () => {
    const outbound = `${head.replace('  defaults:', '  direction: outbound\n  mesh: other.test\n  defaults:')}    - { name: a, expect: { verdict: allow } }\n    - { name: b, source: { domain: mesh.test }, expect: { reason: UnknownTrustDomain } }\n`;
    expect(await run(outbound)).toMatchObject({ exit: 0 });
  });

  it('are printed as JSON and for continuous integration', async () => {
    const cases = `    - { name: 'a < b', expect: { verdict: deny } }\n    - { name: c, expect: { verdict: allow } }\n`;
    const json = await run(cases, '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      results: [
        {
          test: 't',
          name: 'a < b',
          line: 11,
          passed: false,
          mismatches: [{ field: 'verdict', expected: 'deny', got: 'allow' }],
        },
        { name: 'c', passed: true, mismatches: [] },
      ],
      coverage: {
        percent: 33,
        rules: 3,
        neverDecided: [{ name: 'orders/all-of-team' }],
        neverApplied: [{ name: 'orders/alert' }],
      },
    });
    const { stdout, exit } = await run(cases, '-o', 'junit');
    expect(exit).toBe(4);
    expect(inFile(stdout)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="2" failures="1">
  <testsuite name="orders_test.yaml: t" tests="2" failures="1">
    <testcase classname="t" name="a &lt; b" file="orders_test.yaml" line="11">
      <failure message="orders_test.yaml:11:7: a &lt; b: verdict is allow, expected deny">  dta policy explain DIR --destination orders@prod --source service=checkout,team=payments,environment=prod --url /orders/7 --fact alert=0 --band critical --at 2026-01-01T12:00:00.000Z</failure>
    </testcase>
    <testcase classname="t" name="c" file="orders_test.yaml" line="12"/>
  </testsuite>
</testsuites>
`);
  });

  it('have to be enough for --min-coverage', async () => {
    const cases = '    - { name: a, expect: { verdict: allow } }\n';
    expect((await run(cases, '--min-coverage', '33')).exit).toBe(0);
    const { exit, stderr } = await run(cases, '--min-coverage', '34');
    expect(exit).toBe(4);
    expect(stderr).toMatch(/33 % of the rules decided a case, less than 34 %/);
    expect((await run(cases, '--min-coverage', '101')).stderr).toMatch(
      /a percentage from 0 to 100/,
    );
  });
});

describe('a test with a mistake exits 4 and says where', () => {
  it.each<[string, string, string]>([
    [
      'an unknown field',
      '    - { name: a, expct: {} }\n',
      '11:18: unknown field `expct`\n  help: did you mean `expect`?',
    ],
    ['no expectation', '    - { name: a }\n', '11:7: `expect` is missing'],
    ['an empty expectation', '    - { name: a, expect: {} }\n', '11:26: `expect` expects nothing'],
    [
      'a wrong verdict',
      '    - { name: a, expect: { verdict: alow } }\n',
      '11:37: `alow` is not allowed for `verdict`\n  help: did you mean `allow`?',
    ],
    [
      'an unknown reason',
      '    - { name: a, expect: { reason: DenyRul } }\n',
      '11:36: there is no reason `DenyRul`\n  help: did you mean `DenyRule`?',
    ],
    [
      'a reason beyond all codes',
      '    - { name: a, expect: { reason: DTA1999 } }\n',
      '11:36: there is no reason `DTA1999`',
    ],
    [
      'no name of a rule',
      '    - { name: a, expect: { rule: readers } }\n',
      '11:34: `readers` is not the name of a rule',
    ],
    [
      'an unknown rule',
      '    - { name: a, expect: { rule: orders/reader } }\n',
      '11:7: case `a`: no rule is called `orders/reader` here',
    ],
    [
      'an unknown label',
      '    - { name: a, expect: { clearance: [PIII] } }\n',
      '11:7: case `a`: no policy knows label `PIII` here',
    ],
    [
      'an unknown signal',
      '    - { name: a, signals: { cpu: 1 }, expect: { verdict: allow } }\n',
      '11:29: there is no signal `cpu`',
    ],
    [
      'an impossible signal',
      '    - { name: a, signals: { source.cpu: 7 }, expect: { verdict: allow } }\n',
      '11:41: `source.cpu` cannot be `7`\n  help: write a share',
    ],
    [
      'signals that are no map',
      '    - { name: a, signals: [1], expect: { verdict: allow } }\n',
      '11:27: `signals` is a list',
    ],
    [
      'an unknown fact',
      '    - { name: a, facts: { environment.alert: 1 }, expect: { verdict: allow } }\n',
      '11:27: `environment.alert` is not the name of a fact',
    ],
    [
      'a wrong band',
      '    - { name: a, band: medium, expect: { verdict: allow } }\n',
      '11:24: `medium` is not allowed for `band`',
    ],
    [
      'a wrong time',
      '    - { name: a, at: noon, expect: { verdict: allow } }\n',
      '11:22: `noon` is not a timestamp',
    ],
    [
      'a wrong path',
      '    - { name: a, request: { path: orders }, expect: { verdict: allow } }\n',
      '11:35: `orders` is not a path',
    ],
    [
      'a wrong method',
      '    - { name: a, request: { method: "G T" }, expect: { verdict: allow } }\n',
      '11:38: `G T` is not a method',
    ],
    [
      'a wrong header',
      '    - { name: a, request: { headers: { "a b": c } }, expect: { verdict: allow } }\n',
      '11:40: `a b` is not the name of a header',
    ],
    [
      'a wrong host',
      '    - { name: a, request: { host: "a b" }, expect: { verdict: allow } }\n',
      '11:36: `a b` is not a host',
    ],
    [
      'a wrong instance',
      '    - { name: a, source: { instance: 1 }, expect: { verdict: allow } }\n',
      '11:38: `instance` is `1`, expected a text',
    ],
    [
      'a restriction that cannot be',
      '    - { name: a, restrictions: [{ verdict: isolate, as: source, readOnly: true }], expect: { verdict: allow } }\n',
      '11:7: case `a`: only degrade takes writing',
    ],
    [
      'a restriction of nobody',
      '    - { name: a, restrictions: [{ verdict: isolate, as: source, subject: x }], expect: { verdict: allow } }\n',
      '11:74: `x` is no service',
    ],
    [
      'two cases of one name',
      '    - { name: a, expect: { verdict: allow } }\n    - { name: a, expect: { verdict: allow } }\n',
      '12:7: case `a` is there twice',
    ],
    ['no cases', '    []\n', '11:5: `cases` is empty'],
    [
      'a source without a team',
      `${head.replace('team: payments, ', '')}    - { name: a, expect: { verdict: allow } }\n`,
      '11:7: case `a`: the team of the source is missing',
    ],
    [
      'no path',
      `${head.replace('    request: { path: /orders/7 }\n', '')}    - { name: a, expect: { verdict: allow } }\n`,
      '10:7: case `a`: the path of the request is missing',
    ],
    [
      'another kind',
      'apiVersion: sm-dta/v1\nkind: AccessPolicy\n',
      '2:7: document is no PolicyTest',
    ],
    ['broken YAML', 'a: [\n', '2:1: not valid YAML'],
  ])('%s', async (_name, cases, expected) => {
    const { exit, stdout, stderr } = await run(cases);
    expect({ exit, stdout }).toEqual({ exit: 4, stdout: '' });
    expect(inFile(stderr)).toContain(`orders_test.yaml:${expected}`);
    expect(stderr).toMatch(/dta: error: the tests have (a mistake|\d+ mistakes)\n/);
  });

  it('no time, where rules read it', async () => {
    const timed = policies.replace(
      'environment.alert > 0',
      'within(request.time, "Mon 09:00-10:00", "UTC")',
    );
    writeFileSync(join(cwd, 'orders.yaml'), timed);
    const { exit, stderr } = await run('    - { name: a, expect: { verdict: allow } }\n');
    expect(exit).toBe(4);
    expect(stderr).toMatch(/11:7: case `a`: it does not say when, and the rules .* read the time/);
  });
});

describe('a wrong command line', () => {
  it('names what is missing', async () => {
    expect(await dtaInProcess(['policy', 'test', cwd])).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining(`no tests in \`${cwd}\``),
    });
    expect(await dtaInProcess(['policy', 'test', join(cwd, 'x')])).toMatchObject({
      exit: 5,
      stderr: expect.stringContaining('is not there'),
    });
    const file = join(cwd, 'a_test.yaml');
    writeFileSync(file, `${head}    - { name: a, expect: { verdict: allow } }\n`);
    expect(await dtaInProcess(['policy', 'test', file])).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('there are tests and no policies'),
    });
    writeFileSync(file, Buffer.from([0xff]));
    expect(await dtaInProcess(['policy', 'test', cwd])).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('cannot be read as UTF-8 text'),
    });
  });

  it('or that the policies have mistakes', async () => {
    writeFileSync(join(cwd, 'orders.yaml'), policies.replace('allow', 'alow'));
    const { exit, stderr } = await run('    - { name: a, expect: { verdict: allow } }\n');
    expect(exit).toBe(4);
    expect(stderr).toMatch(/orders\.yaml:8:15: `alow` is not allowed for `effect`/);
  });
});

test('a test is no policy, and a policy set with one says so', async () => {
  mkdirSync(join(cwd, 'sub'));
  const file = join(cwd, 'sub', 'test.yaml');
  writeFileSync(file, `${head}    - { name: a, expect: { verdict: allow } }\n`);
  const { exit, stderr } = await dtaInProcess(['policy', 'check', file]);
  expect(exit).toBe(4);
  expect(stderr).toMatch(/2:7: kind `PolicyTest` is for files that end in `_test.yaml`/);
});

describe('check', () => {
  const dead = policies.replace(
    'from: [{ team: payments }]',
    'when: source.cpu > 0.8 && source.cpu < 0.2',
  );

  it('warns of rules of no use, and fails with --strict', async () => {
    writeFileSync(join(cwd, 'orders.yaml'), dead);
    const lax = await dtaInProcess(['policy', 'check', cwd]);
    expect(lax).toMatchObject({ exit: 0, stderr: '' });
    expect(inFile(lax.stdout)).toMatch(
      /^orders\.yaml:13:7: warning: rule `all-of-team` can never apply: .*\n {2}help: .*\nok: 1 policies/,
    );
    const strict = await dtaInProcess(['policy', 'check', cwd, '--strict']);
    expect(strict).toMatchObject({ exit: 4, stdout: lax.stdout });
    expect(strict.stderr).toMatch(/^dta: error: there is a warning\n/);
    const json = await dtaInProcess(['policy', 'check', cwd, '-o', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      findings: [
        { kind: 'contradiction', severity: 'warning', rule: 'orders/all-of-team', line: 13 },
        {},
      ],
    });
  });

  it('keeps what deny rules are for to itself, unless it is asked', async () => {
    expect((await dtaInProcess(['policy', 'check', cwd, '--strict'])).stdout).toMatch(/^ok: /);
    const { stdout } = await dtaInProcess(['policy', 'check', cwd, '--notes']);
    expect(inFile(stdout)).toMatch(/^orders\.yaml:17:7: note: deny rule `alert` takes requests/);
  });
});
