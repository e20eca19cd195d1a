/** Reads the YAML or JSON documents of a file and knows where each of their values stands. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type Scalar,
} from 'yaml';

import type { PolicyError } from './policy-error.ts';
import type { Origin } from './policy-set.ts';
import { scalarOffset } from './scalar-offset.ts';

/** A file of policies as it was read. */
export interface PolicyFile {
  readonly name: string;
  readonly text: string;
}

/** A document without errors of its syntax. */
export interface PolicyDocument {
  /** Plain values. */
  readonly raw: unknown;
  /** Where the value at a path of keys stands, or the nearest value around it that is there. */
  readonly originOf: (path: readonly PropertyKey[]) => Origin;
  /** Where the key at a path stands. */
  readonly originOfKey: (path: readonly PropertyKey[]) => Origin;
  /** Where the character at `offset` of the string at a path stands, also in block scalars and escapes. */
  readonly originInside: (path: readonly PropertyKey[], offset: number) => Origin;
}

/** Documents that could be read, and the errors of those that could not. Empty documents are left out. */
export function readPolicyFile(file: PolicyFile): {
  documents: PolicyDocument[];
  errors: PolicyError[];
} {
  const bytes = Buffer.byteLength(file.text, 'utf8');
  if (bytes > FILE_BYTES_MAX) {
    const message = `file has ${bytes} bytes, at most ${FILE_BYTES_MAX} are read`;
    return { documents: [], errors: [startError(file, message, 'split it into several files')] };
  }
  const lines = new LineCounter();
  const documents: PolicyDocument[] = [];
  const errors: PolicyError[] = [];
  for (const document of parseFile(file, lines, errors)) {
    const problems = [...document.errors, ...document.warnings];
    for (const problem of problems) {
      const message = `not valid YAML: ${plainMessage(problem.message)}`;
      errors.push({ ...place(file, lines, problem.pos[0]), message, help: helpFor(problem.code) });
    }
    if (problems.length > 0 || document.contents === null) continue;
    try {
      const raw: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
      if (raw !== null) documents.push(placed(file, lines, document, raw));
    } catch (error) {
      const message = `aliases of this document cannot be resolved: ${reasonOf(error)}`;
      const at = place(file, lines, document.contents.range?.[0] ?? 0);
      errors.push({ ...at, message, help: 'write the values out instead of using `*` aliases' });
    }
  }
  return { documents, errors };
}

type Parsed = Document.Parsed;

function parseFile(file: PolicyFile, lines: LineCounter, errors: PolicyError[]): Parsed[] {
  try {
    const parsed = parseAllDocuments(file.text, { lineCounter: lines, prettyErrors: true });
    return 'empty' in parsed ? [] : parsed;
  } catch (error) {
    errors.push(
      startError(file, `file cannot be read: ${reasonOf(error)}`, 'nest values less deep'),
    );
    return [];
  }
}

function placed(
  file: PolicyFile,
  lines: LineCounter,
  document: Parsed,
  raw: unknown,
): PolicyDocument {
  const originAt = (offset: number): Origin => place(file, lines, offset);
  const start = (node: Node | null | undefined): number => node?.range?.[0] ?? 0;
  return {
    raw,
    originOf: (path) => originAt(start(find(document, path).value)),
    originOfKey: (path) => {
      const { key, value } = find(document, path);
      return originAt(start(key ?? value));
    },
    originInside: (path, offset) => {
      const { value } = find(document, path);
      const at = isScalar(value) ? scalarOffset(value as Scalar, file.text, offset) : start(value);
      return originAt(at);
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

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function place(file: PolicyFile, lines: LineCounter, offset: number): Origin {
  const { line, col } = lines.linePos(Math.min(offset, file.text.length));
  return { file: file.name, line: Math.max(1, line), column: Math.max(1, col) };
}

function startError(file: PolicyFile, message: string, help: string): PolicyError {
  return { file: file.name, line: 1, column: 1, message, help };
}

// The library's messages end with the place and a drawing of it; we give the place ourselves.
function plainMessage(message: string): string {
  const plain = message.split(/ at line \d+|\n/)[0] ?? message;
  return plain.charAt(0).toLowerCase() + plain.slice(1).replace(/[.:]$/, '');
}

function helpFor(code: string): string {
  if (code === 'DUPLICATE_KEY') return 'remove one of the two, a key may stand once in a map';
  if (code === 'TAB_AS_INDENT') return 'indent with spaces';
  return 'check indentation, brackets and quotes around this place';
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return 'it is nested too deep';
  const message = error instanceof Error ? error.message : String(error);
  return plainMessage(message);
}

const FILE_BYTES_MAX = 10 * 1024 * 1024;
const ALIASES_MAX = 100;
