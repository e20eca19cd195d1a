/** A request or response whose body, headers and path are masked, and what became of it. */
import type { AuditRecord, ReasonName } from '../../audit/model.ts';
import type { Question } from '../policy-lab/laboratory.ts';

/** Header lines in order, names in lower case. */
export type HeaderLines = readonly (readonly [string, string])[];

/** What is sent, beside what the question says of the request. */
export interface Message {
  /** Which of the two carries the body that is looked at. */
  readonly side: 'request' | 'response';
  /** Undefined: none. */
  readonly body: Uint8Array | undefined;
  readonly contentType: string | undefined;
  /** Of the response. */
  readonly status: number;
  /** Further lines of the response. */
  readonly responseHeaders: HeaderLines;
  /** Bytes of a piece; 0: the body in one. */
  readonly chunkBytes: number;
}

/** Why nothing went on, or not all. */
export interface Refusal {
  /** Of the answer in its place; undefined when the stream was reset. */
  readonly status: number | undefined;
  /** Of the answer to a gRPC call, whose status is always 200. */
  readonly grpcStatus?: string | undefined;
}

/** What the other side got. */
export interface Passed {
  /** Undefined when headers never went on. */
  readonly headers: HeaderLines | undefined;
  readonly body: Uint8Array;
  readonly refusal: Refusal | undefined;
}

/** What the other side got, and what the filter wrote down. */
export interface Recorded extends Passed {
  readonly record: AuditRecord;
}

/** Why a message was refused: what its body says comes after what the rules say. */
export function refusedBecause({ record, refusal }: Recorded): ReasonName | undefined {
  return refusal === undefined ? undefined : (record.bodyReason ?? record.reason);
}

/** Header lines of the side that is looked at, as they were sent. */
export function sentHeaders({ request }: Question, message: Message): HeaderLines {
  const { method, path, query, host, headers } = request;
  const typed = typeLines(message);
  if (message.side === 'response') return responseLines(message);
  return [
    [':method', method],
    [':path', query === '' ? path : `${path}?${query}`],
    ...(host === undefined ? [] : [[':authority', host] as const]),
    ...Object.entries(headers)
      .filter(([name]) => typed.length === 0 || name !== 'content-type')
      .flatMap(([name, lines]) => lines.map((line) => [name, line] as const)),
    ...typed,
  ];
}

/** Header lines of a response, as they are sent. */
export function responseLines(message: Message): [string, string][] {
  const { status, responseHeaders } = message;
  const further = responseHeaders.map(([name, value]): [string, string] => [name, value]);
  return [[':status', String(status)], ...typeLines(message), ...further];
}

/** The line of the content type, when there is one. */
export function typeLines({ contentType }: Message): [string, string][] {
  return contentType === undefined ? [] : [['content-type', contentType]];
}
