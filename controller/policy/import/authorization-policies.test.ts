import { describe, expect, test } from 'vitest';

import { parsePolicySet } from '../parse.ts';
import { type ImportOptions, importAuthorizationPolicies } from './authorization-policies.ts';

const options: ImportOptions = { serviceLabel: 'app', rootNamespace: 'istio-system' };

test('a policy becomes rules with their origin', () => {
  const spec = `
  selector: { matchLabels: { app: orders } }
  rules:
    - from:
        - source:
            principals: ["td/env/prod/team/pay/svc/web/i/*", "td/env/prod/team/pay/svc/app/i/*"]
            notPrincipals: ["*0b"]
      to:
        - operation: { methods: [GET, "P*"], paths: ["/a/{*}"], notPaths: ["*/secret"] }
        - operation: { hosts: ["Orders.example.com", "api.*"], methods: [PUT] }
      when:
        - { key: "request.headers[X-Env]", values: [prod, "stage*"], notValues: ["*x"] }
`;
  const { text, notes } = imported(policy('reads', spec));
  expect(text).toMatchInlineSnapshot(`
    "# shop/reads of Istio
    apiVersion: sm-dta/v1
    kind: AccessPolicy
    metadata: { name: reads }
    spec:
      destination: { service: orders }
      rules:
        # shop/reads, ALLOW rule 1: istio.yaml:7
        - name: rule-1-to-1
          effect: allow
          from:
            - { domain: td, environment: prod, team: pay, service: web }
            - { domain: td, environment: prod, team: pay, service: app }
          to:
            - { methods: [GET, "P*"], paths: ["/a/{x2}"], notPaths: ["*/secret"] }
          when: >-
            !(source.instance.endsWith("0b"))
            && has(request.headers["x-env"]) && (any(request.headers["x-env"]) == "prod" || any(request.headers["x-env"]).startsWith("stage"))
            && !(has(request.headers["x-env"]) && any(request.headers["x-env"]).endsWith("x"))
        # shop/reads, ALLOW rule 1: istio.yaml:7
        - name: rule-1-to-2
          effect: allow
          from:
            - { domain: td, environment: prod, team: pay, service: web }
            - { domain: td, environment: prod, team: pay, service: app }
          to:
            - { methods: [PUT] }
          when: >-
            !(source.instance.endsWith("0b"))
            && has(request.headers["x-env"]) && (any(request.headers["x-env"]) == "prod" || any(request.headers["x-env"]).startsWith("stage"))
            && !(has(request.headers["x-env"]) && any(request.headers["x-env"]).endsWith("x"))
            && (request.authority == "orders.example.com" || request.authority.startsWith("api."))
    "
  `);
  expect(notes.filter(({ kind }) => kind !== 'information')).toEqual([]);
});

describe('what Istio does where no rule matches', () => {
  test('only DENY policies: the rest is allowed', () => {
    const deny = 'selector: { matchLabels: { app: orders } }\n  action: DENY\n  rules: [{}]';
    const { text } = imported(policy('deny', deny));
    expect(rulesIn(text)).toEqual(['deny rule-1', 'allow istio-default']);
  });

  test('an ALLOW policy without rules: nothing is allowed', () => {
    const { text } = imported(policy('none', 'selector: { matchLabels: { app: orders } }'));
    expect(rulesIn(text)).toEqual(['deny istio-default']);
  });

  test('an ALLOW policy without rules takes nothing from another', () => {
    const none = policy('none', 'selector: { matchLabels: { app: orders } }');
    const all = policy('all', 'selector: { matchLabels: { app: orders } }\n  rules: [{}]');
    expect(rulesIn(imported(none, all).text)).toEqual(['allow rule-1']);
  });

  test('a policy that runs dry decides nothing', () => {
    const dry = policy('dry', 'selector: { matchLabels: { app: orders } }\n  rules: [{}]');
    const annotated = dry.replace(
      'name: dry,',
      'name: dry, annotations: { istio.io/dry-run: "true" },',
    );
    const { text } = imported(annotated);
    expect(text).toContain('mode: shadow');
    expect(rulesIn(text)).toEqual(['allow rule-1', 'allow istio-default']);
  });

  test('AUDIT makes no rule, but allow rules are always recorded', () => {
    const audit = 'selector: { matchLabels: { app: orders } }\n  action: AUDIT\n  rules: [{}]';
    const { text, notes } = imported(policy('audit', audit));
    expect(rulesIn(text)).toEqual(['allow istio-default']);
    expect(text).toContain('audit: always');
    expect(notes.map(({ kind }) => kind)).not.toContain('notCarried');
  });
});

