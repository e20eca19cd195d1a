/** Path templates: `/orders/{id}/lines/**`, `/orders/20*`, `*.json`, matched on the normalised path. */
import { PATH_SEGMENTS_MAX } from '../layout.ts';
import { Problem, quoted } from './problem.ts';

/** A segment: its bytes (empty for a trailing slash), or any one non-empty segment. */
export type Segment = { readonly literal: string } | 'any';

/** How a template ends: with its last segment; with zero or more further segments; with more bytes after `affix`. */
export type TemplateEnd = 'exact' | 'tail' | 'prefix';

/**
 * A template: whole `segments`, then its end. For `prefix` the rest of the path, behind the slash that follows the
 * segments, starts with `affix` (`/orders/{id}/li*`: segments `orders` and any, affix `li`). `end` `suffix` has no
 * segments: the whole path ends with `affix`. Literals are in normal form (RFC 3986, 6.2.2).
 */
export interface PathTemplate {
  readonly text: string;
  readonly segments: readonly Segment[];
  readonly end: TemplateEnd | 'suffix';
  /** Empty unless `end` is `prefix` or `suffix`. */
  readonly affix: string;
}

/** Reads a template as it is written in `paths`. Refuses what no normalised path can match. */
export function parsePathTemplate(text: string): PathTemplate | Problem {
  if (text === '*') return { text, segments: [], end: 'prefix', affix: '' };
  if (text.length > PATH_CHARACTERS_MAX) return tooLong(text);
  if (text.startsWith('*')) return parseSuffix(text, text.slice(1), 1);
  const isTail = text.endsWith('/**');
  if (!isTail && text.endsWith('*')) return parseSegments(text, text.slice(0, -1), 'prefix');
  return parseSegments(text, isTail ? text.slice(0, -3) : text, isTail ? 'tail' : 'exact');
}

/**
 * The template of a path, or of what paths start or end with, as conditions compare them: nothing in `literal` is a
 * wildcard. Refuses what no normalised path can match.
 */
export function literalPathTemplate(
  literal: string,
  end: 'exact' | 'prefix' | 'suffix',
): PathTemplate | Problem {
  const wild = /[*{}]/.exec(literal);
  if (wild !== null) {
    const help =
      wild[0] === '*'
        ? 'use `startsWith` or `endsWith`, and write `%2A` for the character'
        : 'templates are for `paths` in `to`';
    return new Problem(`\`${wild[0]}\` is no wildcard in a condition`, help, wild.index);
  }
  if (literal.length > PATH_CHARACTERS_MAX) return tooLong(literal);
  if (end === 'suffix') return parseSuffix(`*${literal}`, literal, 0);
  return parseSegments(end === 'prefix' ? `${literal}*` : literal, literal, end);
}

/** True when a template matches every path. */
export function isAnyPath({ segments, end, affix }: PathTemplate): boolean {
  return segments.length === 0 && (end === 'tail' || end === 'prefix') && affix === '';
}

// `path` is the text without the wildcard at its end, and stands at its start.
function parseSegments(text: string, path: string, end: TemplateEnd): PathTemplate | Problem {
  if (path === '' && end === 'tail') return { text, segments: [], end, affix: '' };
  if (!path.startsWith('/')) {
    return new Problem(
      `path ${quoted(path)} does not start with a slash`,
      `write ${quoted(`/${path}`)}`,
    );
  }
  const parts = path.slice(1).split('/');
  if (parts.length > PATH_SEGMENTS_MAX) return tooManySegments(parts.length);
  const segments: Segment[] = [];
  let offset = 1;
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const segment =
      isLast && end === 'prefix'
        ? parseLiteral(part)
        : parseSegment(part, isLast && end === 'exact');
    if (segment instanceof Problem) return moved(segment, offset);
    segments.push(segment);
    offset += part.length + 1;
  }
  const rest = end === 'prefix' ? segments.pop() : undefined;
  return { text, segments, end, affix: rest === undefined || rest === 'any' ? '' : rest.literal };
}

