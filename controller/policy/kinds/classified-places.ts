/** What a DataClassification says of requests beside their bodies: headers, cookies, parameters, segments of paths. */
import { z } from 'zod';

import { NameMode, ValuePlace } from '../../layout.ts';
import { nameForMode } from '../fold-name.ts';
import { parsePathTemplate } from '../path-template.ts';
import type { ClassifiedPlace, ClassifiedSegment } from '../policy-set.ts';
import { Problem, quoted } from '../problem.ts';
import { parseHeaderName, parseParameterName } from '../request-text.ts';
import { hasWords, matchSchema, nameModes, noWords } from './classified-fields.ts';
import { isObject } from './document.ts';
import { issuesOf, labelLeaf, leaf } from './leaf.ts';

/** Headers that say how the message is read: masked or set, they would break it for those after us. */
export const framingHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** An entry of `headers`. */
export const headerSchema = z
  .strictObject({
    name: leaf(parseMaskedHeader, { description: 'name of a header, in any case' }),
    label: labelLeaf,
  })
  .meta({
    description:
      'a header that carries a label, of requests and responses; gives it to every request that has it',
  });

/** An entry of `cookies`. */
export const cookieSchema = z
  .strictObject({
    name: leaf(parseCookieName, { description: 'name of a cookie' }),
    match: matchSchema.meta({ description: 'how `name` is compared; default exact' }).optional(),
    label: labelLeaf,
  })
  .refine(hasWords, { ...noWords, when: (payload) => isObject(payload.value) })
  .meta({ description: 'a cookie that carries a label, in `cookie` and `set-cookie`' });

/** An entry of `parameters`. */
export const parameterSchema = z
  .strictObject({
    name: leaf(parseParameterName, { description: 'name of a query parameter, after decoding' }),
    match: matchSchema
      .meta({
        description:
          'how `name` is compared when values are masked, `request.labels` is always exact; default exact',
      })
      .optional(),
    label: labelLeaf,
  })
  .refine(hasWords, { ...noWords, when: (payload) => isObject(payload.value) })
  .meta({
    description: 'a query parameter that carries a label; gives it to every request that has it',
  });

/** An entry of `pathParameters`; its value is the segment that it names. */
export const pathParameterSchema = z
  .strictObject({
    path: leaf(parseParameterPath, {
      description: 'path with placeholders, whole segments, with `/**` at the end for all below',
      pattern: '^/',
      examples: ['/customers/{iban}', '/customers/{iban}/**'],
    }),
    parameter: z.string().meta({ description: 'name of the placeholder, for example `iban`' }),
    label: labelLeaf,
  })
  .meta({ description: 'a segment of paths that carries a label' })
  .transform(({ path, parameter, label }, context): ClassifiedSegment => {
    const index = path.text.slice(1).split('/').indexOf(`{${parameter}}`);
    if (index >= 0) return { label, path, index };
    const problem = new Problem(
      `path has no placeholder ${quoted(parameter)}`,
      `write the segment as ${quoted(`{${parameter}}`)} in \`path\``,
    );
    for (const issue of issuesOf(problem, parameter, ['parameter'])) context.addIssue(issue);
    return z.NEVER;
  });

/** The place of a checked header. */
export function buildHeader({ name, label }: z.output<typeof headerSchema>): ClassifiedPlace {
  return { label, place: ValuePlace.Header, name, match: NameMode.AnyCase };
}

/** The place of a checked cookie or parameter. */
export function buildNamed(
  place: ValuePlace,
  { name, match = 'exact', label }: z.output<typeof cookieSchema | typeof parameterSchema>,
): ClassifiedPlace {
  const mode = nameModes[match];
  return { label, place, name: nameForMode(name, mode), match: mode };
}

/** Reads a path of whole segments: `/a/{id}`, `/a/**`. The filter follows such paths segment by segment. */
export function parseParameterPath(text: string): ReturnType<typeof parsePathTemplate> {
  const template = parsePathTemplate(text);
  if (template instanceof Problem) return template;
  if (template.end === 'exact' || template.end === 'tail') return template;
  if (template.segments.length === 0 && template.affix === '') {
    return { ...template, end: 'tail' };
  }
  const help = 'end with a whole segment, or with `/**` for everything below';
  return new Problem(`path ${quoted(text)} ends inside a segment`, help);
}

function parseMaskedHeader(written: string): string | Problem {
  const name = parseHeaderName(written);
  if (name instanceof Problem || !framingHeaders.has(name)) return name;
  return new Problem(
    `header ${quoted(name)} says how the message is read`,
    'classify fields of the body, or another header',
  );
}

function parseCookieName(text: string): string | Problem {
  if (/^[!#-'*+.0-9A-Z^-z|~-]{1,255}$/.test(text)) return text;
  return new Problem(
    `${quoted(text)} is not the name of a cookie`,
    "use letters, digits and -_.!#$%&'*+^`|~",
  );
}
