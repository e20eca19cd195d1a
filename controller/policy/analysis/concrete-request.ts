/** A request as it would arrive, with everything that a decision looks at. */

/** Plain data: it can be written as JSON, and the filter can be asked it. */
export interface ConcreteRequest {
  readonly identity: {
    /** The mesh of the bundle has to be the same. */
    readonly trustDomain: string;
    readonly environment: string;
    readonly team: string;
    readonly service: string;
    readonly instance: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly method: string;
  /** Normalised, without query. */
  readonly path: string;
  /** What follows the question mark; empty when there is none. */
  readonly query: string;
  /** `:authority`; absent when there is none. */
  readonly host?: string;
  /** Lines by lower-case name. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Unix milliseconds. */
  readonly timeMs: number;
  /** By the names that conditions use, severities as numbers; what is not there is unknown. */
  readonly signals: Readonly<Record<string, number>>;
  /** Band, 0 to 3. */
  readonly band: number;
}

/** A request that is being put together, dimension by dimension. */
export interface RequestDraft {
  readonly identity: Record<
    'trustDomain' | 'environment' | 'team' | 'service' | 'instance',
    string
  >;
  readonly labels: Record<string, string>;
  readonly headers: Record<string, string[]>;
  readonly parameters: [name: string, value: string][];
  readonly signals: Record<string, number>;
  method: string;
  path: string;
  host: string | undefined;
  timeMs: number;
  band: number;
}

/** A draft with nothing in it. */
export function emptyDraft(): RequestDraft {
  return {
    identity: { trustDomain: '', environment: '', team: '', service: '', instance: '' },
    labels: {},
    headers: {},
    parameters: [],
    signals: {},
    method: '',
    path: '',
    host: undefined,
    timeMs: 0,
    band: 0,
  };
}

/** A draft that holds a request; parameters are decoded. */
export function draftOf(request: ConcreteRequest): RequestDraft {
  const { labels, ...identity } = request.identity;
  const { method, path, host, timeMs, band } = request;
  const headers = Object.entries(request.headers).map(([name, lines]) => [name, [...lines]]);
  return {
    identity,
    labels: { ...labels },
    headers: Object.fromEntries(headers),
    parameters: parametersOf(request),
    signals: { ...request.signals },
    method,
    path,
    host,
    timeMs,
    band,
  };
}

/** Names and values of the query, decoded. */
export function parametersOf({ query }: ConcreteRequest): [name: string, value: string][] {
  return [...new URLSearchParams(query)];
}

/** The finished request. */
export function finishRequest(draft: RequestDraft): ConcreteRequest {
  const { identity, labels, method, path, host, headers, timeMs, signals, band } = draft;
  const query = draft.parameters.map(([name, value]) => `${encode(name)}=${encode(value)}`);
  return {
    identity: { ...identity, labels },
    method,
    path,
    query: query.join('&'),
    ...(host === undefined ? {} : { host }),
    headers,
    timeMs,
    signals,
    band,
  };
}

// Half a surrogate pair has no encoding; it cannot be in a policy either.
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
