/** Closes the connection under a gRPC call. */
import type { ServerHttp2Session } from 'node:http2';

/**
 * Asks the client to leave the connection of `call` (HTTP/2 GOAWAY); what runs on it ends by itself. Envoy opens new
 * streams on the connection that it has, with the certificate that it showed when it opened that one, however long its
 * certificate has been another. gRPC gives no way to say this, so it is looked for in its call; where it is not found
 * the connection stays.
 */
export function closeConnection(call: object): void {
  const inner: unknown = Reflect.get(call, 'call');
  if (typeof inner !== 'object' || inner === null) return;
  const stream: unknown = Reflect.get(inner, 'stream');
  if (typeof stream !== 'object' || stream === null) return;
  const session = Reflect.get(stream, 'session') as ServerHttp2Session | undefined;
  if (session && !session.closed) session.close();
}