describe('what cannot be carried fails closed', () => {
  test.each([
    ['ipBlocks', '["10.0.0.0/8"]'],
    ['remoteIpBlocks', '["10.0.0.0/8"]'],
    ['notIpBlocks', '["10.0.0.0/8"]'],
    ['namespaces', '[shop]'],
    ['serviceAccounts', '[web]'],
    ['requestPrincipals', '["*"]'],
    ['notRequestPrincipals', '["*"]'],
  ])('%s', (field, values) => {
    const rules = `[{ from: [{ source: { principals: ["td/*"], ${field}: ${values} } }] }]`;
    const allow = imported(onOrders('allow', `rules: ${rules}`));
    expect(rulesIn(allow.text)).toEqual(['deny istio-default']);
    const deny = imported(onOrders('deny', `action: DENY\n  rules: ${rules}`));
    expect(deny.text).toContain('- { domain: td }');
    for (const [{ notes }, line] of [
      [allow, 6],
      [deny, 7],
    ] as const) {
      expect(notes.filter(({ kind }) => kind === 'notCarried')).toMatchObject([
        { field: `spec.rules[0].from[0].source.${field}[0]`, file: 'istio.yaml', line },
      ]);
    }
  });

  test.each([
    'destination.ip',
    'source.ip',
    'remote.ip',
    'connection.sni',
    'destination.port',
    'request.auth.claims[iss]',
    'request.auth.principal',
    'request.headers[:path]',
    'request.headers[host]',
    'request.headers[x-dta-x]',
    'request.headers[x-forwarded-client-cert]',
    'experimental.envoy.filters.a[b]',
  ])('%s', (key) => {
    const when = `when: [{ key: "${key}", values: ["1"] }]`;
    const allow = imported(onOrders('allow', `rules: [{ ${when} }]`));
    expect(rulesIn(allow.text)).toEqual(['deny istio-default']);
    const deny = imported(onOrders('deny', `action: DENY\n  rules: [{ ${when} }]`));
    expect(rulesIn(deny.text)).toEqual(['deny rule-1', 'allow istio-default']);
    expect(deny.text).not.toContain('when:');
  });

  test('a value among others costs an allow rule this value, a deny rule all of them', () => {
    const paths = 'rules: [{ to: [{ operation: { paths: ["/a", "/b/**"] } }] }]';
    expect(imported(onOrders('allow', paths)).text).toContain('paths: ["/a"]');
    expect(imported(onOrders('deny', `action: DENY\n  ${paths}`)).text).not.toContain('paths');
  });

  test('CUSTOM is denied', () => {
    const custom =
      'action: CUSTOM\n  provider: { name: x }\n  rules: [{ to: [{ operation: { paths: ["/a"] } }] }]';
    const { text, notes } = imported(onOrders('custom', custom));
    expect(rulesIn(text)).toEqual(['deny rule-1', 'allow istio-default']);
    expect(notes).toContainEqual(
      expect.objectContaining({ kind: 'notCarried', field: 'spec.action' }),
    );
  });

  test.each([
    'selector: { matchLabels: { app: orders, version: v1 } }',
    'targetRefs: [{ kind: Gateway, name: x }]',
  ])('some workloads only: %s', (scope) => {
    const known = onOrders('known', 'rules: [{ to: [{ operation: { methods: [GET] } }] }]');
    const allow = imported(known, policy('some', `${scope}\n  rules: [{}]`));
    expect(rulesIn(allow.text)).toEqual(['allow rule-1']);
    const deny = imported(known, policy('some', `${scope}\n  action: DENY\n  rules: [{}]`));
    expect(rulesIn(deny.text)).toEqual(['allow rule-1', 'deny rule-1']);
    expect(deny.notes.some(({ kind }) => kind === 'notCarried')).toBe(true);
  });
});

