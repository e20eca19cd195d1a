/**
 * Bodies that people hide secrets in, by name, and what becomes of them under `masked-policy.ts`: the same list for the
 * host and for a real Envoy.
 */

/** A body and what a receiver gets of it. */
export interface NamedBody {
  readonly name: string;
  /** Absent: without a content type. */
  readonly type?: string;
  readonly body: string | Buffer;
  /** What goes on; absent: it is refused, or cut off before any of `secrets`. */
  readonly masked?: string | Buffer;
  /** What is in no byte that goes on; the card and its digits when absent. */
  readonly secrets?: readonly string[];
}

const json = 'application/json';
const card = '4111-1111-1111-1111';
const kept = '****-****-****-1111';
const escaped = (text: string) =>
  [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const wide = (text: string, bytes: 2 | 4, isBig: boolean): Buffer => {
  const out = Buffer.alloc(text.length * bytes);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (bytes === 2 && isBig) out.writeUInt16BE(code, i * 2);
    else if (bytes === 2) out.writeUInt16LE(code, i * 2);
    else if (isBig) out.writeUInt32BE(code, i * 4);
    else out.writeUInt32LE(code, i * 4);
  }
  return out;
};
const part = (name: string, body: string, boundary = 'Xy') =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${body}\r\n`;

const escapes: NamedBody[] = [
  {
    name: 'a value behind escapes',
    type: json,
    body: `["${escaped('4111')}111111111111"]`,
    masked: '["************1111"]',
  },
  {
    name: 'a key behind escapes',
    type: json,
    body: `{"${escaped('ssn')}":"078-05-1120"}`,
    masked: `{"${escaped('ssn')}":"***"}`,
    secrets: ['078', '1120'],
  },
  {
    name: 'half a key behind an escape',
    type: json,
    body: '{"s\\u0073n":"078-05-1120"}',
    masked: '{"s\\u0073n":"***"}',
    secrets: ['078', '1120'],
  },
  {
    name: 'a key in another case',
    type: json,
    body: '{"SsN":"078-05-1120"}',
    masked: '{"SsN":"***"}',
    secrets: ['078'],
  },
  {
    name: 'a key with a long s',
    type: json,
    body: '{"\u017f\u017fn":"078-05-1120"}',
    masked: '{"\u017f\u017fn":"***"}',
    secrets: ['078'],
  },
  {
    name: 'a key with a long s behind an escape',
    type: json,
    body: '{"\\u017Fsn":"078-05-1120"}',
    masked: '{"\\u017Fsn":"***"}',
    secrets: ['078'],
  },
  {
    name: 'a key twice',
    type: json,
    body: '{"ssn":"078-05-1120","ssn":"219-09-9999"}',
    masked: '{"ssn":"***","ssn":"***"}',
    secrets: ['078', '219'],
  },
];

const numbers: NamedBody[] = [
  {
    name: 'a card as a number',
    type: json,
    body: '{"n":4111111111111111}',
    masked: '{"n":"************1111"}',
  },
  {
    name: 'a card as a fraction',
    type: json,
    body: '{"n":4111111111111111.0}',
    secrets: ['4111111'],
    masked: '{"n":"*************111.0"}',
  },
  {
    name: 'a card as an exponent',
    type: json,
    body: '{"n":4.111111111111111e15}',
    secrets: ['11111111'],
    masked: '{"n":"*.**************1e15"}',
  },
  {
    name: 'a card in fullwidth digits',
    type: json,
    body: '["４１１１１１１１１１１１１１１１"]',
    secrets: ['４１１１１'],
    masked: '["************１１１１"]',
  },
  {
    name: 'a card between blanks',
    type: json,
    body: '["4111 1111 1111 1111"]',
    masked: '["**** **** **** 1111"]',
    secrets: ['4111'],
  },
  {
    name: 'a card between dashes',
    type: json,
    body: '["4111\u20131111\u20131111\u20131111"]',
    masked: '["****\u2013****\u2013****\u20131111"]',
    secrets: ['4111'],
  },
];

const odd: NamedBody[] = [
  { name: 'two documents', type: json, body: `{}["${card}"]` },
  { name: 'trailing garbage', type: json, body: `{"a":1} ${card}` },
  { name: 'NaN', type: json, body: `{"a":NaN,"b":"${card}"}` },
  { name: 'a comment', type: json, body: `{/* ${card} */}` },
  { name: 'a document that ends early', type: json, body: `{"a":"${card}"` },
  {
    name: 'a type in another case',
    type: 'Application/JSON; Charset=UTF-8',
    body: `["${card}"]`,
    masked: `["${kept}"]`,
  },
  {
    name: 'a type with parameters',
    type: 'application/json; profile="a;b"',
    body: `["${card}"]`,
    masked: `["${kept}"]`,
  },
  { name: 'no type', body: `["${card}"]` },
  { name: 'two types', type: 'application/json, application/json', body: `["${card}"]` },
];

const charsets: NamedBody[] = [
  { name: 'UTF-8 with a mark', type: json, body: `\ufeff["${card}"]`, masked: `\ufeff["${kept}"]` },
  {
    name: 'UTF-16 with a mark',
    type: 'application/json; charset=utf-16',
    body: wide(`\ufeff["${card}"]`, 2, false),
    masked: wide(`\ufeff["${kept}"]`, 2, false),
  },
  {
    name: 'UTF-16LE',
    type: 'application/json; charset=utf-16le',
    body: wide(`["${card}"]`, 2, false),
    masked: wide(`["${kept}"]`, 2, false),
  },
  {
    name: 'UTF-16BE',
    type: 'application/json; charset=utf-16be',
    body: wide(`["${card}"]`, 2, true),
    masked: wide(`["${kept}"]`, 2, true),
  },
  {
    name: 'UTF-32LE',
    type: 'application/json; charset=utf-32le',
    body: wide(`["${card}"]`, 4, false),
    masked: wide(`["${kept}"]`, 4, false),
  },
  {
    name: 'UTF-32BE',
    type: 'application/json; charset=utf-32be',
    body: wide(`["${card}"]`, 4, true),
    masked: wide(`["${kept}"]`, 4, true),
  },
  { name: 'UTF-16 that says nothing of it', type: json, body: wide(`["${card}"]`, 2, false) },
  { name: 'UTF-7', type: 'application/json; charset=utf-7', body: `["${card}"]` },
  { name: 'Latin-1', type: 'text/plain; charset=iso-8859-1', body: card },
];

const forms: NamedBody[] = [
  {
    name: 'a form field behind escapes',
    type: 'application/x-www-form-urlencoded',
    body: 's%73n=078-05-1120&a=1',
    masked: 's%73n=***&a=1',
    secrets: ['078'],
  },
  {
    name: 'a card in a form behind escapes',
    type: 'application/x-www-form-urlencoded',
    body: 'a=4111%2d1111%2D1111+1111',
    masked: 'a=****%2d****%2D****+1111',
  },
  {
    name: 'parts',
    type: 'multipart/form-data; boundary=Xy',
    body: `${part('ssn', '078-05-1120')}${part('a', card)}--Xy--\r\n`,
    masked: `${part('ssn', '***')}${part('a', kept)}--Xy--\r\n`,
    secrets: ['078', '4111'],
  },
  {
    name: 'a part with another boundary in it',
    type: 'multipart/form-data; boundary="X y"',
    body: `${part('ssn', '078\r\n--X z\r\n\r\n1120', 'X y')}--X y--\r\n`,
    masked: `${part('ssn', '***', 'X y')}--X y--\r\n`,
    secrets: ['078', '1120'],
  },
  { name: 'parts that never end', type: 'multipart/form-data; boundary=Xy', body: part('a', card) },
  {
    name: 'parts with a boundary of their own',
    type: 'multipart/form-data; boundary=Xz',
    body: `${part('a', card)}--Xy--\r\n`,
  },
  {
    name: 'events whose field is split',
    type: 'text/event-stream',
    body: `data: {"a":\ndata: "${card}"}\n\n`,
    masked: `data: {"a":\ndata: "${kept}"}\n\n`,
  },
  {
    name: 'events with carriage returns',
    type: 'text/event-stream',
    body: `data: ${card}\r\rid: 1\r\n\r\n`,
    masked: `data: ${kept}\r\rid: 1\r\n\r\n`,
  },
  {
    name: 'lines of JSON',
    type: 'application/x-ndjson',
    body: `["${card}"]\n{"ssn":1}\n`,
    masked: `["${kept}"]\n{"ssn":"***"}\n`,
  },
  {
    name: 'sequences of JSON',
    type: 'application/json-seq',
    body: `\x1e["${card}"]\n\x1e{"ssn":1}\n`,
    masked: `\x1e["${kept}"]\n\x1e{"ssn":"***"}\n`,
  },
  {
    name: 'a document in a string',
    type: json,
    body: '{"a":"{\\"ssn\\":\\"078-05-1120\\"}"}',
    masked: '{"a":"{\\"ssn\\":\\"***\\"}"}',
    secrets: ['078'],
  },
  {
    name: 'a table',
    type: 'text/csv',
    body: `id,ssn\r\n1,"078-05-1120"\r\n`,
    masked: `id,ssn\r\n1,"***"\r\n`,
    secrets: ['078'],
  },
  {
    name: 'elements and attributes',
    type: 'application/xml',
    body: `<a ssn="078-05-1120"><ssn>219</ssn>${card}</a>`,
    masked: `<a ssn="***"><ssn>***</ssn>${kept}</a>`,
    secrets: ['078', '219', '4111'],
  },
  { name: 'a page', type: 'text/html', body: `<p>${card}</p>\n`, masked: `<p>${kept}</p>\n` },
];

/** All of them. */
export const namedBodies: readonly NamedBody[] = [
  ...escapes,
  ...numbers,
  ...odd,
  ...charsets,
  ...forms,
];

/** Bytes that no receiver may see. */
export function secretsOf({ secrets }: NamedBody): readonly string[] {
  return secrets ?? ['4111-1111', '41111111'];
}

/** The body as it is sent. */
export function bytesOf(text: string | Buffer): Buffer {
  return typeof text === 'string' ? Buffer.from(text) : text;
}
