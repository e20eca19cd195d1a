/** Writes one YAML document in the canonical form; comments stay at the value that they stand before or behind. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

import { blockLines } from './block-scalar-text.ts';
import {
  type OrderSchema,
  orderOfItem,
  orderOfKind,
  orderOfMember,
  sortMembers,
} from './key-order.ts';
import { lineText } from './scalar-text.ts';

/** Lines of a document that `text` has; without its `---`. */
export function writeDocument(document: Document.Parsed, text: string): string[] {
  const lines = commentLines(document.commentBefore, '');
  if (lines.length > 0 && document.contents !== null) lines.push('');
  lines.push(...new Writer(text, isReferring(text, document)).write(document.contents));
  const after = commentLines(document.comment, '');
  if (after.length > 0 && lines.length > 0) lines.push('');
  lines.push(...after);
  return lines;
}

// Behind another order of keys an alias could stand before its anchor.
function isReferring(text: string, document: Document.Parsed): boolean {
  const [start = 0, end = 0] = document.contents?.range ?? [];
  return /[&*]/.test(text.slice(start, end)) && document.contents !== null && hasAlias(document);
}

function hasAlias(document: Document.Parsed): boolean {
  const waiting: unknown[] = [document.contents];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (isAlias(node)) return true;
    if (isMap(node)) for (const { key, value } of node.items) waiting.push(key ?? 0, value ?? 0);
    else if (isSeq(node)) for (const item of node.items) waiting.push(item ?? 0);
  }
  return false;
}

/** What is written below or behind a key or dash: `head` on its line, `body` on the lines below. */
interface Written {
  readonly head: string;
  readonly body: readonly string[];
}

class Writer {
  readonly #text: string;
  readonly #keepsOrder: boolean;

  constructor(text: string, keepsOrder: boolean) {
    this.#text = text;
    this.#keepsOrder = keepsOrder;
  }

  write(root: Node | null): string[] {
    if (root === null) return [];
    const kind = isMap(root) ? root.get('kind') : undefined;
    const schema = typeof kind === 'string' ? orderOfKind(kind) : undefined;
    const before = [...commentLines(root.commentBefore, ''), ...takeFirstComment(root)];
    const { head, body } = this.#value(root, '', 0, schema, true);
    return [...before, ...(head === '' ? [] : [head]), ...body];
  }

