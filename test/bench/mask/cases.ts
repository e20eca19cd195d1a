/** Documents and profiles that the masker is timed on: realistic ones, and the worst that could be sent. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { DetectorKind } from '../../../controller/layout.ts';
import type { Profile, RuleSpec } from '../../kernels/mask-blob.ts';

/** A document that grows with the bytes that are asked for, under a profile. */
export interface WorstCase {
  readonly name: string;
  readonly profile: Profile;
  readonly make: (bytes: number) => string;
}

const redact: RuleSpec = { operator: 'Redact' };
const last: RuleSpec = { operator: 'KeepLast', keep: 4 };

/** One field of the fifty of an order is masked. */
export const orderRules: Profile = {
  paths: [{ path: '$[*].customer.iban', rule: last }],
  names: [
    { name: 'ssn', mode: 'AnyCase', rule: redact },
    { name: 'cardnumber', mode: 'Words', rule: redact },
  ],
};

/** The same with detectors for cards, and for everything. */
export const cardRules: Profile = { ...orderRules, card: last };
export const allRules: Profile = {
  ...orderRules,
  detectors: (Object.keys(DetectorKind) as (keyof typeof DetectorKind)[])
    .filter((kind) => !kind.startsWith('Pattern'))
    .map((kind) => ({ kind, rule: redact })),
};
export const emailRules: Profile = { detectors: [{ kind: 'Email', rule: redact }] };
const all = (rule: RuleSpec): Profile => ({ paths: [{ path: '$', rule }] });
const drops: Profile = { names: [{ name: 'a', rule: { operator: 'Drop' } }] };
const names = (count: number): Profile => ({
  names: Array.from({ length: count }, (_, i) => ({
    name: `k${i}e`,
    mode: 'Words' as const,
    rule: redact,
  })),
});
const anywhere: Profile = {
  paths: Array.from({ length: 8 }, (_, i) => ({ path: `$.**.a.b${i}`, rule: redact })),
};

/** Orders of about a kilobyte with fifty fields, of which `customer.iban` is masked, in at least `bytes` bytes. */
export function orderList(bytes: number): string {
  const orders: unknown[] = [];
  for (let length = 0; length < bytes; ) {
    const order = orderOf(orders.length);
    orders.push(order);
    length += JSON.stringify(order).length + 1;
  }
  return JSON.stringify(orders);
}

function orderOf(i: number): unknown {
  const item = (n: number) => ({
    sku: `SKU-${(i * 31 + n * 7) % 9973}`,
    title: ['Steel bottle, 750 ml', 'Wool socks (pair)', 'Desk lamp "Arc"', 'Caf\u00e9 filter'][
      n % 4
    ],
    quantity: (i + n) % 5,
    price: ((i * 37 + n * 101) % 90_000) / 100,
    currency: 'EUR',
    taxRate: 0.19,
    inStock: (i + n) % 3 !== 0,
  });
  return {
    id: `ord-${i.toString(36)}-${(i * 2_654_435_761) % 4_294_967_296}`,
    number: 100_000 + i,
    status: ['open', 'paid', 'shipped', 'returned'][i % 4],
    createdAt: '2026-11-27T10:15:30Z',
    updatedAt: '2026-11-28T08:00:00Z',
    channel: 'web',
    customer: {
      id: `c-${(i * 7919) % 100_000}`,
      name: ['Ada Lovelace', 'Grace Hopper', 'Zo\u00eb M\u00fcller', 'Edsger Dijkstra'][i % 4],
      iban: 'FR7630006000011234567890189',
      tier: 'gold',
      language: 'de-DE',
    },
    shipping: {
      street: `${1 + (i % 200)} Rue de la Paix`,
      city: 'Lyon',
      country: 'FR',
      notes: null,
      express: i % 9 === 0,
    },
    items: [item(1), item(2), item(3), item(4)],
    total: ((i * 211) % 100_000) / 100,
    tags: ['b2c', 'newsletter'],
    remark: 'Please leave the parcel with the neighbour if nobody opens the door.',
  };
}

/** The documents of ../shared/cases/json-documents. */
export function sharedDocuments(): { name: string; text: string }[] {
  const folder = join(import.meta.dirname, '../../../../shared/cases/json-documents');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
}

const fill = (unit: string, bytes: number): string =>
  unit.repeat(Math.max(1, Math.ceil(bytes / Buffer.byteLength(unit))));
const list = (unit: string, bytes: number): string => `[${fill(`${unit},`, bytes)}0]`;
const text = (unit: string, bytes: number): string => `["${fill(unit, bytes)}"]`;

