/** A naive reader of XML for the kernel tests; throws where a document is not well-formed. */

/** An element; texts that touch are one. */
export interface Element {
  name: string;
  attributes: [string, string][];
  children: (Element | string)[];
}

/** The root of a document. */
export function readXml(document: string): Element {
  let rest = document.replace(/^<\?xml [^?]*\?>/, '');
  const root: Element = { name: '', attributes: [], children: [] };
  const open = [root];
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const match = pattern.exec(rest);
    if (match) rest = rest.slice(match[0].length);
    return match;
  };
  while (rest !== '') {
    const top = open.at(-1) as Element;
    if (take(/^<!--(?:(?!--)[\s\S])*-->/) || take(/^<\?[^\s?]+(?:\s(?:(?!\?>)[\s\S])*)?\?>/))
      continue;
    const section = take(/^<!\[CDATA\[((?:(?!\]\]>)[\s\S])*)\]\]>/);
    if (section) {
      addText(top, section[1] ?? '');
      continue;
    }
    const end = take(/^<\/([^\s<>/]+)\s*>/);
    if (end) {
      if (end[1] !== top.name || open.length === 1) throw new Error(`end of ${end[1]}`);
      open.pop();
      continue;
    }
    const start = take(/^<([^\s<>/!?]+)((?:\s+[^\s=<>/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/);
    if (start) {
      const element: Element = {
        name: start[1] ?? '',
        attributes: attributesOf(start[2] ?? ''),
        children: [],
      };
      top.children.push(element);
      if (start[3] === '') open.push(element);
      continue;
    }
    const text = take(/^[^<]+/)?.[0];
    if (text === undefined || text.includes(']]>'))
      throw new Error(`markup at ${rest.slice(0, 20)}`);
    if (open.length > 1) addText(top, decode(text));
    else if (text.trim() !== '') throw new Error('text outside the root');
  }
  const elements = root.children;
  if (open.length !== 1 || elements.length !== 1) throw new Error('no root');
  return elements[0] as Element;
}

/** All texts and values of attributes, one after another. */
export function textOf(element: Element): string {
  const values = element.attributes.map(([, value]) => value);
  const texts = element.children.map((child) =>
    typeof child === 'string' ? child : textOf(child),
  );
  return [...values, ...texts].join('');
}

function addText(element: Element, text: string): void {
  const last = element.children.at(-1);
  if (typeof last === 'string') element.children[element.children.length - 1] = last + text;
  else element.children.push(text);
}

function attributesOf(text: string): [string, string][] {
  return [...text.matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(
    ([, name, double, single]) => [name ?? '', decode(double ?? single ?? '')],
  );
}

function decode(text: string): string {
  const names: Record<string, string> = { lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' };
  return text.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|(\w*));?/gi, (whole, hex, decimal, name) => {
    if (!whole.endsWith(';')) throw new Error(`reference ${whole}`);
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    const character = names[name];
    if (character === undefined) throw new Error(`entity ${name}`);
    return character;
  });
}
