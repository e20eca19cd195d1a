/** A local response as Envoy makes it out of proxy_send_local_response. */
import { HeaderMap } from './header-map.ts';

/** What the filter asked for. */
export interface LocalReply {
  status: number;
  headers: HeaderMap;
  body: Uint8Array;
  /** undefined when the filter named none (or one outside 0 to 16) */
  grpcStatus: number | undefined;
  details: string;
}

/** What goes through the response side of the filter chain. */
export interface ReplyMessage {
  headers: HeaderMap;
  body: Uint8Array;
}

/** Shapes a reply for its request: gRPC gets trailers-only with status 200, HEAD no body. */
export function replyMessage(reply: LocalReply, request: HeaderMap): ReplyMessage {
  if (isGrpc(request)) {
    const headers = new HeaderMap([
      [':status', '200'],
      ['content-type', 'application/grpc'],
      ['grpc-status', String(reply.grpcStatus ?? grpcStatusOf(reply.status))],
    ]);
    if (reply.body.length > 0) headers.add('grpc-message', percentEncode(reply.body));
    addAll(headers, reply.headers);
    return { headers, body: new Uint8Array() };
  }
  const headers = new HeaderMap([[':status', String(reply.status)]]);
  addAll(headers, reply.headers);
  if (reply.body.length > 0) {
    headers.replace('content-length', String(reply.body.length));
    if (headers.value('content-type') === undefined) headers.add('content-type', 'text/plain');
  }
  const isHead = request.value(':method') === 'HEAD';
  return { headers, body: isHead ? new Uint8Array() : reply.body };
}

function addAll(target: HeaderMap, source: HeaderMap): void {
  for (const [name, value] of source.toPairs()) target.add(name, value);
}

/** Content types that Envoy takes for gRPC. */
function isGrpc(request: HeaderMap): boolean {
  const type = request.value('content-type') ?? '';
  return type === 'application/grpc' || type.startsWith('application/grpc+');
}

/** The gRPC project's mapping from HTTP statuses. */
function grpcStatusOf(status: number): number {
  const mapped: Record<number, number> = {
    400: 13,
    401: 16,
    403: 7,
    404: 12,
    429: 14,
    502: 14,
    503: 14,
    504: 14,
  };
  return mapped[status] ?? 2;
}

function percentEncode(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}
