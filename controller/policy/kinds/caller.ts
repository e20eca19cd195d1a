/** An entry of `from`: who calls. */
import { z } from 'zod';

import { IdentityAttribute, TestOp } from '../../layout.ts';
import {
  compareIdentityTests,
  type IdentityTest,
  identityTestKey,
  identityTestOf,
  parseIdentityPattern,
} from '../identity-test.ts';
import type { Selector } from '../policy-set.ts';
import type { Problem } from '../problem.ts';
import type { TextPattern } from '../text-pattern.ts';
import { isEmptyEntry } from './document.ts';
import { parseName } from './leaf.ts';
import { type NamedTexts, textOrTexts, textsByName } from './texts.ts';

const { Service, Team, Environment, Domain, Instance, Label } = IdentityAttribute;

const shape = {
  service: part(Service, 'service of the caller'),
  team: part(Team, 'team of the caller'),
  environment: environment('environment of the caller; `same` is that of the destination'),
  domain: part(Domain, 'trust domain of the caller'),
  instance: part(Instance, 'UUID of one instance, or its start'),
  labels: labels('labels of the caller; each name has to match'),
  notService: part(Service, 'services that do not match'),
  notTeam: part(Team, 'teams that do not match'),
  notEnvironment: environment('environments that do not match'),
  notDomain: part(Domain, 'trust domains that do not match'),
  notInstance: part(Instance, 'instances that do not match'),
  notLabels: labels('labels that do not match; an absent label equals nothing'),
};

/** The schema of an entry of `from`. Its value is one selector for each choice out of its lists. */
export const callerSchema = z
  .strictObject(shape)
  .refine((from) => !isEmptyEntry(from), {
    error: 'this entry of `from` names nothing',
    params: { help: 'leave `from` out for any caller', offset: 0 },
    when: ({ issues }) => issues.length === 0,
  })
  .meta({ description: 'a caller; everything that is named has to hold' })
  .transform((from, context): Selector[] => {
    const choices = choicesOf(from);
    const count = choices.reduce((product, tests) => product * tests.length, 1);
    if (count <= SELECTORS_MAX) return selectorsOf(choices, refusalsOf(from));
    context.addIssue({
      code: 'custom',
      message: `this entry of \`from\` has ${count} combinations`,
      params: { help: `at most ${SELECTORS_MAX}: split it into several entries`, offset: 0 },
      input: from,
    });
    return z.NEVER;
  });

type From = z.output<z.ZodObject<typeof shape>>;

// Lists of which one test has to hold.
function choicesOf(from: From): IdentityTest[][] {
  const parts = partsOf(from, false);
  return parts.map(({ attribute, label, patterns }) =>
    distinct(patterns.map((pattern) => testOf(attribute, label, pattern, false))),
  );
}

// Tests that all have to hold, whatever is chosen.
function refusalsOf(from: From): IdentityTest[] {
  return partsOf(from, true).flatMap(({ attribute, label, patterns }) =>
    patterns.map((pattern) => testOf(attribute, label, pattern, true)),
  );
}

interface Part {
  readonly attribute: IdentityAttribute;
  readonly label: string;
  readonly patterns: readonly (TextPattern | 'same')[];
}

function partsOf(from: From, isNegated: boolean): Part[] {
  const plain = [
    [Service, isNegated ? from.notService : from.service],
    [Team, isNegated ? from.notTeam : from.team],
    [Environment, isNegated ? from.notEnvironment : from.environment],
    [Domain, isNegated ? from.notDomain : from.domain],
    [Instance, isNegated ? from.notInstance : from.instance],
  ] as const;
  const named: readonly NamedTexts<TextPattern>[] =
    (isNegated ? from.notLabels : from.labels) ?? [];
  return [
    ...plain.flatMap(([attribute, patterns]) =>
      patterns === undefined ? [] : [{ attribute, label: '', patterns }],
    ),
    ...named.map(({ name, texts }) => ({ attribute: Label, label: name, patterns: texts })),
  ];
}

function testOf(
  attribute: IdentityAttribute,
  label: string,
  pattern: TextPattern | 'same',
  isNegated: boolean,
): IdentityTest {
  if (pattern !== 'same') return identityTestOf(attribute, label, pattern, isNegated);
  const op = isNegated ? TestOp.NotSameAsDestination : TestOp.SameAsDestination;
  return { attribute, op, label, value: '' };
}

function selectorsOf(choices: readonly IdentityTest[][], refusals: readonly IdentityTest[]) {
  let selectors: IdentityTest[][] = [[...refusals]];
  for (const tests of choices) {
    selectors = selectors.flatMap((selector) => tests.map((test) => [...selector, test]));
  }
  return selectors.map((selector) => distinct(selector).sort(compareIdentityTests));
}

function distinct(tests: readonly IdentityTest[]): IdentityTest[] {
  if (tests.length < 2) return [...tests];
  return [...new Map(tests.map((test) => [identityTestKey(test), test])).values()];
}

function part(attribute: IdentityAttribute, what: string) {
  return textOrTexts((text) => parseIdentityPattern(attribute, text), {
    description: `${what}: a text or a list of texts, each exact, \`start*\` or \`*end\``,
    pattern: attribute === Domain ? '^\\*?[a-z0-9._-]+\\*?$' : '^\\*?[A-Za-z0-9._-]+\\*?$',
  }).optional();
}

function environment(what: string) {
  return textOrTexts(
    (text): TextPattern | 'same' | Problem =>
      text === 'same' ? text : parseIdentityPattern(Environment, text),
    {
      description: `${what}: a text or a list of texts, each exact, \`start*\` or \`*end\``,
      pattern: '^\\*?[A-Za-z0-9._-]+\\*?$',
    },
  ).optional();
}

function labels(what: string) {
  return textsByName(parseName, (_, text) => parseIdentityPattern(Label, text), {
    description: what,
    texts: {
      description:
        'a text or a list of texts, each exact, `start*`, `*end`, or `*` for any value of the label',
      pattern: '^(\\*|\\*?[A-Za-z0-9._-]+\\*?)$',
    },
  }).optional();
}

const SELECTORS_MAX = 256;
