/** An entry of `from` against the identity of the source. */
import { listOf, mapOf, type OracleRequest, type RawDocument } from './request.ts';
import { isLike } from './texts.ts';

/**
 * True when every field of the entry holds. For a stranger an entry that names no domain is in an allow rule about nobody,
 * and in a deny rule its exceptions are about others.
 */
export function matchesSource(
  entry: RawDocument,
  effect: unknown,
  request: OracleRequest,
): boolean {
  const isStranger = request.identity.trustDomain !== request.target.mesh;
  const isAboutUs = isStranger && entry.domain === undefined;
  if (isAboutUs && effect === 'allow') return false;
  return Object.entries(entry).every(([field, written]) => {
    if (isAboutUs && field.startsWith('not') && field !== 'notDomain') return true;
    const holds = fieldHolds(field, written, request);
    request.trace?.(`from.${field}`, holds);
    return holds;
  });
}

function fieldHolds(field: string, written: unknown, request: OracleRequest): boolean {
  if (field === 'labels') return labelsOf(written, request).every((isThere) => isThere);
  if (field === 'notLabels') return !labelsOf(written, request).includes(true);
  const { identity, target } = request;
  const { service, team, environment, instance, trustDomain: domain } = identity;
  const values: Readonly<Record<string, string>> = {
    service,
    team,
    environment,
    instance,
    domain,
  };
  const isNegated = field.startsWith('not');
  const name = isNegated ? field.slice(3).toLowerCase() : field;
  const value = values[name] ?? '';
  const isListed = listOf(written).some((text) =>
    name === 'environment' && text === 'same'
      ? value === target.environment
      : isLike(String(text), value),
  );
  return isNegated ? !isListed : isListed;
}

// Whether each of the labels is like one of its texts. An absent label is like nothing.
function labelsOf(written: unknown, { identity }: OracleRequest): boolean[] {
  return Object.entries(mapOf(written)).map(([name, texts]) => {
    const value = identity.labels[name];
    return value !== undefined && listOf(texts).some((text) => isLike(String(text), value));
  });
}
