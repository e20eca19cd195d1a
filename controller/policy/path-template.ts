/** Path templates: `/orders/{id}/lines/**`, matched segment by segment on the normalised path. */
import { PATH_SEGMENTS_MAX } from '../layout.ts';
import { Problem } from './problem.ts';

/** A segment: its bytes (empty for a trailing slash), or any one non-empty segment. */
export type Segment = { readonly literal: string } | 'any';

/** `tail`: zero or more further segments follow. Literals are in normal form (RFC 3986, 6.2.2). */
export interface PathTemplate {
  readonly text: string;
  readonly segments: readonly Segment[];
  readonly tail: boolean;
}

/** Reads a template. Refuses what no normalised path can equal. */
export function parsePathTemplate(text: string): PathTemplate | Problem {
  if (!text.startsWith('/')) {
    return new Problem(`path \`${text}\` does not start with a slash`, `write \`/${text}\``);
  }
  const parts = text.slice(1).split('/');
  const tail = parts.at(-1) === '**';
  if (tail) parts.pop();
  if (parts.length > PATH_SEGMENTS_MAX) {
    const help = `a path has at most ${PATH_SEGMENTS_MAX} segments, longer requests match nothing`;
    return new Problem(`path has ${parts.length} segments`, help);
  }
  const segments: Segment[] = [];
  let offset = 1;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1 && !tail;
    const segment = parseSegment(part, isLast);
    if (segment instanceof Problem) {
      return new Problem(segment.message, segment.help, offset + segment.offset);
    }
    segments.push(segment);
    offset += part.length + 1;
  }
  return { text, segments, tail };
}

function parseSegment(part: string, isLast: boolean): Segment | Problem {
  if (part === '' && isLast) return { literal: '' };
  if (part === '')
    return new Problem('path has an empty segment', 'write one slash, paths are normalised');
  if (/^\{[A-Za-z_][A-Za-z0-9_-]*\}$/.test(part)) return 'any';
  if (part === '.' || part === '..') {
    return new Problem(
      `path has the dot segment \`${part}\``,
      'write the path without dot segments',
    );
  }
  if (part === '**') {
    return new Problem('`**` is not the last segment', 'use `{name}` for one segment in between');
  }
  const bad = /[^A-Za-z0-9._~!$&'()+,;=:@%-]/.exec(part);
  if (bad !== null) return badCharacter(part, bad.index);
  return normaliseEscapes(part);
}

function badCharacter(part: string, index: number): Problem {
  const character = String.fromCodePoint(part.codePointAt(index) ?? 0);
  if ('{}*'.includes(character)) {
    return new Problem(
      `\`${character}\` inside the segment \`${part}\``,
      'a wildcard is a whole segment: `{name}` for one, `**` at the end for the rest',
      index,
    );
  }
  if ('?#'.includes(character)) {
    return new Problem(
      `\`${character}\` in a path`,
      'paths are matched without query and fragment',
      index,
    );
  }
  const help = character.isWellFormed()
    ? `write it as \`${encodeURIComponent(character)}\``
    : 'write characters that UTF-8 can hold';
  return new Problem(`character \`${character}\` in a path`, help, index);
}

// What may stand for itself (RFC 3986, pchar) is decoded, other escapes get capitals: `assembly/context/path.ts` brings
// requests into the same form.
function normaliseEscapes(part: string): Segment | Problem {
  const broken = /%(?![0-9A-Fa-f]{2})/.exec(part);
  if (broken !== null)
    return new Problem(
      'broken escape in a path',
      'write two hexadecimal digits behind `%`',
      broken.index,
    );
  const denied = /%(2[5f]|3b|5c|7f|[01][0-9a-f])/i.exec(part);
  if (denied !== null) {
    const help = 'requests with it are denied: they could be read in two ways';
    return new Problem(`escape \`${denied[0]}\` can never match`, help, denied.index);
  }
  try {
    decodeURIComponent(part);
  } catch {
    return new Problem(
      `escapes of \`${part}\` are no UTF-8`,
      'requests with such escapes are denied',
    );
  }
  const literal = part.replaceAll(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    return /[A-Za-z0-9._~!$&'()*+,=:@-]/.test(character) ? character : triplet.toUpperCase();
  });
  if (literal === '.' || literal === '..') {
    return new Problem(
      `path has the dot segment \`${part}\``,
      'write the path without dot segments',
    );
  }
  return { literal };
}