describe('paths with several spellings', () => {
  const kinds = (notes: readonly { kind: string }[]) =>
    notes.filter(({ kind }) => kind === 'notCarried').length;

  test.each([
    ['paths', 'ALLOW', ['deny istio-default'], undefined],
    ['notPaths', 'ALLOW', ['allow rule-1'], '{ notPaths: ["/a,b"] }'],
    ['paths', 'DENY', ['deny rule-1', 'allow istio-default'], '{ paths: ["/a,b"] }'],
    ['notPaths', 'DENY', ['deny rule-1', 'allow istio-default'], undefined],
  ])('%s of %s', (field, action, rules, entry) => {
    const to = `rules: [{ to: [{ operation: { ${field}: ["/a,b"] } }] }]`;
    const { text, notes } = imported(onOrders('x', `action: ${action}\n  ${to}`));
    expect(rulesIn(text)).toEqual(rules);
    expect(/- (\{ .*aths.* \})/.exec(text)?.[1]).toBe(entry);
    expect(kinds(notes)).toBe(1);
  });
});

test.each([
  ['request.headers[x]', 1],
  ['source.trustDomain', 0],
])('a policy that reads %s: notes on repeated headers: %i', (key, count) => {
  const { notes } = imported(onOrders('x', `rules: [{ when: [{ key: "${key}", values: [a] }] }]`));
  const about = notes.filter(({ message }) => message.startsWith('repeated headers'));
  expect(about).toHaveLength(count);
});

describe('workloads', () => {
  test('a policy of the namespace is for every service that is named', () => {
    const all = policy(
      'all',
      'action: DENY\n  rules: [{ to: [{ operation: { methods: [PUT] } }] }]',
    );
    const ledger = policy('ledger', 'selector: { matchLabels: { app: ledger } }\n  rules: [{}]');
    const { text } = imported(all, onOrders('orders', 'rules: [{}]'), ledger);
    expect(text.match(/service: \w+/g)).toEqual([
      'service: orders',
      'service: orders',
      'service: ledger',
      'service: ledger',
    ]);
  });

  test('one of the root namespace is for all namespaces', () => {
    const root = policy('root', 'action: DENY\n  rules: [{}]').replace('shop', 'istio-system');
    expect(rulesIn(imported(root, onOrders('orders', 'rules: [{}]')).text)).toContain(
      'deny rule-1',
    );
  });

  test('without any service a policy is left out, unless the destination is said', () => {
    const all = policy('all', 'rules: [{}]');
    const { text, notes } = imported(all);
    expect(text).toBe('');
    expect(notes.some(({ kind }) => kind === 'notCarried')).toBe(true);
    const files = [{ name: 'istio.yaml', text: all }];
    const destination = { service: 'orders', environment: 'prod' };
    const said = importAuthorizationPolicies(files, { ...options, destination });
    expect(said.text).toContain('destination: { service: orders, environment: prod }');
  });

  test('workloads of two namespaces are not mixed', () => {
    const here = onOrders('here', 'rules: [{}]');
    const there = here.replace('shop', 'store');
    const files = [{ name: 'istio.yaml', text: `${here}---\n${there}` }];
    expect(importAuthorizationPolicies(files, options).errors).toHaveLength(1);
    const apart = importAuthorizationPolicies(files, { ...options, namespaceIs: 'environment' });
    expect(apart.text.match(/environment: \w+/g)).toEqual([
      'environment: shop',
      'environment: store',
    ]);
  });
});

