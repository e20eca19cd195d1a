/** An entry of `to`: what is called. */
import { z } from 'zod';

import { RequestKind, TextOp } from '../../layout.ts';
import type { Condition } from '../cel/condition.ts';
import { joinConditions, negate } from '../cel/join-conditions.ts';
import { parseHostPattern } from '../host-pattern.ts';
import { parseMethodPattern } from '../method.ts';
import { isAnyPath, type PathTemplate, parsePathTemplate } from '../path-template.ts';
import type { RequestMatch } from '../policy-set.ts';
import { Problem, quoted } from '../problem.ts';
import { parseHeaderName, parseParameterName, parseRequestPattern } from '../request-text.ts';
import { isAnyText, type TextPattern } from '../text-pattern.ts';
import { isEmptyEntry, someOf } from './document.ts';
import { leaf } from './leaf.ts';
import { type NamedTexts, textsByName } from './texts.ts';

const methods = someOf(
  leaf(parseMethodPattern, {
    description: 'HTTP method in capitals, exact, `start*` or `*end`',
    pattern: '^\\*?[A-Z0-9_-]+\\*?$',
    examples: ['GET'],
  }),
);
const pathDescription =
  'path, with `{name}` for a segment, `**` for all further ones, `start*` or `*end`';
const pathMeta = {
  description: pathDescription,
  pattern: '^[/*]',
  examples: ['/orders/{id}', '/orders/**', '/orders/20*', '*.json'],
};
const hosts = someOf(
  leaf(parseHostPattern, {
    description: 'host without port, or `*.` and the end of hosts',
    examples: ['api.example.org', '*.example.org'],
  }),
);

const judged =
  'each is there and passes one of its tests. A test holds when all values match, fails when none does, and is unknown between, which counts as true in a deny rule and as false in an allow rule';

/** The schema of an entry of `to`. */
export const requestEntrySchema = z
  .strictObject({
    methods: methods.meta({ description: 'one of the methods' }).optional(),
    paths: someOf(leaf(parsePathTemplate, pathMeta))
      .meta({ description: 'one of the paths has to match' })
      .optional(),
    hosts: hosts.meta({ description: 'one of the hosts, without case and port' }).optional(),
    headers: valuesOf(
      RequestKind.Header,
      `headers by name, in any case: ${judged}; the values of a header stand between commas`,
    ),
    parameters: valuesOf(RequestKind.Parameter, `query parameters by name: ${judged}`),
    notMethods: methods.meta({ description: 'methods that do not match' }).optional(),
    notPaths: someOf(leaf(parseRefusedPath, pathMeta))
      .meta({ description: 'paths that do not match' })
      .optional(),
    notHosts: hosts.meta({ description: 'hosts that do not match' }).optional(),
    notHeaders: valuesOf(
      RequestKind.Header,
      'headers that do not match; a request without the header is none of them',
    ),
    notParameters: valuesOf(
      RequestKind.Parameter,
      'query parameters that do not match; a request without the parameter is none of them',
    ),
  })
  .refine((to) => !isEmptyEntry(to), {
    error: 'this entry of `to` names nothing',
    params: { help: 'leave `to` out for any request', offset: 0 },
    when: ({ issues }) => issues.length === 0,
  })
  .meta({ description: 'a request; everything that is named has to hold' });

type To = z.output<typeof requestEntrySchema>;

/** The match of a checked entry. */
export function buildRequestMatch(to: To): RequestMatch {
  const tokens = to.methods ?? [];
  const isPlain = tokens.every(({ op }) => op === TextOp.Equal);
  const conditions = [
    ...(isPlain ? [] : [oneOfMethods(tokens)]),
    ...valueConditions(RequestKind.Header, to.headers),
    ...valueConditions(RequestKind.Parameter, to.parameters),
    ...refusals(to),
  ];
  return {
    methods: isPlain ? tokens.map(({ text }) => text) : [],
    paths: to.paths ?? [],
    hosts: to.hosts ?? [],
    also: conditions.length === 0 ? undefined : joinConditions('and', conditions),
  };
}

function refusals(to: To): Condition[] {
  const refused: Condition[] = [];
  if (to.notMethods !== undefined) refused.push(oneOfMethods(to.notMethods));
  if (to.notPaths !== undefined) {
    const paths = to.notPaths.map((template): Condition => ({ kind: 'path', template }));
    refused.push(joinConditions('or', paths));
  }
  if (to.notHosts !== undefined) {
    const names = to.notHosts.map((host): Condition => ({ kind: 'host', host }));
    refused.push(joinConditions('or', names));
  }
  refused.push(...valueConditions(RequestKind.Header, to.notHeaders));
  refused.push(...valueConditions(RequestKind.Parameter, to.notParameters));
  return refused.map(negate);
}

function oneOfMethods(patterns: readonly TextPattern[]): Condition {
  const ref = { kind: RequestKind.Method, name: '' };
  const tests = patterns.map((pattern): Condition => ({ kind: 'request', ref, pattern }));
  return joinConditions('or', tests);
}

// A value is there, and one of the texts holds, each judged over all values.
function valueConditions(
  kind: RequestKind,
  named: readonly NamedTexts<TextPattern>[] | undefined,
): Condition[] {
  return (named ?? []).map(({ name, texts }) => {
    const ref = { kind, name };
    const isThere: Condition = { kind: 'hasRequest', ref };
    if (texts.some(isAnyText)) return isThere;
    const tests = texts.map((pattern): Condition => ({ kind: 'request', ref, pattern }));
    return joinConditions('and', [isThere, joinConditions('or', tests)]);
  });
}

function parseRefusedPath(text: string): PathTemplate | Problem {
  const template = parsePathTemplate(text);
  if (template instanceof Problem || !isAnyPath(template)) return template;
  return new Problem(`${quoted(text)} names every path`, 'an entry that excludes all never holds');
}

function valuesOf(kind: RequestKind, description: string) {
  const parseKey = kind === RequestKind.Header ? parseHeaderName : parseParameterName;
  return textsByName(parseKey, (_, text) => parseRequestPattern(kind, text), {
    description,
    texts: {
      description: 'a text or a list of texts, each exact, `start*`, `*end`, or `*` for any value',
    },
  }).optional();
}
