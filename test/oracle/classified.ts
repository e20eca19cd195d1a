/** Which labels the route and the request of a call carry, by the data classifications of its destination. */
import { isHost, matchesPath } from './places.ts';
import { listOf, mapOf, type OracleRequest, type RawDocument } from './request.ts';
import { hasTwoReadings, headerValues, parameterValues } from './values.ts';

/** True when a document is about the destination. */
export function isFor(document: RawDocument, target: OracleRequest['target']): boolean {
  const { service, environment } = mapOf(mapOf(document.spec).destination);
  const isHere = environment === undefined || environment === target.environment;
  return service === target.service && isHere;
}

/** True when a route with the label has a path like that of the request. */
export function routeHasLabel(label: string, request: OracleRequest): boolean {
  return classified(request, 'routes').some(
    ({ labels, paths }) =>
      listOf(labels).includes(label) &&
      listOf(paths).some((path) => matchesPath(String(path), request.path)),
  );
}

/** True when a header or a parameter with the label is there. */
export function requestHasLabel(label: string, request: OracleRequest): boolean {
  const holds = (list: string, valuesOf: typeof headerValues): boolean =>
    classified(request, list).some(
      (entry) => entry.label === label && valuesOf(request, String(entry.name)).length > 0,
    );
  return holds('headers', headerValues) || holds('parameters', parameterValues);
}

/** True when a rule for the destination reads query parameters and the query can be read in two ways. */
export function isQueryAmbiguous(request: OracleRequest): boolean {
  if (!hasTwoReadings(request.query)) return false;
  const labels = classified(request, 'parameters').map(
    ({ label }) => `"${label}" in request.labels`,
  );
  return reads(request, ['parameters', 'notParameters'], ['request.parameters', ...labels]);
}

/** True when a rule for the destination reads the host and the authority is no host with or without a port. */
export function isHostAmbiguous(request: OracleRequest): boolean {
  // An empty host stands for no authority at all.
  if (request.host === '' || isHost(request.host)) return false;
  return reads(request, ['hosts', 'notHosts'], ['request.host']);
}

// Whether a rule has one of these fields in its routes or one of these texts in its condition.
function reads(
  { set, target }: OracleRequest,
  fields: readonly string[],
  texts: readonly string[],
): boolean {
  return set.some((document) => {
    if (document.kind !== 'AccessPolicy' || !isFor(document, target)) return false;
    return (mapOf(document.spec).rules as RawDocument[]).some(({ to, when }) => {
      const entries = listOf(to).map(mapOf);
      const isInRoutes = entries.some((entry) => fields.some((field) => field in entry));
      return isInRoutes || texts.some((text) => String(when).includes(text));
    });
  });
}

function classified({ set, target }: OracleRequest, list: string): RawDocument[] {
  return set.flatMap((document) => {
    if (document.kind !== 'DataClassification' || !isFor(document, target)) return [];
    return listOf(mapOf(document.spec)[list]) as RawDocument[];
  });
}
