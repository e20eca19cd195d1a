/** Reads documents with the `yaml` library: every form of YAML, with the library's messages for mistakes. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
} from 'yaml';

import { ALIASES_MAX, DEPTH_MAX, tooDeep } from './limits.ts';
import type { ReadDocument } from './read-document.ts';

type Parsed = Document.Parsed;

/** A mistake; `offset` counts UTF-16 units of the file. */
export interface SyntaxProblem {
  readonly offset: number;
  readonly message: string;
  readonly help: string;
}

/** Reads the documents that `text` has from `start` to `end`. Those with problems and empty ones are left out. */
export function readSlow(
  text: string,
  start: number,
  end: number,
): { documents: ReadDocument[]; problems: SyntaxProblem[] } {
  const documents: ReadDocument[] = [];
  const problems: SyntaxProblem[] = [];
  for (const document of parseRange(text.slice(start, end), start, problems)) {
    const found = problemsOf(document, start);
    for (const problem of found) problems.push(problem);
    if (found.length > 0 || document.contents === null) continue;
    try {
      const raw: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
      if (raw !== null) documents.push(placed(document, raw, start));
    } catch (error) {
      const offset = start + (document.contents.range?.[0] ?? 0);
      const message = `aliases of this document cannot be resolved: ${reasonOf(error)}`;
      problems.push({ offset, message, help: 'write the values out instead of using `*` aliases' });
    }
  }
  return { documents, problems };
}

// Without pretty errors and without the library's look for equal keys, which take the square of a line and of a map.
function parseRange(text: string, start: number, problems: SyntaxProblem[]): Parsed[] {
  try {
    const parsed = parseAllDocuments(text, { prettyErrors: false, uniqueKeys: false });
    return 'empty' in parsed ? [] : parsed;
  } catch (error) {
    const message = `file cannot be read: ${reasonOf(error)}`;
    problems.push({ offset: start, message, help: 'nest values less deep' });
    return [];
  }
}

function problemsOf(document: Parsed, start: number): SyntaxProblem[] {
  const problems = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    offset: start + pos[0],
    message: `not valid YAML: ${plainMessage(message)}`,
    help: helpFor(code),
  }));
  const nodes: { node: Node; depth: number }[] = [];
  if (document.contents !== null) nodes.push({ node: document.contents, depth: 1 });
  for (let next = nodes.pop(); next !== undefined; next = nodes.pop()) {
    const { node, depth } = next;
    if (!isCollection(node)) continue;
    if (depth > DEPTH_MAX) {
      const { message, help, offset } = tooDeep(start + startOf(node));
      return [{ offset, message, help }];
    }
    if (isMap(node)) problems.push(...duplicateKeys(node, start));
    for (const child of childrenOf(node)) nodes.push({ node: child, depth: depth + 1 });
  }
  return problems;
}

function childrenOf(node: Node): Node[] {
  if (isSeq(node)) return node.items as Node[];
  if (!isMap(node)) return [];
  const children = node.items.flatMap((pair) => [pair.key, pair.value] as (Node | null)[]);
  return children.filter((child) => child !== null);
}

function duplicateKeys(map: YAMLMap, start: number): SyntaxProblem[] {
  const seen = new Set<unknown>();
  const problems: SyntaxProblem[] = [];
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value)) {
      problems.push({
        offset: start + startOf(key),
        message: 'not valid YAML: map keys must be unique',
        help: 'remove one of the two, a key may stand once in a map',
      });
    }
    seen.add(key.value);
  }
  return problems;
}

function placed(document: Parsed, raw: unknown, start: number): ReadDocument {
  return {
    raw,
    find: (path) => {
      const { key, value } = find(document, path);
      return {
        value: start + startOf(value),
        key: key === undefined ? undefined : start + startOf(key),
      };
    },
    scalarAt: (path) => {
      const { value } = find(document, path);
      if (!isScalar(value) || typeof value.value !== 'string') return undefined;
      return { value: value.value, type: value.type, start: start + startOf(value) };
    },
  };
}

// Stops at the last node that exists, so that a missing field is reported at the map that lacks it.
function find(
  document: Parsed,
  path: readonly PropertyKey[],
): { key?: Node | undefined; value: Node | null | undefined } {
  let value: Node | null | undefined = document.contents;
  let key: Node | undefined;
  for (const step of path) {
    if (isAlias(value)) value = value.resolve(document);
    let next: Node | null | undefined;
    if (isMap(value)) {
      const pair: Pair | undefined = value.items.find((item) => keyText(item) === String(step));
      if (pair === undefined) return { key, value };
      key = pair.key as Node;
      next = (pair.value as Node | null) ?? key;
    } else if (isSeq(value)) next = value.items[Number(step)] as Node | undefined;
    if (next === undefined) return { key, value };
    value = next;
  }
  return { key, value };
}

function startOf(node: Node | null | undefined): number {
  return node?.range?.[0] ?? 0;
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

// The library's messages may repeat the text that they are about.
function plainMessage(message: string): string {
  const plain = message.split(/ at line \d+|\n/)[0] ?? message;
  const short =
    plain.length > MESSAGE_LENGTH_MAX ? `${plain.slice(0, MESSAGE_LENGTH_MAX)}...` : plain;
  return short.charAt(0).toLowerCase() + short.slice(1).replace(/[.:]$/, '');
}

function helpFor(code: string): string {
  if (code === 'TAB_AS_INDENT') return 'indent with spaces';
  return 'check indentation, brackets and quotes around this place';
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return 'it is nested too deep';
  return plainMessage(error instanceof Error ? error.message : String(error));
}

const MESSAGE_LENGTH_MAX = 200;
