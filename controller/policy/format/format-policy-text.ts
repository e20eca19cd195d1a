/** The canonical form of policy files: same meaning, same comments, one way to write them. */
import { parseAllDocuments } from 'yaml';

import { parsePolicySet } from '../parse.ts';
import type { PolicyError } from '../policy-error.ts';
import { readPolicyFile } from '../yaml-file.ts';
import { lostComment } from './comments.ts';
import {
  type OrderSchema,
  orderOfItem,
  orderOfKind,
  orderOfMember,
  sortMembers,
} from './key-order.ts';
import { writeDocument } from './write-document.ts';

/**
 * The text in its canonical form, or the mistakes for which it is refused. Formatting again changes nothing. A file whose name ends in
 * `.json` stays JSON.
 */
export function formatPolicyText(
  name: string,
  text: string,
): { text: string } | { errors: PolicyError[] } {
  const { errors } = parsePolicySet([{ name, text }], { skipsDescriptors: true });
  if (errors.length > 0) return { errors };
  const formatted = (name.endsWith('.json') ? formatJson(text) : undefined) ?? settle(text);
  const fault = faultOf(name, text, formatted);
  return fault === undefined ? { text: formatted } : { errors: [fault] };
}

// A comment at the end of a list or map may belong to another one once its place is a new one; the form that stays is taken.
function settle(text: string): string {
  let before = text;
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const after = formatYaml(before);
    if (after === before) break;
    before = after;
  }
  return before;
}

function formatYaml(text: string): string {
  const documents = parseAllDocuments(text, { prettyErrors: false, uniqueKeys: false });
  if ('empty' in documents) return text.trim() === '' ? '' : `${text.trim()}\n`;
  const written = documents
    .map((document) => writeDocument(document, text))
    .filter((lines) => lines.length > 0);
  return written.map((lines) => `${lines.join('\n')}\n`).join('---\n');
}

/** JSON has no comments and one form: only the order of keys and the white space change. */
function formatJson(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const kind = (value as { kind?: unknown } | null)?.kind;
  const schema = typeof kind === 'string' ? orderOfKind(kind) : undefined;
  return `${JSON.stringify(sortDeep(value, schema), null, 2)}\n`;
}

function sortDeep(value: unknown, schema: OrderSchema | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => sortDeep(item, orderOfItem(schema)));
  if (typeof value !== 'object' || value === null) return value;
  const members = sortMembers(Object.entries(value), ([key]) => key, schema);
  return Object.fromEntries(
    members.map(([key, inner]) => [key, sortDeep(inner, orderOfMember(schema, key))]),
  );
}

// Whatever the writer does not know how to keep is refused instead of lost.
function faultOf(name: string, before: string, after: string): PolicyError | undefined {
  const lost = lostComment(before, after);
  const place = { file: name, line: lineOf(before, lost), column: 1 };
  if (lost !== undefined) {
    const message = `the comment \`#${lost}\` has no place in the formatted file`;
    return { ...place, message, help: 'put it on a line of its own before a key or an entry' };
  }
  if (valuesOf(name, before) === valuesOf(name, after)) return undefined;
  const message = 'formatting would change what the file says';
  return { ...place, message, help: 'leave out directives, tags and anchors, then format again' };
}

function lineOf(text: string, comment: string | undefined): number {
  if (comment === undefined) return 1;
  const line = text.split('\n').findIndex((candidate) => candidate.includes(comment));
  return Math.max(0, line) + 1;
}

// All values with sorted keys, as a text.
function valuesOf(name: string, text: string): string {
  const documents = [...readPolicyFile({ name, text })];
  return JSON.stringify(documents.map((read) => (Array.isArray(read) ? read : sortKeys(read.raw))));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return members.map(([key, inner]) => [key, sortKeys(inner)]);
}

// Comments settle within the depth of a policy.
const PASSES_MAX = 16;
