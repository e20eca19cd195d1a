import { expect, test } from 'vitest';

import { parsePolicySet } from '../parse.ts';
import type { ObservedCall } from './observed-call.ts';
import { isIdentifier, PathShapes } from './path-shapes.ts';
import { suggestPolicies } from './suggest-policies.ts';
import { writeSuggestedPolicies } from './write-suggestion.ts';

test.each([
  ['7', true],
  ['00000000-0000-4000-8000-00000000000b', true],
  ['deadbeef01', true],
  ['01ARZ3NDEKTSV4RRFFQ69G5FAV', true],
  ['v1', false],
  ['deadbeef', false],
  ['checkout-service-v2-prod', false],
  ['', false],
])('%s is an identifier: %s', (segment, expected) => {
  expect(isIdentifier(segment)).toBe(expected);
});

test('identifiers are generalised, other texts only when there are many at one place', () => {
  const names = ['ann', 'ben', 'cleo'].map((name) => `/users/${name}/orders/7`);
  const shapes = new PathShapes([...names, '/users/ann', '/status/live', '/status/ready'], 3);
  expect(shapes.templateOf('/users/ann/orders/7')).toBe('/users/{id}/orders/{id2}');
  expect(shapes.templateOf('/users/ann')).toBe('/users/ann');
  expect(shapes.templateOf('/status/live')).toBe('/status/live');
});

test('a trailing slash stays, also where many texts were seen', () => {
  const shapes = new PathShapes(['/a/b', '/a/c', '/a/'], 2);
  expect(shapes.templateOf('/a/')).toBe('/a/');
  expect(shapes.templateOf('/a/b')).toBe('/a/{id}');
});

test.each(['*', '/a/**', '/a/*', '/a/../b', '/a//b', 'a', `/${'a'.repeat(600)}`])(
  'no rule names %s',
  (path) => {
    expect(new PathShapes([path], 2).templateOf(path)).toBeUndefined();
  },
);

test('what looks like a wildcard in a request stays a text', () => {
  expect(new PathShapes(['/a/{id}'], 9).templateOf('/a/{id}')).toBe('/a/%7Bid%7D');
});

test('methods and paths that were not seen together are not allowed together', () => {
  const { policies } = suggest([call('GET', '/a'), call('GET', '/b'), call('POST', '/b')]);
  expect(policies[0]?.rules[0]?.to).toEqual([
    { methods: ['GET'], paths: ['/a'] },
    { methods: ['GET', 'POST'], paths: ['/b'] },
  ]);
});

test('`same` stands for the environment of the destination, and for nothing else', () => {
  const abroad = { ...source, environment: 'test' };
  expect(suggest([call('GET', '/a')]).policies[0]?.rules[0]?.environments).toBe('same');
  const both = suggest([call('GET', '/a'), call('GET', '/a', abroad)]);
  expect(both.policies[0]?.rules.map(({ environments }) => environments)).toEqual([
    ['prod', 'test'],
  ]);
  const apart = suggest([call('GET', '/a'), call('GET', '/b', abroad)]);
  expect(apart.policies[0]?.rules.map(({ name, environments }) => [name, environments])).toEqual([
    ['checkout-of-payments', 'same'],
    ['checkout-of-payments-2', ['test']],
  ]);
});

test('an environment called `same` and a method in small letters are left out', () => {
  const odd = { ...source, environment: 'same' };
  const { policies, left } = suggest([call('get', '/a'), call('GET', '/a', odd)]);
  expect(policies).toEqual([]);
  expect(left).toHaveLength(2);
});

test('the text is a policy set, with its evidence', () => {
  const other = { ...source, instance: '00000000-0000-4000-8000-00000000000c' };
  const { policies } = suggest([call('GET', '/orders/7'), call('GET', '/orders/8', other)]);
  const text = writeSuggestedPolicies(policies);
  expect(text).toMatchInlineSnapshot(`
    "apiVersion: sm-dta/v1
    kind: AccessPolicy
    metadata: { name: suggested-prod-orders }
    spec:
      destination: { service: orders, environment: prod }
      rules:
        # 2 recorded calls by 2 callers, 2026-11-22 12:00:00 UTC to 2026-11-22 12:00:00 UTC
        # for example vm-1, vm-1
        - name: checkout-of-payments
          effect: allow
          from:
            - { service: checkout, team: payments, environment: same }
          to:
            - { methods: [GET], paths: ["/orders/{id}"] }
    "
  `);
  expect(parsePolicySet([{ name: 'suggested.yaml', text }]).errors).toEqual([]);
});

const source = {
  environment: 'prod',
  team: 'payments',
  service: 'checkout',
  instance: '00000000-0000-4000-8000-00000000000b',
};

function call(method: string, path: string, caller = source): ObservedCall {
  const destination = { environment: 'prod', service: 'orders' };
  const timeMs = Date.UTC(2026, 10, 22, 12);
  return { decisionId: 'vm-1', timeMs, source: caller, destination, method, path, rule: '' };
}

function suggest(calls: readonly ObservedCall[]) {
  return suggestPolicies(calls, calls, 10);
}
