/** Texts and attributes of XML, for showing and counting: no entities but the five of XML and numeric ones. */
import { type Leaf, UnlistedBody } from './leaf.ts';

/** Every text that is not blank, and every attribute as `@name`. Throws UnlistedBody where tags do not match. */
export function* xmlLeaves(text: string): Generator<Leaf> {
  const open: string[] = [];
  for (let at = 0; at < text.length; ) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) throw new UnlistedBody(at);
    const [whole, cdata, tag, plain] = match;
    at += whole.length;
    const content = cdata ?? plain;
    if (content !== undefined && content.trim() !== '') {
      const decoded = cdata ?? decode(content);
      yield { record: 0, steps: [...open], text: decoded, raw: content, isNumber: false };
    }
    if (tag === undefined) continue;
    const [, close, name = '', attributes = '', empty] = parts.exec(tag) ?? [];
    if (close === '/') {
      if (open.pop() !== name) throw new UnlistedBody(at);
      continue;
    }
    for (const [, key = '', double, single] of attributes.matchAll(attribute)) {
      const raw = double ?? single ?? '';
      const steps = [...open, name, `@${key}`];
      yield { record: 0, steps, text: decode(raw), raw, isNumber: false };
    }
    if (empty !== '/') open.push(name);
  }
  if (open.length > 0) throw new UnlistedBody(text.length);
}

function decode(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(lt|gt|amp|quot|apos));/gi,
    (whole, ...found) => {
      const [hex, decimal, name] = found as (string | undefined)[];
      if (name !== undefined) return names[name.toLowerCase()] ?? whole;
      const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    },
  );
}

const names: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
};
// Comments, instructions and declarations, a section of characters, a tag, a text.
const token =
  /<!--.*?-->|<\?.*?\?>|<!\[CDATA\[(.*?)\]\]>|<![^>]*>|<((?:"[^"]*"|'[^']*'|[^'">])*)>|([^<]+)/sy;
const parts = /^(\/?)([^\s/]+)((?:"[^"]*"|'[^']*'|[^'"])*?)(\/?)$/;
const attribute = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
