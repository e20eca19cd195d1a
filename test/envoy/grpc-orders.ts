/** A gRPC application with the orders service, and clients of it that speak mutual TLS. */
import type { JsonValue, Message } from '@bufbuild/protobuf';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceError,
  type sendUnaryData,
} from '@grpc/grpc-js';

import { grpcService } from '../../controller/xds/grpc-service.ts';
import {
  makeMessage,
  order,
  ordersService,
  PLACE,
  showMessage,
  WATCH,
} from '../bodies/order-messages.ts';
import { CARD } from '../filter/masked-mesh.ts';
import type { Peer } from './client.ts';

const methods = grpcService(ordersService) as Record<string, MethodDefinition<Message, Message>>;

/** The application: it answers every order with one that has secrets in it. */
export class OrdersServer {
  readonly port: number;
  /** Orders as they arrived. */
  readonly seen: JsonValue[] = [];
  readonly #server: Server;

  private constructor(server: Server, port: number, seen: JsonValue[]) {
    this.#server = server;
    this.port = port;
    this.seen = seen;
  }

  static async start(): Promise<OrdersServer> {
    const seen: JsonValue[] = [];
    const server = new Server();
    server.addService(grpcService(ordersService), {
      place: (call: ServerUnaryCall<Message, Message>, reply: sendUnaryData<Message>) => {
        seen.push(showMessage('Order', call.request));
        if (call.metadata.get('x-fail').length > 0) reply(failure());
        else reply(null, makeMessage('Receipt', { number: `receipt for ${CARD}` }));
      },
      watch: (call: ServerDuplexStream<Message, Message>) => {
        if (call.metadata.get('x-greet').length > 0) call.write(makeMessage('Order', order));
        call.on('data', (message: Message) => {
          seen.push(showMessage('Order', message));
          call.write(makeMessage('Order', order));
        });
        call.on('error', () => {});
        call.on('end', () => call.end());
      },
      ping: (call: ServerUnaryCall<Message, Message>, reply: sendUnaryData<Message>) =>
        reply(null, call.request),
    });
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    return new OrdersServer(server, port, seen);
  }

  close(): void {
    this.#server.forceShutdown();
  }
}

// An error with a secret in each place that errors have.
function failure(): Partial<ServiceError> {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(`\x08\x09${CARD}`));
  metadata.set('x-note', `paid with ${CARD}`);
  return { code: 9, details: `card ${CARD} refused`, metadata };
}

/** How a call of one message went. */
export interface Placed {
  readonly error: ServiceError | undefined;
  readonly reply: JsonValue | undefined;
}

/** A client with an identity and a connection of its own. */
export class OrdersClient {
  readonly #client: Client;

  /** `compresses`: its messages go compressed with gzip. */
  constructor({ port, identity }: Peer, compresses = false) {
    const { rootPem, keyPem, chainPem } = identity;
    const tls = credentials.createSsl(
      Buffer.from(rootPem),
      Buffer.from(keyPem),
      Buffer.from(chainPem),
      // Names of the mesh are SPIFFE IDs, which Envoy checks; this client knows whom it called by the port.
      { checkServerIdentity: () => undefined },
    );
    const options = compresses ? { 'grpc.default_compression_algorithm': 2 } : {};
    this.#client = new Client(`127.0.0.1:${port}`, tls, options);
  }

  /** Calls a method with one order. */
  place(value: JsonValue, headers: Readonly<Record<string, string>> = {}, path = PLACE) {
    const { requestSerialize, responseDeserialize } = found(methods.place);
    return new Promise<Placed>((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        makeMessage('Order', value),
        Metadata.fromHttp2Headers(headers),
        { deadline: Date.now() + 20_000 },
        (error, reply) =>
          resolve({
            error: error ?? undefined,
            reply: reply && showMessage('Receipt', reply),
          }),
      );
    });
  }

  /** Opens a stream both ways. */
  watch(headers: Readonly<Record<string, string>> = {}): ClientDuplexStream<Message, Message> {
    const { requestSerialize, responseDeserialize } = found(methods.watch);
    return this.#client.makeBidiStreamRequest(
      WATCH,
      requestSerialize,
      responseDeserialize,
      Metadata.fromHttp2Headers(headers),
      { deadline: Date.now() + 60_000 },
    );
  }

  close(): void {
    this.#client.close();
  }
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('no such method');
  return value;
}