// The first part may begin inside a segment; behind it are whole ones. `at` is where `affix` stands in what was written.
function parseSuffix(text: string, affix: string, at: number): PathTemplate | Problem {
  if (affix === '') {
    return new Problem('the end of a path is empty', 'write for example `*.json` or `*/lines`', at);
  }
  const star = affix.indexOf('*');
  if (star >= 0) return new Problem('two wildcards in a path', oneWildcardHelp, at + star);
  const parts = affix.split('/');
  if (parts.length > PATH_SEGMENTS_MAX + 1) return tooManySegments(parts.length - 1);
  const literals: string[] = [];
  let offset = at;
  for (const [index, part] of parts.entries()) {
    const parsed =
      index === 0 ? parseLiteral(part) : parseSegment(part, index === parts.length - 1);
    if (parsed instanceof Problem) return moved(parsed, offset);
    if (parsed === 'any') return placeholderInSuffix(part, offset);
    literals.push(parsed.literal);
    offset += part.length + 1;
  }
  return { text, segments: [], end: 'suffix', affix: literals.join('/') };
}

function placeholderInSuffix(part: string, offset: number): Problem {
  return new Problem(`${quoted(part)} in the end of a path`, oneWildcardHelp, offset);
}

function tooLong(text: string): Problem {
  return new Problem(`path has ${text.length} characters`, `at most ${PATH_CHARACTERS_MAX}`);
}

function tooManySegments(count: number): Problem {
  const help = `a path has at most ${PATH_SEGMENTS_MAX} segments, longer requests match nothing`;
  return new Problem(`path has ${count} segments`, help);
}

function moved(problem: Problem, offset: number): Problem {
  return new Problem(problem.message, problem.help, offset + problem.offset);
}

// A whole segment; an empty one is the trailing slash.
function parseSegment(part: string, mayBeEmpty: boolean): Segment | Problem {
  if (part === '' && mayBeEmpty) return { literal: '' };
  if (part === '')
    return new Problem('path has an empty segment', 'write one slash, paths are normalised');
  if (/^\{[A-Za-z_][A-Za-z0-9_-]*\}$/.test(part)) return 'any';
  if (part === '**') {
    return new Problem('`**` is not the last segment', 'use `{name}` for one segment in between');
  }
  const segment = parseLiteral(part);
  if (segment instanceof Problem || (segment.literal !== '.' && segment.literal !== '..')) {
    return segment;
  }
  return new Problem(`path has the dot segment \`${part}\``, 'write the path without dot segments');
}

// A segment or a part of one, in normal form.
function parseLiteral(part: string): { literal: string } | Problem {
  const bad = /[^A-Za-z0-9._~!$&'()+,;=:@%-]/.exec(part);
  return bad === null ? normaliseEscapes(part) : badCharacter(part, bad.index);
}

function badCharacter(part: string, index: number): Problem {
  const character = String.fromCodePoint(part.codePointAt(index) ?? 0);
  if ('{}*'.includes(character)) {
    return new Problem(
      `\`${character}\` inside the segment ${quoted(part)}`,
      'wildcards are `{name}` for one segment, `/**` and `*` at the end, and `*` at the start',
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
  return new Problem(`character ${quoted(character)} in a path`, help, index);
}

// What may stand for itself (RFC 3986, pchar) is decoded, other escapes get capitals: `assembly/context/path.ts` brings
// requests into the same form.
function normaliseEscapes(part: string): { literal: string } | Problem {
  if (!part.includes('%')) return { literal: part };
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
      `escapes of ${quoted(part)} are no UTF-8`,
      'requests with such escapes are denied',
    );
  }
  const literal = part.replaceAll(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    return /[A-Za-z0-9._~!$&'()*+,=:@-]/.test(character) ? character : triplet.toUpperCase();
  });
  return { literal };
}

const PATH_CHARACTERS_MAX = 8192;
const oneWildcardHelp = 'behind a `*` at the start stands the end of the path, as in `*.json`';