/** What somebody would send to keep the filter busy. */
export const worstCases: readonly WorstCase[] = [
  {
    name: 'nested 500 deep',
    profile: anywhere,
    make: (bytes) => list(`${'{"a":'.repeat(500)}0${'}'.repeat(500)}`, bytes),
  },
  { name: 'brackets', profile: cardRules, make: (bytes) => list('[[[[]]]]', bytes) },
  {
    name: 'keys, each another one',
    profile: orderRules,
    make: (bytes) => {
      const count = Math.ceil(bytes / 14);
      return `{${Array.from({ length: count }, (_, i) => `"s${i}n":${i % 10}`).join()}}`;
    },
  },
  { name: 'keys that pass the filter of 16 names', profile: names(16), make: keyed },
  { name: 'keys that pass the filter of 1,000 names', profile: names(1_000), make: keyed },
  { name: 'keys before values that are dropped', profile: drops, make: (b) => list('{"a":0}', b) },
  { name: 'keys that are held and stay', profile: drops, make: (b) => list('{"b":0,"c":0}', b) },
  { name: '\\u escapes under KeepLast', profile: all(last), make: (b) => text('\\u0061', b) },
  { name: '\\u escapes, cards looked for', profile: cardRules, make: (b) => text('\\u0031', b) },
  { name: '\\u escapes, all looked for', profile: allRules, make: (b) => text('\\u0061', b) },
  {
    name: '\\u escapes in keys',
    profile: orderRules,
    make: (b) => list('{"\\u0073\\u006e":0}', b),
  },
  { name: 'surrogate pairs', profile: cardRules, make: (b) => text('\\ud835\\udfd2', b) },
  { name: 'digits, cards looked for', profile: cardRules, make: (b) => text('1', b) },
  { name: 'digits, all looked for', profile: allRules, make: (b) => text('4111111111111112 ', b) },
  { name: 'groups of digits', profile: allRules, make: (b) => text('1-2 3.4/', b) },
  { name: 'a number without end', profile: cardRules, make: (b) => `[${fill('1', b)}]` },
  { name: 'numbers with exponents', profile: cardRules, make: (b) => list('1e15', b) },
  { name: 'numbers of 256 digits', profile: cardRules, make: (b) => list('1'.repeat(256), b) },
  { name: '@', profile: emailRules, make: (b) => text('@', b) },
  { name: 'a@', profile: allRules, make: (b) => text('a@', b) },
  { name: 'a.', profile: allRules, make: (b) => text('a.', b) },
  { name: 'letters without end', profile: allRules, make: (b) => text('a', b) },
  { name: ':: and hexadecimal digits', profile: allRules, make: (b) => text('a:1::', b) },
  { name: 'quotes', profile: cardRules, make: (b) => list('""', b) },
  { name: 'escaped quotes', profile: allRules, make: (b) => text('\\"', b) },
  { name: 'strings that begin like documents', profile: cardRules, make: (b) => list('"["', b) },
  { name: 'strings that are documents', profile: cardRules, make: (b) => list('"{}"', b) },
  { name: 'a document in a string', profile: cardRules, make: documentInString },
  { name: 'the same, all escaped', profile: cardRules, make: escapedDocument },
  { name: 'digits under Redact', profile: all(redact), make: (b) => list('0', b) },
  { name: 'white space', profile: orderRules, make: (b) => `[${fill(' \n', b)}]` },
];

/** Values under operators whose cost is by value. */
export const keyedCases: readonly WorstCase[] = [
  ['of 16 bytes as tokens', { operator: 'Token' }, '4111111111111111'],
  ['of 1,000 bytes as tokens', { operator: 'Token' }, 'x'.repeat(1_000)],
  [
    'of 16 digits, format-preserving',
    { operator: 'FormatPreserving', param: 10 },
    '4111111111111111',
  ],
  ['of 16 bytes, hashed', { operator: 'Hash', param: 32 }, '4111111111111111'],
  ['of 10 bytes, date-shifted', { operator: 'DateShift', param: 30 }, '2026-11-27'],
].map(([name, rule, value]) => ({
  name: name as string,
  profile: all(rule as RuleSpec),
  make: (bytes) => list(`"${value}"`, bytes),
}));

function keyed(bytes: number): string {
  return `{${fill('"kkkke":0,', bytes)}"x":0}`;
}

function documentInString(bytes: number): string {
  return `[${JSON.stringify(list('{"a":"b"}', bytes))}]`;
}

function escapedDocument(bytes: number): string {
  const inner = list('{"a":"b"}', bytes / 6);
  const escaped = [...inner].map((char) => `\\u00${char.charCodeAt(0).toString(16)}`).join('');
  return `["${escaped}"]`;
}
