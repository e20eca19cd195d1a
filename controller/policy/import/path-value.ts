/** Istio's paths as path templates: exact, `start*`, `*end`, and templates with `{*}` and `{**}`. */
import { parsePathTemplate } from '../path-template.ts';
import { Problem } from '../problem.ts';
import { type Carried, neverMatching, notCarried } from './carried.ts';
import { always } from './term.ts';
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
  return { term: { kind: 'path', template } };
}

/** Whether every character stands for itself in a normalised path, so that nothing is rewritten in between. */
function isPlain(value: string): boolean {
  const literal = value.replaceAll(/\{\*\*?\}/g, 'x').replaceAll(escaped, '');
  return /^[A-Za-z0-9._~!$&'()*+,;=:@/-]*$/.test(literal) && !literal.includes('//');
}

const wildcard = /^\{\*\*?\}$/;
/** Escapes of what is only ever escaped, in capitals. */
const escaped = /%(?:2[023]|3[CEF]|5[BDE]|60|7[BCD]|[89A-F][0-9A-F])/g;
