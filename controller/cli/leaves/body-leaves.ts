/** Values of a whole body, with places in words. */
import type { BodyKind } from './body-kind.ts';
import { formLeaves } from './form-leaves.ts';
import { jsonLeaves } from './json-leaves.ts';
import type { Leaf } from './leaf.ts';
import { CsvLeaves, JsonLineLeaves, type LineLeaves, TextLeaves } from './line-leaves.ts';
import { xmlLeaves } from './xml-leaves.ts';

/** The values of a text, in order. Throws UnlistedBody where it is not of its kind. */
export function* bodyLeaves(kind: BodyKind, text: string): Generator<Leaf> {
  const lines = lineLeaves(kind);
  if (lines !== undefined) for (const line of text.split('\n')) yield* lines.take(line);
  else if (kind === 'json') yield* jsonLeaves(text);
  else if (kind === 'form') yield* formLeaves(text);
  else yield* xmlLeaves(text);
}

/** A reader of a kind that goes line by line; undefined for others. */
export function lineLeaves(kind: BodyKind): LineLeaves | undefined {
  if (kind === 'json-lines') return new JsonLineLeaves();
  if (kind === 'csv') return new CsvLeaves();
  return kind === 'text' ? new TextLeaves() : undefined;
}

/** Bytes as text: by byte order mark, else by the charset of the content type, else UTF-8. */
export function decodeBody(bytes: Uint8Array, contentType: string): string {
  const [, named = 'utf-8'] = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(contentType) ?? [];
  const [first, second] = bytes;
  const marked =
    first === 0xff && second === 0xfe
      ? 'utf-16le'
      : first === 0xfe && second === 0xff
        ? 'utf-16be'
        : named;
  try {
    return new TextDecoder(marked).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

/** A place as people name it: `$.lines[0].card`, `row 2 card`, `line 3`, `field iban`, `/order/@id`. */
export function showPlace(
  kind: BodyKind,
  { record, steps }: Pick<Leaf, 'record' | 'steps'>,
): string {
  switch (kind) {
    case 'json':
      return showPath(steps);
    case 'json-lines':
      return `document ${record} ${showPath(steps)}`;
    case 'csv':
      return `row ${record} ${steps.join('')}`;
    case 'form':
      return `field ${steps.join('')}`;
    case 'xml':
      return `/${steps.join('/')}`;
    default:
      return `line ${record}`;
  }
}

/** A field path as a DataClassification has it; `*` stands for every element of an array. */
export function showPath(steps: readonly (string | number)[]): string {
  return `$${steps.map(showStep).join('')}`;
}

function showStep(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  if (/^[\p{L}\p{N}_$-]+$/u.test(step)) return `.${step}`;
  return step.includes("'") ? `["${step}"]` : `['${step}']`;
}
