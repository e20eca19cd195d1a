/** `dta policy explain`: what it says about requests, and about wrong command lines. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';

import { dtaInProcess } from './in-process.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'dta-explain-'));
  writeFileSync(join(cwd, 'orders.yaml'), policies);
});
afterAll(() => rm(cwd, { recursive: true }));

const policies = `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders, environment: prod }
  rules:
    - name: readers
      effect: allow
      from: [{ service: checkout, team: payments, environment: same }]
      to: [{ methods: [GET], paths: ['/orders/{id}'] }]
      when: source.cpu < 0.8
      maxRisk: guarded
      clearance: [PII]
      audit: synchronous
    - name: writers
      effect: allow
      from: [{ service: checkout }]
      to: [{ methods: [POST, PUT], paths: [/orders] }]
    - name: alert
      effect: deny
      to: [{ paths: ['/orders/**'] }]
      when: environment.alert > 0
---
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: tried }
spec:
  destination: { service: orders, environment: prod }
  mode: shadow
  rules:
    - { name: nobody, effect: deny }
---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: orders-data }
spec:
  destination: { service: orders, environment: prod }
  fields: [{ path: $.card, label: PCI }]
---
apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: orders-masks }
spec:
  destination: { service: orders, environment: prod }
  rules: [{ labels: [PCI], operator: redact, bodies: [response] }]
`;

const caller = ['--source', 'service=checkout,team=payments,environment=prod'];
const usual = ['--url', '/orders/7', '--signal', 'source.cpu=0.5', '--fact', 'alert=0'];
const low = ['--band', 'low', '--at', '2026-03-27T12:00:00Z'];

function run(...args: readonly string[]) {
  return dtaInProcess([
    'policy',
    'explain',
    join(cwd, 'orders.yaml'),
    '--destination',
    'orders@prod',
    ...args,
  ]);
}

async function explained(...args: readonly string[]) {
  const { stdout, stderr, exit } = await run(...args, '-o', 'json');
  expect({ stderr, exit }).toEqual({ stderr: '', exit: 0 });
  return JSON.parse(stdout);
}

const changesOf = ({ smallestChange }: { smallestChange: { alternatives: unknown[] } }) =>
  smallestChange.alternatives;

describe('an allowed request', () => {
  it('shows the rule, the obligations and every test', async () => {
    const found = await explained(...caller, ...usual, ...low);
    expect(found).toMatchObject({
      verdict: 'Allow',
      reason: { code: 'DTA1000', name: 'Permitted' },
      band: 'Low',
      rule: { name: 'orders/readers', line: 7 },
      audit: 'synchronous',
      clearance: ['PII'],
      masks: { request: false, response: true },
      otherRules: 0,
    });
    expect(found.rules).toEqual([
      expect.objectContaining({
        name: 'orders/readers',
        applies: true,
        tests: [{ part: 'when', text: 'source.cpu < 0.8', value: 'true', reads: '0.5' }],
      }),
      expect.objectContaining({
        name: 'tried/nobody',
        effect: 'deny',
        shadow: true,
        applies: true,
      }),
      expect.objectContaining({
        name: 'orders/alert',
        when: 'false',
        tests: [{ part: 'when', text: 'environment.alert > 0', value: 'false', reads: '0' }],
      }),
      expect.objectContaining({
        name: 'orders/writers',
        to: false,
        tests: [
          { part: 'to', text: 'request.method is POST, PUT', value: 'false', reads: 'GET' },
          { part: 'to', text: 'request.path is /orders', value: 'false', reads: '/orders/7' },
        ],
      }),
    ]);
  });

  it('shows what would have denied it, what changes soonest first', async () => {
    const found = await explained(...caller, ...usual, ...low);
    expect(found.smallestChange).toMatchObject({ wanted: 'denied', isSmallest: true });
    expect(changesOf(found)).toEqual([
      [{ part: 'environment.alert', from: '0', to: '1' }],
      [{ part: 'source.cpu', from: '0.5', to: '0.8' }],
      [{ part: 'band', from: 'low', to: 'high' }],
    ]);
  });
});

describe('a denied request', () => {
  it.each<[string, string[], object, object[]]>([
    [
      'over a threshold',
      [...caller, '--url', '/orders/7', '--signal', 'source.cpu=0.95', '--fact', 'alert=0', ...low],
      { verdict: 'Deny', reason: { name: 'NoRulePermits', code: 'DTA1011' }, status: 403 },
      [{ part: 'source.cpu', from: '0.95', to: '0.79' }],
    ],
    [
      'with a fact that is unknown',
      [...caller, '--url', '/orders/7', '--signal', 'source.cpu=0.5', ...low],
      { verdict: 'Deny', reason: { name: 'DenyRule' }, rule: { name: 'orders/alert', line: 19 } },
      [{ part: 'environment.alert', from: 'absent', to: '0' }],
    ],
    [
      'in a band that is too high',
      [...caller, ...usual, '--at', '2026-03-27T12:00:00Z'],
      { verdict: 'Deny', reason: { name: 'RiskTooHigh' }, band: 'Critical' },
      [{ part: 'band', from: 'critical', to: 'guarded' }],
    ],
    [
      'isolated',
      [...caller, ...usual, ...low, '--restriction', 'verdict=isolate,as=source'],
      { verdict: 'Isolate', reason: { name: 'Isolated' } },
      [
        {
          part: 'restriction isolate of prod/checkout as source',
          from: 'in force',
          to: 'released',
        },
      ],
    ],
    [
      'that may only read',
      [
        ...caller,
        ...['-X', 'POST', '--url', '/orders', '--fact', 'alert=0'],
        ...low,
        ...['--restriction', 'verdict=degrade,as=destination,read-only'],
      ],
      { verdict: 'Degrade', reason: { name: 'ReadOnly' } },
      [
        {
          part: 'restriction degrade of prod/orders as destination',
          from: 'in force',
          to: 'released',
        },
      ],
    ],
    [
      'from another team, two parts away',
      [
        ...['--source', 'service=checkout,team=x,environment=prod', '--url', '/orders/7'],
        ...['--fact', 'alert=0'],
        ...low,
      ],
      { verdict: 'Deny', reason: { name: 'NoRulePermits' } },
      [
        { part: 'request.method', from: 'GET', to: 'POST' },
        { part: 'request.path', from: '/orders/7', to: '/orders' },
      ],
    ],
  ])('%s', async (_name, args, answer, changes) => {
    const found = await explained(...args);
    expect(found).toMatchObject(answer);
    expect(changesOf(found)[0]).toEqual(changes);
  });

  it('counts an unknown condition of a deny rule as true', async () => {
    const args = [...caller, '--url', '/orders/7', '--signal', 'source.cpu=0.5', ...low];
    const { rules } = await explained(...args);
    expect(rules.slice(0, 2)).toEqual([
      expect.objectContaining({ name: 'orders/alert', when: 'unknown', applies: true }),
      expect.objectContaining({ name: 'orders/readers', when: 'true', applies: true }),
    ]);
  });

  it('throttled, counts as the first request, also where records are samples', async () => {
    const write = ['-X', 'POST', '--url', '/orders', '--fact', 'alert=0', ...low];
    const one = ['--restriction', 'verdict=throttle,as=source,rate=1'];
    expect(await explained(...caller, ...write, ...one)).toMatchObject({
      verdict: 'Throttle',
      reason: { name: 'Permitted' },
      audit: 'sampled',
    });
  });

  it('throttled, is let through by its rule', async () => {
    const args = [
      ...caller,
      ...usual,
      ...low,
      '--restriction',
      'verdict=throttle,as=source,rate=1',
    ];
    expect(await explained(...args)).toMatchObject({ verdict: 'Throttle', rule: { line: 7 } });
  });

  it('before any rule, says that none was asked', async () => {
    const found = await explained(...caller, '--url', '/orders/..%2Fadmin', ...low);
    expect(found).toMatchObject({ reason: { name: 'PathAmbiguous' } });
    expect(found.smallestChange.note).toMatch(/^no rule was asked: the path is not in normal form/);
  });

  it('is told to people', async () => {
    const { stdout, exit } = await run(
      ...['--source', 'service=reports,team=finance,environment=prod'],
      ...usual,
      ...low,
    );
    expect(exit).toBe(0);
    expect(
      stdout.replaceAll(`${cwd}/`, ''),
    ).toBe(`DENY (403): default deny: no allow rule permitted the request (DTA1011 NoRulePermits)
  decided by  no rule
  band        low
  audit       always

deny tried/nobody  orders.yaml:31, shadow: applies
deny orders/alert  orders.yaml:19: its condition is false
  when  false    environment.alert > 0  (0)
allow orders/readers  orders.yaml:7: is for other callers
  from  false    source.service == "checkout"                   (reports)
  from  false    source.team == "payments"                      (finance)
  from  true     source.environment == destination.environment  (prod, here prod)
  when  true     source.cpu < 0.8                               (0.5)
1 more rule has less to do with it

it would have been allowed with as little as
  source.service: checkout instead of reports, and source.team: payments instead of finance
`);
  });
});

test('outbound, the source is the proxy itself', async () => {
  const found = await explained(...caller, ...usual, ...low, '--direction', 'outbound');
  expect(found).toMatchObject({ verdict: 'Allow', rule: { name: 'orders/readers' } });
});

test('a SPIFFE ID says who calls, and the mesh', async () => {
  const id =
    'spiffe://other.test/env/prod/team/payments/svc/checkout/i/00000000-0000-4000-8000-00000000000a';
  const found = await explained('--spiffe-id', id, ...usual, ...low);
  expect(found).toMatchObject({
    verdict: 'Allow',
    question: { request: { identity: { trustDomain: 'other.test' } } },
  });
  const foreign = await explained('--spiffe-id', id, '--mesh', 'mesh.test', ...usual, ...low);
  expect(foreign).toMatchObject({ reason: { name: 'UnknownTrustDomain' } });
  // Federated it is heard, and a rule that names no domain is not about it.
  const mesh = ['--mesh', 'mesh.test', '--federated', 'other.test'];
  const heard = await explained('--spiffe-id', id, ...mesh, ...usual, ...low);
  expect(heard).toMatchObject({ verdict: 'Deny', reason: { name: 'NoRulePermits' } });
});

test('a file says all of it, and options are on top', async () => {
  const file = join(cwd, 'request.json');
  const asked = {
    at: '2026-03-27T12:00:00Z',
    source: { service: 'checkout', team: 'payments', environment: 'prod' },
    signals: { 'source.cpu': 0.95 },
    facts: { alert: false },
    band: 'low',
    request: { path: '/orders/7?x=1', headers: { 'X-A': ['1', '2'] } },
  };
  writeFileSync(file, JSON.stringify(asked));
  expect(await explained('--request', file)).toMatchObject({
    verdict: 'Deny',
    question: { request: { path: '/orders/7', query: 'x=1', headers: { 'x-a': ['1', '2'] } } },
  });
  const above = await explained('--request', file, '--signal', 'source.cpu=0.1');
  expect(above).toMatchObject({ verdict: 'Allow' });
});

test('--exit-code tells a verdict other than Allow', async () => {
  expect(await run(...caller, ...usual, ...low, '--exit-code')).toMatchObject({ exit: 0 });
  expect(await run(...caller, ...usual, '--exit-code')).toMatchObject({
    exit: 4,
    stderr: 'dta: error: the verdict is `Deny`, not `Allow`\n',
  });
});

describe('a wrong command line exits 2 and says what was expected', () => {
  it.each<[string[], RegExp]>([
    [['--source', 'service'], /expected <name>=<value>, not `service`/],
    [['--source', 'servce=a'], /no part `servce`: did you mean `service`\?/],
    [['--source', 'service=a b'], /`a b` is not a name: use 1 to 63/],
    [['--source', 'instance=7'], /`7` is not the UUID of an instance/],
    [['--source', 'domain=A'], /`A` is not a trust domain/],
    [['--spiffe-id', 'spiffe://x/y'], /expected spiffe:\/\/<trust domain>/],
    [['-X', 'GET POST'], /`GET POST` is not a method/],
    [['--url', 'orders/7'], /`orders\/7` is not a path: start with a slash/],
    [['-H', 'x-tenant'], /expected 'name: value'/],
    [['-H', 'host: a'], /the host is no header here/],
    [['-H', 'X-Forwarded-Client-Cert: a'], /belongs to the proxy/],
    [['--signal', 'source.cpi=1'], /there is no signal `source.cpi`: did you mean `source.cpu`\?/],
    [['--signal', 'source.cpu=2'], /`source.cpu` cannot be `2`: write a share from 0 to 1/],
    [['--signal', 'source.cveCount=1.5'], /write a whole number/],
    [['--signal', 'source.worstCve=huge'], /write one of none, low, medium, high, critical/],
    [['--signal', 'source.cpu'], /expected <name>=<value>/],
    [['--fact', 'a-b=1'], /`a-b` is not the name of a fact/],
    [['--fact', 'alert=maybe'], /write a number, true or false/],
    [['--band', 'medium'], /Allowed choices are low, guarded, high, critical/],
    [['--restriction', 'verdict=stop,as=source'], /`verdict` is missing or wrong/],
    [['--restriction', 'verdict=isolate'], /`as` is missing or wrong/],
    [['--restriction', 'verdit=isolate,as=source'], /did you mean `verdict`\?/],
    [['--at', 'yesterday'], /`yesterday` is not a timestamp/],
    [['--direction', 'sideways'], /Allowed choices are inbound, outbound/],
    [['--mesh', 'A B'], /`A B` is not a trust domain/],
    [['--destination', 'orders'], /expected <service>@<environment>/],
  ])('%j', async (args, message) => {
    const { exit, stdout, stderr } = await run(...args);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it.each<[string, string[], RegExp]>([
    ['no team', ['--source', 'service=a,environment=b', '--url', '/'], /the team of the source is/],
    ['no path', [...caller], /the path of the request is missing/],
    [
      'no policy',
      [...caller, ...usual, '--destination', 'order@prod'],
      /no policy is for `order@prod`\n {2}help: the policies are for orders@prod/,
    ],
    [
      'a restriction that cannot be',
      [...caller, ...usual, '--restriction', 'verdict=throttle,as=source'],
      /throttle needs a rate/,
    ],
  ])('%s', async (_name, args, message) => {
    const { exit, stderr } = await run(...args);
    expect(exit).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('nobody is called', async () => {
    const args = ['policy', 'explain', join(cwd, 'orders.yaml'), ...caller, ...usual];
    const { exit, stderr } = await dtaInProcess(args);
    expect(exit).toBe(2);
    expect(stderr).toMatch(/it is not said who is called/);
    const both = await dtaInProcess([...args, '--service', 'orders', '--environment', 'prod']);
    expect(both.exit).toBe(0);
  });

  it.each<[string, string, number, RegExp]>([
    ['is not there', '', 5, /cannot be read/],
    ['is no JSON', '{', 2, /r\.json:1:\d+: not valid YAML/],
    ['is empty', ' ', 2, /is empty/],
    ['has unknown fields', '{"reqest": {}}', 2, /r\.json:1:2: unknown field `reqest`\n.*`request`/],
    ['has a wrong time', '{"at": "noon"}', 2, /r\.json:1:\d+: `noon` is not a timestamp/],
    ['has a wrong signal', '{"signals": {"source.cpu": "x"}}', 2, /`source.cpu` cannot be `x`/],
    [
      'has an unknown signal',
      '{"signals": {"cpu": 1}}',
      2,
      /r\.json:1:14: there is no signal `cpu`/,
    ],
    ['is a list', '[]', 2, /is a list, expected a map of fields/],
  ])('a request file that %s', async (_name, text, code, message) => {
    const file = join(cwd, 'r.json');
    await rm(file, { force: true });
    if (text !== '') writeFileSync(file, text);
    const { exit, stderr } = await run('--request', file);
    expect(exit).toBe(code);
    expect(stderr).toMatch(message);
  });
});

test('policies with mistakes are told as by check', async () => {
  const file = join(cwd, 'broken.yaml');
  writeFileSync(file, 'apiVersion: sm-dta/v1\nkind: AccesPolicy\n');
  const { exit, stderr } = await dtaInProcess(['policy', 'explain', file, ...caller, ...usual]);
  expect(exit).toBe(4);
  expect(stderr).toMatch(/broken\.yaml:2:7: unknown kind `AccesPolicy`/);
});
