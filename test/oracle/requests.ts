/** An entry of `to` against a request. */
import { allOf, not, oneOf } from './kleene.ts';
import { matchesHost, matchesPath } from './places.ts';
import { listOf, mapOf, type OracleRequest, type RawDocument, type Truth } from './request.ts';
import { bytesOf, everyValue, isLike } from './texts.ts';
import { headerValues, parameterValues } from './values.ts';

/** True when the entry holds for a rule of this effect: unknown is false for an allow and true for a deny. */
export function matchesRequest(
  entry: RawDocument,
  effect: unknown,
  request: OracleRequest,
): boolean {
  const truths = Object.entries(entry).map(([field, written]) => {
    const holds = field.startsWith('not')
      ? not(oneOf(partsOf(field.slice(3).toLowerCase(), written, request)))
      : allOf(partsOf(field, written, request));
    request.trace?.(`to.${field}`, holds);
    return holds;
  });
  return allOf(truths) ?? effect === 'deny';
}

// One truth for a list, one for each name of headers and parameters.
function partsOf(field: string, written: unknown, request: OracleRequest): Truth[] {
  if (field === 'headers' || field === 'parameters') {
    const valuesOf = field === 'headers' ? headerValues : parameterValues;
    return Object.entries(mapOf(written)).map(([name, patterns]) =>
      likeOneOf(listOf(patterns).map(String), valuesOf(request, name)),
    );
  }
  const texts = listOf(written).map(String);
  if (field === 'methods') return [texts.some((text) => isLike(text, request.method))];
  if (field === 'paths') return [texts.some((text) => matchesPath(text, request.path))];
  return [texts.some((text) => matchesHost(text, request.host))];
}

// Each pattern on its own against all values; without a value nothing is like anything.
function likeOneOf(patterns: readonly string[], values: readonly string[]): Truth {
  if (values.length === 0) return false;
  if (patterns.includes('*')) return true;
  return oneOf(
    patterns.map((pattern) => everyValue(values, (value) => isLike(bytesOf(pattern), value))),
  );
}
