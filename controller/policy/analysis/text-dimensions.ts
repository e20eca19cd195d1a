/** The dimensions of texts: parts of the identity, labels, path, host, method. */
import { IdentityAttribute } from '../../layout.ts';
import type { RequestDraft } from './concrete-request.ts';
import type { DimensionRow, Texts } from './dimension-row.ts';
import {
  authority,
  type Grammar,
  hostAuthority,
  identitySegment,
  labelValue,
  methodToken,
  trustDomain,
  uuid,
} from './grammars.ts';
import { normalisedPath } from './path-grammar.ts';
import { hostName, patternName } from './pattern-names.ts';
import { splitTexts } from './split-texts.ts';
import { shapeOfHost, shapeOfPath, shapeOfPattern } from './text-shape.ts';
import { identityKey, type Vocabulary } from './vocabulary.ts';

/** Parts of the source by `identityKey`; labels are those that the vocabulary knows. */
export function addIdentity(
  row: DimensionRow,
  vocabulary: Vocabulary,
  environment: string,
): Map<string, Texts> {
  const found = new Map<string, Texts>();
  for (const { attribute, field, grammar, sample } of identityParts(environment)) {
    const key = identityKey(attribute, '');
    const patterns = vocabulary.identity.get(key)?.items ?? [];
    const texts = row.addTexts({
      title: `source.${field === 'trustDomain' ? 'domain' : field}`,
      // The mesh has one trust domain, and what is of another is refused before any rule.
      kind: field === 'trustDomain' ? 'fixed' : 'identity',
      split: splitTexts(patterns.map(shapeOfPattern), grammar, [sample], row.effort),
      names: patterns.map(patternName),
      write: (witness, draft) => {
        draft.identity[field] = witness ?? '';
      },
      read: ({ identity }) => identity[field],
    });
    found.set(key, texts);
  }
  for (const [key, { items: patterns }] of vocabulary.identity) {
    if (!key.startsWith(LABEL)) continue;
    const label = key.slice(LABEL.length);
    const texts = row.addTexts({
      title: `source.labels.${label}`,
      kind: 'identity',
      split: splitTexts(patterns.map(shapeOfPattern), labelValue, ['x'], row.effort),
      names: patterns.map(patternName),
      absence: 'first',
      write: (witness, draft) => {
        if (witness === undefined) delete draft.labels[label];
        else draft.labels[label] = witness;
      },
      read: ({ identity }) => identity.labels[label],
    });
    found.set(key, texts);
  }
  return found;
}

export function addPaths(row: DimensionRow, { paths }: Vocabulary): Texts {
  return row.addTexts({
    title: 'path',
    kind: 'request',
    split: splitTexts(paths.items.map(shapeOfPath), normalisedPath, ['/'], row.effort),
    names: paths.items.map(({ text }) => `\`${text}\``),
    write: (witness, draft) => {
      draft.path = witness ?? '';
    },
    read: ({ path: own }) => own,
  });
}

/** Patterns of hosts, and behind them patterns of authorities: both read `:authority`. */
export function addAuthority(row: DimensionRow, vocabulary: Vocabulary, sample: string): Texts {
  const hosts = vocabulary.hosts.items;
  const authorities = vocabulary.authorities.items;
  const shapes = [...hosts.map(shapeOfHost), ...authorities.map(shapeOfPattern)];
  // The filter refuses what names no host only where rules read hosts.
  const grammar = hosts.length > 0 ? hostAuthority : authority;
  return row.addTexts({
    title: 'host',
    kind: 'request',
    split: splitTexts(shapes, grammar, [sample], row.effort),
    names: [...hosts.map(hostName), ...authorities.map((p) => `authority ${patternName(p)}`)],
    absence: 'last',
    write: (witness, draft) => {
      draft.host = witness;
    },
    read: ({ host }) => host?.toLowerCase(),
  });
}

export function addMethods(row: DimensionRow, { methods }: Vocabulary): Texts {
  return row.addTexts({
    title: 'method',
    kind: 'request',
    split: splitTexts(methods.items.map(shapeOfPattern), methodToken, ['GET', 'POST'], row.effort),
    names: methods.items.map(patternName),
    write: (witness, draft) => {
      draft.method = witness ?? '';
    },
    read: ({ method }) => method,
  });
}

interface IdentityPart {
  readonly attribute: IdentityAttribute;
  readonly field: keyof RequestDraft['identity'];
  readonly grammar: Grammar;
  readonly sample: string;
}

function identityParts(environment: string): IdentityPart[] {
  const { Service, Team, Environment, Domain, Instance } = IdentityAttribute;
  const segment = identitySegment;
  const instance = '00000000-0000-4000-8000-000000000001';
  return [
    { attribute: Service, field: 'service', grammar: segment, sample: 'some-service' },
    { attribute: Team, field: 'team', grammar: segment, sample: 'some-team' },
    { attribute: Environment, field: 'environment', grammar: segment, sample: environment },
    { attribute: Domain, field: 'trustDomain', grammar: trustDomain, sample: 'mesh.example' },
    { attribute: Instance, field: 'instance', grammar: uuid, sample: instance },
  ];
}

/** Start of the `identityKey` of labels. */
const LABEL = 'label ';
