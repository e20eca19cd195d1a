/** Istio's paths as path templates: exact, `start*`, `*end`, and templates with `{*}` and `{**}`. */
import { parsePathTemplate } from '../path-template.ts';
import { Problem } from '../problem.ts';
import { type Carried, neverMatching, notCarried, partlyCarried } from './carried.ts';
import { always, type Term } from './term.ts';
import { readIstioText } from './text-match.ts';

/** A path. Envoy compares what stands in front of the query, after it has normalised the path. */
export function pathTerm(value: string): Carried {
  if (value.includes('{*}') || value.includes('{**}')) return templateTerm(value);
  const read = readIstioText(value);
  if (read.test === 'present') return { term: always };
  if (/[?#]/.test(read.text)) {
    return neverMatching(
      `no path holds \`?\` or \`#\`: \`${value}\` is compared without the query`,
    );
  }
  if (read.test !== 'suffix' && !read.text.startsWith('/')) {
    return neverMatching(`every path starts with a slash, so \`${value}\` matches none`);
  }
  if (read.test === 'equal' && read.text.split('/').some((part) => part === '.' || part === '..')) {
    return neverMatching(`dot segments are resolved before, so \`${value}\` matches no path`);
  }
  if (read.test === 'prefix' && read.text === '/') return { term: always };
  return literalTerm(value, read.text);
}

function literalTerm(value: string, text: string): Carried {
  if (text.includes('*')) {
    const help = 'write `{*}` for one segment, `{**}` for the rest';
    return notCarried(`Istio takes the inner \`*\` of \`${value}\` for itself; ${help}`);
  }
  return templateOf(value, value);
}

// `{*}` is one segment, `{**}` whatever follows, further slashes included, also nothing (Envoy's URI templates).
function templateTerm(value: string): Carried {
  const parts = value.split('/');
  if (parts[0] !== '' || parts.length < 2) {
    return notCarried(`\`${value}\` does not start with a slash, Envoy refuses it`);
  }
  const rest = parts.indexOf('{**}');
  if (rest !== -1 && rest !== parts.length - 1) {
    return notCarried(`\`{**}\` stands in front of something in \`${value}\``);
  }
  if (value === '/{**}') return { term: always };
  if (parts.some((part) => /[{}*]/.test(part) && !wildcard.test(part))) {
    return notCarried(`\`${value}\` has a wildcard inside a segment, Istio refuses it`);
  }
  const ours = parts.map((part, index) => {
    if (part === '{**}') return '*';
    return part === '{*}' ? `{x${index}}` : part;
  });
  return templateOf(value, ours.join('/'));
}

function templateOf(value: string, template: string): Carried {
  if (!isPlain(value)) {
    return notCarried(`\`${value}\` is not in the normal form in which paths are compared here`);
  }
  const parsed = parsePathTemplate(template);
  if (parsed instanceof Problem) return notCarried(`\`${value}\`: ${parsed.message}`);
  if (escapeEnd.test(value)) return endCarried(value);
  const term: Term = { kind: 'path', template };
  if (!hasOneSpelling(value)) {
    const why = `\`${value}\` has a character that can be escaped in more than one way: all spellings are one path here, Envoy compares them as they come`;
    return partlyCarried(why, term);
  }
  return { term };
}

// `%2a` ends with `a` for Envoy, and is one character here: what stands behind both digits holds for both readings.
function endCarried(value: string): Carried {
  const why = `\`${value}\` starts with what can be the end of an escape, as in \`%2${value.slice(1)}\`, which ends so for Envoy and not here`;
  const rest = value.replace(escapeEnd, '');
  if (rest === '') return notCarried(why);
  return partlyCarried(why, { kind: 'path', template: `*${rest}` });
}

/** Whether every character stands for itself in a normalised path, so that nothing is rewritten in between. */
function isPlain(value: string): boolean {
  const literal = value.replaceAll(/\{\*\*?\}/g, 'x').replaceAll(escaped, '');
  return /^[A-Za-z0-9._~!$&'()*+,;=:@/-]*$/.test(literal) && !literal.includes('//');
}

/** Whether every character has a single spelling in paths that are not denied before any rule. */
function hasOneSpelling(value: string): boolean {
  const literal = value.replaceAll(/\{\*\*?\}|^\*|\*$/g, '');
  return /^(?:[A-Za-z0-9._~;/-]|%2[03])*$/.test(literal);
}

const escapeEnd = /^\*[0-9A-Fa-f]{1,2}/;
const wildcard = /^\{\*\*?\}$/;
/** Escapes of what is only ever escaped, in capitals. */
const escaped = /%(?:2[023]|3[CEF]|5[BDE]|60|7[BCD]|[89A-F][0-9A-F])/g;
