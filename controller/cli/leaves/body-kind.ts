/** What a body is, by its content type or the name of its file. */

/** Bodies whose values can be listed. */
export type BodyKind = 'json' | 'json-lines' | 'csv' | 'form' | 'xml' | 'text';

/** The kind of a content type: plain lines for every other text, undefined where there are no lines. */
export function kindOfType(contentType: string): BodyKind | undefined {
  const [type = ''] = contentType.toLowerCase().split(';');
  const essence = type.trim();
  if (/^application\/(?:grpc|octet-stream|protobuf|x-protobuf)/.test(essence)) return undefined;
  return kinds.get(essence) ?? suffixes.find(([end]) => essence.endsWith(end))?.[1] ?? 'text';
}

/** The kind of a file: by the end of its name; undefined for an unknown one. */
export function kindOfFile(name: string): BodyKind | undefined {
  const [, end] = /\.([A-Za-z0-9]+)$/.exec(name) ?? [];
  return end === undefined ? undefined : ends.get(end.toLowerCase());
}

/** The kind of a text of which nothing else is known, by its first character. */
export function kindOfStart(text: string): BodyKind {
  const first = text.trimStart()[0];
  return first === '{' || first === '[' ? 'json' : first === '<' ? 'xml' : 'text';
}

/** The content type that a kind is sent with. */
export function typeOfKind(kind: BodyKind): string {
  return types[kind];
}

const types: Readonly<Record<BodyKind, string>> = {
  json: 'application/json',
  'json-lines': 'application/x-ndjson',
  csv: 'text/csv',
  form: 'application/x-www-form-urlencoded',
  xml: 'application/xml',
  text: 'text/plain',
};
const kinds: ReadonlyMap<string, BodyKind> = new Map([
  ...Object.entries(types).map(([kind, type]): [string, BodyKind] => [type, kind as BodyKind]),
  ['text/json', 'json'],
  ['application/ndjson', 'json-lines'],
  ['application/jsonl', 'json-lines'],
  ['application/json-seq', 'json-lines'],
  ['text/xml', 'xml'],
]);
const suffixes: readonly (readonly [string, BodyKind])[] = [
  ['+json', 'json'],
  ['+xml', 'xml'],
];
const ends: ReadonlyMap<string, BodyKind> = new Map([
  ['json', 'json'],
  ['ndjson', 'json-lines'],
  ['jsonl', 'json-lines'],
  ['csv', 'csv'],
  ['form', 'form'],
  ['xml', 'xml'],
  ['soap', 'xml'],
  ['txt', 'text'],
  ['log', 'text'],
]);
