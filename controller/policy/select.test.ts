/** What a set says about one destination, and what becomes of conditions on labels there. */
import { expect, test } from 'vitest';

import { RequestKind } from '../layout.ts';
import type { Condition } from './cel/condition.ts';
import { parsePolicySet } from './parse.ts';
import { destinationsOf, selectFor } from './select.ts';

const access = (name: string, destination: string, rule: string) => `---
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: ${name} }
spec: { destination: { ${destination} }, rules: [{ name: r, effect: deny, ${rule} }] }
`;
const data = (name: string, destination: string, spec: string) => `---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: ${name} }
spec: { destination: { ${destination} }, ${spec} }
`;
const setOf = (...texts: string[]) => {
  const { set, errors } = parsePolicySet([{ name: 'p.yaml', text: texts.join('') }]);
  expect(errors).toEqual([]);
  return set;
};

const show = (c: Condition | undefined): string => {
  if (c === undefined) return '';
  if (c.kind === 'constant') return String(c.value);
  if (c.kind === 'not') return `!${show(c.operand)}`;
  if ('left' in c) return `(${show(c.left)} ${c.kind} ${show(c.right)})`;
  if (c.kind === 'path') return c.template.text;
  return c.kind === 'hasRequest' ? `has ${c.ref.kind} ${c.ref.name}` : c.kind;
};

const labels = (condition: string) => `when: '${condition}'`;
const prod = { service: 'orders', environment: 'prod' };

test('a label of routes becomes the paths that carry it at the destination', () => {
  const set = setOf(
    access('a', 'service: orders', labels('!("PII" in route.labels) && source.cpu < 0.5')),
    data('all', 'service: orders', 'routes: [{ paths: [/a, /b], labels: [PII, PCI] }]'),
    data(
      'prod',
      'service: orders, environment: prod',
      'routes: [{ paths: [/b, /c], labels: [PII] }]',
    ),
    data('dev', 'service: orders, environment: dev', 'routes: [{ paths: [/d], labels: [PII] }]'),
    data('pci', 'service: orders', 'routes: [{ paths: [/f], labels: [PCI] }]'),
    data('other', 'service: bills', 'routes: [{ paths: [/e], labels: [PII] }]'),
  );
  const when = (environment: string) =>
    show(selectFor(set, { service: 'orders', environment }).access[0]?.rules[0]?.when);
  expect(when('prod')).toBe('(!((/a or /b) or /c) and compare)');
  expect(when('dev')).toBe('(!((/a or /b) or /d) and compare)');
  expect(when('test')).toBe('(!(/a or /b) and compare)');
  expect(set.access[0]?.rules[0]?.when).toMatchObject({
    left: { operand: { kind: 'routeLabel' } },
  });
});

test('a label of requests becomes the headers and parameters that carry it', () => {
  const set = setOf(
    access('a', 'service: orders', labels('"PCI" in request.labels')),
    data(
      'all',
      'service: orders',
      'headers: [{ name: X-Card, label: PCI }, { name: y, label: PII }], parameters: [{ name: Card, label: PCI }]',
    ),
  );
  const selected = selectFor(set, prod);
  expect(show(selected.access[0]?.rules[0]?.when)).toBe('(has 0 x-card or has 2 Card)');
  expect([...selected.requestNames]).toEqual([
    `${RequestKind.Header} x-card`,
    `${RequestKind.Parameter} Card`,
  ]);
});

test('a label that nothing carries never holds', () => {
  const set = setOf(
    access('a', 'service: orders', labels('"PII" in route.labels || "PII" in request.labels')),
    data('all', 'service: orders', 'fields: [{ name: ssn, label: PII }]'),
  );
  expect(show(selectFor(set, prod).access[0]?.rules[0]?.when)).toBe('(false or false)');
});

test('policies without conditions on labels are the same objects', () => {
  const set = setOf(
    access('a', 'service: orders', labels('source.cpu < 0.5 && !has(request.headers.x)')),
    access('b', 'service: orders', labels('"PII" in route.labels')),
    data('all', 'service: orders', 'routes: [{ paths: [/a], labels: [PII] }]'),
  );
  const { access: selected } = selectFor(set, prod);
  expect(selected[0]).toBe(set.access[0]);
  expect(selected[1]).not.toBe(set.access[1]);
});

test('hosts and parts of requests are found wherever they stand', () => {
  const set = setOf(
    access(
      'a',
      'service: orders',
      `to: [{ hosts: [a.test], notHosts: ['*.b.test'], headers: { x: y }, methods: [PURGE] }],
      ${labels('request.host == "c.test" || !(request.host == "a.test") || request.parameters.q == "1"')}`,
    ),
  );
  const { hosts, requestNames } = selectFor(set, prod);
  expect([...hosts].sort()).toEqual(['0 a.test', '0 c.test', '1 .b.test']);
  expect([...requestNames].sort()).toEqual(['0 x', '2 q', '4 ']);
});

test('a destination takes policies of its environment and of all, one without takes the latter', () => {
  const set = setOf(
    access('all', 'service: orders', 'audit: always'),
    access('prod', 'service: orders, environment: prod', 'audit: always'),
    access('bills', 'service: bills', 'audit: always'),
  );
  const names = (environment?: string) =>
    selectFor(set, { service: 'orders', environment }).access.map(({ name }) => name);
  expect(names('prod')).toEqual(['all', 'prod']);
  expect(names('dev')).toEqual(['all']);
  expect(names()).toEqual(['all']);
  expect(selectFor(set, { service: 'none' }).access).toEqual([]);
  expect(destinationsOf(set)).toEqual([
    { service: 'bills' },
    { service: 'orders' },
    { service: 'orders', environment: 'prod' },
  ]);
});
