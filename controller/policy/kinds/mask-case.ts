/** What a case of a PolicyTest sends as a body, and what has to come out of it. */
import { z } from 'zod';

import { Problem, quoted } from '../problem.ts';
import { someOf } from './document.ts';
import { leaf, nameLeaf } from './leaf.ts';
import { parseReason } from './reason-leaf.ts';
import { textsByName } from './texts.ts';

/** Most bytes of a piece. */
const CHUNK_MAX = 100_000_000;

/** The fields of a case that say what is sent, beside those of the question. */
export const messageShape = {
  side: z
    .enum(['request', 'response'])
    .meta({ description: 'whose body, headers and path are looked at; default request' })
    .optional(),
  contentType: leaf(parseLine, {
    description: 'of the body; default by the name of `bodyFile`, else application/json',
  }).optional(),
  status: z
    .int()
    .min(100)
    .max(599)
    .meta({ description: 'of the response; default 200' })
    .optional(),
  responseHeaders: textsByName(parseName, parseLineOf, {
    description: 'further lines of the response by name',
    texts: { description: 'a line, or several' },
  }).optional(),
  body: z.string().meta({ description: 'what is sent, as text' }).optional(),
  bodyFile: z
    .string()
    .min(1)
    .meta({ description: 'what is sent, in a file; its place is told from that of the test' })
    .optional(),
  chunk: z
    .int()
    .min(1)
    .max(CHUNK_MAX)
    .meta({ description: 'how many bytes come at once; default all of them' })
    .optional(),
};

/** The fields of `expect` that are about what comes out. */
export const maskedShape = {
  body: z.string().meta({ description: 'what goes on, byte for byte' }).optional(),
  bodyFile: z.string().min(1).meta({ description: 'the same, in a file' }).optional(),
  contains: someOf(z.string().min(1))
    .meta({ description: 'texts that what goes on holds' })
    .optional(),
  lacks: someOf(z.string().min(1))
    .meta({ description: 'texts that what goes on does not hold, headers and path included' })
    .optional(),
  masked: z.int().min(0).meta({ description: 'values that are masked on that side' }).optional(),
  labels: z
    .array(nameLeaf('data label'))
    .meta({ description: 'all labels that are found, and no others' })
    .optional(),
  refused: leaf((text) => (text === 'none' ? text : parseReason(text)), {
    description: 'why nothing goes on, as a code or a name; `none` when it does',
    examples: ['DTA1014', 'none'],
  }).optional(),
  path: z.string().meta({ description: 'path and query that go on' }).optional(),
  headers: textsByName(parseName, parseLineOf, {
    description: 'header lines that go on, by name: all lines of that name',
    texts: { description: 'a line, or several' },
  }).optional(),
  noHeaders: someOf(leaf(parseName, { description: 'name of a header' }))
    .meta({ description: 'headers that do not go on' })
    .optional(),
};

const messageSchema = z.strictObject(messageShape);
const maskedSchema = z.strictObject(maskedShape);

/** What is sent; what is absent was left to defaults. */
export type MessageFields = z.output<typeof messageSchema>;
/** What has to come out. */
export type MaskedExpectation = z.output<typeof maskedSchema>;

/** The names of fields in `expect` that ask what comes out. */
export const maskedFields = Object.keys(maskedShape) as (keyof MaskedExpectation)[];
/** The names of fields that say what is sent. */
export const messageFields = Object.keys(messageShape) as (keyof MessageFields)[];

function parseName(written: string): string | Problem {
  const name = written.toLowerCase();
  if (/^[a-z0-9!#$%&'*+.^_`|~-]{1,255}$/.test(name)) return name;
  return new Problem(`${quoted(written)} is not the name of a header`, 'write for example `etag`');
}

function parseLineOf(_name: string, text: string): string | Problem {
  return parseLine(text);
}

function parseLine(text: string): string | Problem {
  if (/^[^\p{Cc}]*$/u.test(text.replaceAll('\t', ' '))) return text;
  return new Problem(`${quoted(text)} holds control characters`, 'no header can have them');
}