  // `indent` is that of the lines below; `column` is where the head starts.
  #value(
    node: Node | null,
    indent: string,
    column: number,
    schema: OrderSchema | undefined,
    isRoot = false,
  ): Written {
    if (node === null) return { head: '', body: [] };
    if (isAlias(node)) return { head: `*${node.source}${trailing(node)}`, body: [] };
    const anchor = anchorOf(node);
    if (isScalar(node)) return this.#scalar(node, anchor, indent, column);
    const flow = isRoot ? undefined : this.#flowIfFits(node, column + anchor.length, schema);
    if (flow !== undefined) return { head: `${anchor}${flow}${trailing(node)}`, body: [] };
    const before = isRoot ? [] : commentLines(node.commentBefore, indent);
    const body = isMap(node)
      ? this.#map(node, indent, schema)
      : this.#list(node as YAMLSeq, indent, schema);
    const after = commentLines(node.comment, indent);
    return { head: anchor.trimEnd(), body: [...before, ...body, ...after] };
  }

  #scalar(node: Scalar, anchor: string, indent: string, column: number): Written {
    const comment = trailing(node);
    if (node.value === null && (node.source ?? '') === '' && anchor === '') {
      return { head: comment.trimStart(), body: [] };
    }
    const oneLine = `${anchor}${lineText(node, false)}`;
    const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
    const fits = column + oneLine.length <= WIDTH;
    const block = isBlock || !fits ? blockLines(node, this.#text) : undefined;
    if (block === undefined) {
      const more = commentLines(node.comment, indent).slice(1);
      return { head: `${oneLine}${comment}`, body: more };
    }
    const body = block.lines.map((line) => (line === '' ? '' : `${indent || '  '}${line}`));
    return { head: `${anchor}${block.header}${comment}`, body };
  }

  #map(node: YAMLMap, indent: string, schema: OrderSchema | undefined): string[] {
    const lines: string[] = [];
    for (const pair of this.#sorted(node.items as Pair<Node, Node | null>[], schema)) {
      const { key, value } = pair;
      if (lines.length > 0 && key.spaceBefore) lines.push('');
      lines.push(...commentLines(key.commentBefore, indent));
      const keyText = `${isScalar(key) ? lineText(key, false) : String(key)}:`;
      const inner = orderOfMember(schema, textOf(key));
      const column = indent.length + keyText.length + 1;
      const { head, body } = this.#value(value, `${indent}  `, column, inner);
      lines.push(`${indent}${keyText}${head === '' ? '' : ` ${head}`}`, ...body);
    }
    return lines;
  }

  #list(node: YAMLSeq, indent: string, schema: OrderSchema | undefined): string[] {
    const lines: string[] = [];
    for (const item of node.items as (Node | null)[]) {
      if (lines.length > 0 && item?.spaceBefore) lines.push('');
      if (!isScalar(item) || item.commentBefore) lines.push(...this.#beforeItem(item, indent));
      lines.push(...this.#item(item, indent, orderOfItem(schema)));
    }
    return lines;
  }

  #beforeItem(item: Node | null, indent: string): string[] {
    return commentLines(item?.commentBefore, indent);
  }

  #item(item: Node | null, indent: string, schema: OrderSchema | undefined): string[] {
    const inner = `${indent}  `;
    const { head, body } = this.#value(withoutComment(item), inner, inner.length, schema);
    if (head !== '') return [`${indent}- ${head}`, ...body];
    const start = body.findIndex((line) => line !== '' && !line.trimStart().startsWith('#'));
    if (start < 0) return [`${indent}-`, ...body];
    // The first key stands on the line of the dash; comments before it go before both.
    const before = body.slice(0, start).map((line) => line.replace(inner, indent));
    const first = body[start]?.slice(inner.length) ?? '';
    return [...before, `${indent}- ${first}`, ...body.slice(start + 1)];
  }

  #sorted(
    pairs: readonly Pair<Node, Node | null>[],
    schema: OrderSchema | undefined,
  ): readonly Pair<Node, Node | null>[] {
    return this.#keepsOrder ? pairs : sortMembers(pairs, ({ key }) => textOf(key), schema);
  }

  #flowIfFits(node: Node, column: number, schema: OrderSchema | undefined): string | undefined {
    const isEmpty = (isMap(node) || isSeq(node)) && node.items.length === 0;
    const isFlow = (isMap(node) || isSeq(node)) && node.flow === true;
    if ((!isFlow && !isEmpty) || hasInnerComment(node)) return undefined;
    const text = this.#flow(node, schema);
    return column + text.length <= WIDTH || isEmpty ? text : undefined;
  }

  #flow(node: Node | null, schema: OrderSchema | undefined): string {
    if (node === null) return 'null';
    if (isAlias(node)) return `*${node.source} `;
    const anchor = anchorOf(node);
    if (isScalar(node)) return `${anchor}${lineText(node, true)}`;
    if (isSeq(node)) {
      const inner = orderOfItem(schema);
      return `${anchor}[${node.items.map((item) => this.#flow(item as Node, inner)).join(', ')}]`;
    }
    const pairs = this.#sorted((node as YAMLMap).items as Pair<Node, Node | null>[], schema);
    if (pairs.length === 0) return `${anchor}{}`;
    const members = pairs.map(({ key, value }) => {
      const inner = orderOfMember(schema, textOf(key));
      return `${lineText(key as Scalar, true)}: ${this.#flow(value, inner)}`;
    });
    return `${anchor}{ ${members.join(', ')} }`;
  }
}

// What stands at the top of a document is about all of it, whichever key comes first.
function takeFirstComment(root: Node): string[] {
  const key = isMap(root) ? (root.items[0]?.key as Node | undefined) : undefined;
  const lines = commentLines(key?.commentBefore, '');
  if (key !== undefined) key.commentBefore = null;
  return lines;
}

// The comment before an item is written before its dash.
function withoutComment(item: Node | null): Node | null {
  if (item !== null && !isAlias(item)) item.commentBefore = null;
  return item;
}

function hasInnerComment(node: Node): boolean {
  const waiting: Node[] = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next !== node && (next.comment || next.commentBefore)) return true;
    if (isMap(next)) {
      for (const { key, value } of next.items) waiting.push(...[key as Node, value as Node]);
    } else if (isSeq(next)) waiting.push(...(next.items as Node[]));
  }
  return Boolean(node.commentBefore) || node.comment?.includes('\n') === true;
}

function anchorOf(node: Node): string {
  return 'anchor' in node && node.anchor ? `&${node.anchor} ` : '';
}

function textOf(key: Node): string {
  return isScalar(key) ? String(key.value) : String(key);
}

// The first line of a comment stands behind its value.
function trailing(node: Node): string {
  return node.comment ? ` #${node.comment.split('\n')[0]}`.trimEnd() : '';
}

function commentLines(comment: string | null | undefined, indent: string): string[] {
  if (comment === null || comment === undefined) return [];
  return comment.split('\n').map((line) => (line === '' ? '' : `${indent}#${line}`.trimEnd()));
}

const WIDTH = 100;