describe('a destination that is said', () => {
  const base = policy(
    'base',
    'action: DENY\n  rules: [{ to: [{ operation: { methods: [PUT] } }] }]',
  );
  const ledger = policy('ledger', 'selector: { matchLabels: { app: ledger } }\n  rules: [{}]');
  const onV1 = (name: string, spec: string) =>
    policy(name, `selector: { matchLabels: { app: orders, version: v1 } }\n  ${spec}`);
  const toOrders = (...texts: string[]) =>
    importAuthorizationPolicies([{ name: 'istio.yaml', text: texts.join('---\n') }], {
      ...options,
      destination: { service: 'orders' },
    });
  const lost = ({ notes }: ReturnType<typeof toOrders>) =>
    notes.filter(({ kind }) => kind === 'notCarried').map(({ policy: name }) => name);

  test('two services are not mixed, whatever comes first', () => {
    const orders = onOrders('orders', 'rules: [{ to: [{ operation: { methods: [GET] } }] }]');
    for (const policies of [
      [orders, ledger],
      [base, orders, ledger],
    ]) {
      const { text, errors } = toOrders(...policies);
      expect(text).toBe('');
      expect(errors.map(({ message }) => message)).toEqual([
        'this policy and `orders` are for different workloads, and both would be for service `orders`',
      ]);
    }
  });

  test('two namespaces are not mixed behind one of the root namespace', () => {
    const root = base.replace('shop', 'istio-system');
    const there = onOrders('there', 'rules: [{}]').replace('shop', 'store');
    expect(toOrders(root, base, there).errors).toHaveLength(1);
  });

  test('a service of another name is told', () => {
    const { text, notes } = toOrders(base, ledger);
    expect(rulesIn(text)).toEqual(['deny rule-1', 'allow rule-1']);
    const message = 'selects by service `ledger`: imported for all of `orders`';
    expect(notes).toContainEqual(expect.objectContaining({ kind: 'information', message }));
  });

  test.each([
    ['labels', 'selector: { matchLabels: { app: orders, version: v1 } }'],
    ['other labels', 'selector: { matchLabels: { version: v1 } }'],
    ['a target', 'targetRefs: [{ kind: Gateway, name: x }]'],
  ])('%s beside the service make a policy one for some instances', (_, scope) => {
    const known = onOrders('known', 'rules: [{ to: [{ operation: { methods: [GET] } }] }]');
    const allow = toOrders(known, policy('some', `${scope}\n  rules: [{}]`));
    expect(rulesIn(allow.text)).toEqual(['allow rule-1']);
    expect(lost(allow)).toEqual(['shop/some']);
    const deny = toOrders(known, policy('some', `${scope}\n  action: DENY\n  rules: [{}]`));
    expect(rulesIn(deny.text)).toEqual(['allow rule-1', 'deny rule-1']);
    expect(lost(deny)).toEqual(['shop/some']);
  });

  test('what all policies ask for alike is the destination itself', () => {
    const result = toOrders(onV1('one', 'rules: [{}]'), onV1('two', 'action: DENY\n  rules: [{}]'));
    expect(rulesIn(result.text)).toEqual(['allow rule-1', 'deny rule-1']);
    expect(lost(result)).toEqual([]);
    const other = onV1('other', 'rules: [{}]').replace('version: v1', 'version: v2');
    expect(lost(toOrders(onV1('one', 'rules: [{}]'), other))).toEqual(['shop/one', 'shop/other']);
  });
});

test('the only port of the workload decides rules about ports', () => {
  const ports = 'rules: [{ to: [{ operation: { ports: ["80"] } }] }]';
  const files = [{ name: 'istio.yaml', text: onOrders('ports', ports) }];
  expect(rulesIn(importAuthorizationPolicies(files, { ...options, port: 80 }).text)).toEqual([
    'allow rule-1',
  ]);
  expect(rulesIn(importAuthorizationPolicies(files, { ...options, port: 81 }).text)).toEqual([
    'deny istio-default',
  ]);
});

