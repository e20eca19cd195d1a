/** Look-ups in the tables of a compiled bundle: records, lists, hash tables and the trie of paths. */
import { CHILD_LEAF, NONE, PROBES_MAX } from '../../controller/layout.ts';
import { hash32 } from '../../controller/policy/hash32.ts';
import type { Fields, SectionsFile } from './read-sections.ts';

/** A record. Throws when there is none. */
export function row(bundle: SectionsFile, section: string, index: number): Fields {
  const fields = bundle.records[section]?.[index];
  if (fields === undefined) throw new Error(`${section} has no record ${index}`);
  return fields;
}

/** The entries of the list that the fields `...Start` and `...Count` name. Throws when it is cut. */
export function list(bundle: SectionsFile, fields: Fields, name: string): readonly number[] {
  return entries(bundle, Number(fields[`${name}Start`]), Number(fields[`${name}Count`]));
}

/** So many entries of Lists. Throws when there are fewer. */
export function entries(bundle: SectionsFile, start: number, count: number): readonly number[] {
  const found = bundle.numbers.Lists?.slice(start, start + count) ?? [];
  if (found.length !== count) throw new Error(`list at ${start} is cut`);
  return found;
}

/** The records of a section that slots may lead to for a text below an owner (0 where there is none). */
export function lookUp(
  bundle: SectionsFile,
  [slotsName, section]: readonly [slots: string, records: string],
  text: string,
  owner = 0,
): { readonly index: number; readonly fields: Fields }[] {
  const slots = bundle.numbers[slotsName] ?? [];
  const hash = (hash32(Buffer.from(text)) ^ Math.imul(owner, 0x9e3779b1)) >>> 0;
  const found: { index: number; fields: Fields }[] = [];
  for (let probe = 0; probe < Math.min(PROBES_MAX, slots.length); probe++) {
    const word = slots[((hash + probe) & (slots.length - 1)) >>> 0] ?? 0;
    if (word === 0) break;
    const index = (word & 0xff_ffff) - 1;
    if (word >>> 24 === hash >>> 24) found.push({ index, fields: row(bundle, section, index) });
  }
  return found;
}

/** Indexes of the patterns that match a path, walking the trie along all branches at once. */
export function matchingPatterns(bundle: SectionsFile, path: string): Set<number> {
  const found = new Set<number>();
  const add = (pattern: unknown): unknown => pattern !== NONE && found.add(Number(pattern));
  const segments = path.split('/').slice(1);
  if (segments.length > 64) return found;
  let places = [0];
  for (const [i, segment] of [...segments, undefined].entries()) {
    const rest = segment === undefined ? undefined : segments.slice(i).join('/');
    for (const place of places) {
      const node = nodeAt(bundle, place);
      if (segment === undefined) add(node?.end ?? place - CHILD_LEAF);
      add(node?.tail ?? NONE);
      for (const length of rest === undefined || !node ? [] : prefixLengths(bundle, node)) {
        for (const pattern of affixesOf(bundle, place, bytesIn(rest, 0, length))) add(pattern);
      }
    }
    if (segment !== undefined) places = places.flatMap((at) => childrenOf(bundle, at, segment));
  }
  for (const length of list(bundle, bundle.header, 'suffixLength')) {
    const total = Buffer.byteLength(path);
    const end = bytesIn(path, total - length, total);
    for (const pattern of affixesOf(bundle, NONE, end)) add(pattern);
  }
  return found;
}

// A leaf is no node.
function nodeAt(bundle: SectionsFile, place: number): Fields | undefined {
  return place >= CHILD_LEAF ? undefined : row(bundle, 'PathNodes', place);
}

function childrenOf(bundle: SectionsFile, place: number, segment: string): number[] {
  const node = nodeAt(bundle, place);
  if (node === undefined) return [];
  const edges = lookUp(bundle, ['EdgeSlots', 'PathEdges'], segment, place)
    .filter(({ fields }) => fields.node === place && fields.segment === segment)
    .map(({ fields }) => Number(fields.child));
  return segment !== '' && node.anyChild !== NONE ? [...edges, Number(node.anyChild)] : edges;
}

function prefixLengths(bundle: SectionsFile, node: Fields): readonly number[] {
  const at = Number(node.prefixes);
  if (at === NONE) return [];
  const [count = 0] = entries(bundle, at, 1);
  return entries(bundle, at + 1, count);
}

function affixesOf(bundle: SectionsFile, node: number, text: string | undefined): number[] {
  if (text === undefined) return [];
  return lookUp(bundle, ['AffixSlots', 'PathAffixes'], text, node)
    .filter(({ fields }) => fields.node === node && fields.text === text)
    .map(({ fields }) => Number(fields.pattern));
}

function bytesIn(text: string | undefined, from: number, to: number): string | undefined {
  const bytes = Buffer.from(text ?? '');
  return from < 0 || to > bytes.length ? undefined : bytes.subarray(from, to).toString();
}