test.each([
  ['methods', 'get'],
  ['hosts', 'a b'],
])('%s of %s are no requests that rules can name', (field, value) => {
  const { text } = imported(
    onOrders('allow', `rules: [{ to: [{ operation: { ${field}: ["${value}"] } }] }]`),
  );
  expect(rulesIn(text)).toEqual(['deny istio-default']);
});

test('`spiffe://` in a principal matches nobody, as in Istio', () => {
  const rules = 'rules: [{ from: [{ source: { principals: ["spiffe://td/*"] } }] }]';
  const { text, notes } = imported(onOrders('allow', rules));
  expect(rulesIn(text)).toEqual(['deny istio-default']);
  expect(notes.map(({ kind }) => kind)).toContain('neverMatches');
});

test('items of a list are read', () => {
  const item = JSON.stringify({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'a', namespace: 'shop' },
    spec: { selector: { matchLabels: { app: 'orders' } }, rules: [{}] },
  });
  const { text } = imported(`apiVersion: v1\nkind: List\nitems:\n  - ${item}\n`);
  expect(rulesIn(text)).toEqual(['allow rule-1']);
});

test.each([
  ['rules: [{ form: [] }]', 'unknown field `form`'],
  ['rules: [{ from: [{ source: { principal: ["a"] } }] }]', 'unknown field `principal`'],
  ['rules: [{ from: [] }]', 'an empty list matches nothing in Istio'],
  ['rules: [{ from: [{ source: {} }] }]', '`source` names nothing'],
  ['rules: [{ to: [{}] }]', 'not a map of fields'],
  ['rules: [null]', 'not a map of fields'],
  ['rules: {}', 'not a list'],
  ['rules: [{ to: [{ operation: { ports: [80] } }] }]', 'not a text, or an empty one'],
  ['rules: [{ when: [{ key: x, values: [a] }] }]', 'unknown attribute'],
  ['rules: [{ when: [{ key: source.principal }] }]', 'a condition needs `values` or `notValues`'],
  ['action: PERMIT', 'unknown action'],
])('%s is refused: %s', (spec, message) => {
  const files = [{ name: 'istio.yaml', text: onOrders('bad', spec) }];
  const { text, errors } = importAuthorizationPolicies(files, options);
  expect(text).toBe('');
  expect(errors.map((error) => error.message)).toContain(message);
});

test('lines of headers are compared whole, so their texts may hold commas', () => {
  const when = 'when: [{ key: "request.headers[x]", values: ["a, b"] }]';
  const { text, notes } = imported(onOrders('x', `rules: [{ ${when} }]`));
  expect(notes.filter(({ kind }) => kind === 'notCarried')).toEqual([]);
  expect(text).toContain('any(request.headers["x"]) == "a, b"');
});

test('neither names nor values break out of comments and quotes', () => {
  const when = 'when: [{ key: "request.headers[x]", values: ["\\" || true //", "\'"] }]';
  const evil = onOrders('x', `rules: [{ ${when} }]`);
  const { text } = imported(evil.replace('name: x', 'name: "x\\n- name: evil"'));
  expect(rulesIn(text)).toEqual(['allow rule-1']);
  expect(text).toContain('any(request.headers["x"]) in ["\\" || true //", "\'"]');
});

function policy(name: string, spec: string): string {
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: shop }
spec:
  ${spec.trim()}
`;
}

function onOrders(name: string, spec: string): string {
  return policy(name, `selector: { matchLabels: { app: orders } }\n  ${spec}`);
}

function imported(...texts: string[]) {
  const files = [{ name: 'istio.yaml', text: texts.join('---\n') }];
  const result = importAuthorizationPolicies(files, options);
  expect(result.errors).toEqual([]);
  expect(parsePolicySet([{ name: 'imported.yaml', text: result.text }]).errors).toEqual([]);
  return result;
}

/** Effect and name of each rule. */
function rulesIn(text: string): string[] {
  const found = text.matchAll(/- name: (\S+)\n {6}effect: (\w+)/g);
  return [...found].map(([, name, effect]) => `${effect} ${name}`);
}
