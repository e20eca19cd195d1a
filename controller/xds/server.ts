/** The xDS server: discovery over gRPC with mutual TLS, resources chosen by the peer's certificate. */
import type { Message } from '@bufbuild/protobuf';
import {
  type handleBidiStreamingCall,
  Server,
  type ServerDuplexStream,
  type StatusObject,
  status,
} from '@grpc/grpc-js';

import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { ChangeFan } from './change-fan.ts';
import { closeConnection } from './close-connection.ts';
import { MutualTlsCredentials, type TlsMaterial } from './credentials.ts';
import { ResponseEncoder } from './encode-response.ts';
import { AggregatedDiscoveryService } from './gen/envoy/service/discovery/v3/ads_pb.js';
import type {
  DiscoveryRequest,
  DiscoveryResponse,
} from './gen/envoy/service/discovery/v3/discovery_pb.js';
import { SecretDiscoveryService } from './gen/envoy/service/secret/v3/sds_pb.js';
import { grpcService } from './grpc-service.ts';
import type { ProxyIdentity, ProxyStatus, ResourceSource, XdsObserver } from './model.ts';
import { type PeerCertificate, readPeerCertificate } from './peer-certificate.ts';
import { joinStatuses } from './proxy-status.ts';
import { type FilterSettings, ResourceBuilder } from './resources.ts';
import { AdsStream } from './stream.ts';

/** What the server needs. */
export interface XdsServerOptions {
  readonly tls: TlsMaterial;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly source: ResourceSource;
  /** How proxies load the filter. */
  readonly filter: FilterSettings;
  /** Reads the URI SAN of a peer; undefined: not an identity of this mesh, the stream is refused. */
  readonly identify: (spiffeId: string) => ProxyIdentity | undefined;
  /**
   * Refuses streams of revoked certificates and issuing keys (both: what `nameCertificate` gave) and
   * instances.
   */
  readonly isRevoked: (peer: RevocablePeer) => boolean;
  /** Names a certificate (DER) as it may be revoked, once for each stream. */
  readonly nameCertificate: (der: Uint8Array) => CertificateNames;
  readonly log: Log;
  readonly clock: Clock;
  readonly observer?: XdsObserver;
}

/** Under what a certificate can be revoked. */
export interface CertificateNames {
  /** SHA-256 of its DER, lower-case hex, in every form that proves the same. */
  readonly digests: readonly string[];
  /** The key that signed it; undefined: none that is trusted. */
  readonly issuer: string | undefined;
}

/** What can be revoked of a peer. */
export interface RevocablePeer extends CertificateNames {
  readonly instance: string;
}

/** A running server. */
export interface XdsServer {
  /** The port it listens on. */
  readonly port: number;
  /** Every proxy that is connected now, with what all of its streams carry. */
  proxies(): ProxyStatus[];
  /** Changes the certificate of new connections; open streams go on. */
  updateTls(material: TlsMaterial): void;
  /** Ends all streams and stops listening. */
  close(): Promise<void>;
}

type AdsCall = ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>;

/**
 * Starts the server.
 *
 * @throws DtaError `portInUse` when the port is taken, `setup` when it cannot listen or the key material is unusable.
 */
export async function createXdsServer(options: XdsServerOptions): Promise<XdsServer> {
  const server = new Server(serverOptions);
  const calls = new Calls(options);
  addServices(server, (call) => calls.take(call));
  const credentials = usableCredentials(options.tls);
  const port = await bind(server, `${options.host ?? '127.0.0.1'}:${options.port}`, credentials);
  const stopTelling = calls.tell();
  return {
    port,
    proxies: () => calls.statuses(),
    updateTls: (material) => credentials.update(material),
    close: async () => {
      stopTelling();
      server.forceShutdown();
    },
  };
}

function addServices(server: Server, onCall: (call: AdsCall) => void): void {
  const encoder = new ResponseEncoder();
  const encode = (response: Message) => encoder.encode(response as DiscoveryResponse);
  const handler = onCall as handleBidiStreamingCall<never, never>;
  server.addService(grpcService(AggregatedDiscoveryService, encode), {
    streamAggregatedResources: handler,
  });
  // The same on a stream of its own: Envoy's static clusters cannot take secrets from the aggregated one.
  server.addService(grpcService(SecretDiscoveryService, encode), { streamSecrets: handler });
}

/** The calls that are open, each with its stream. */
class Calls {
  readonly #options: XdsServerOptions;
  readonly #builder: ResourceBuilder;
  readonly #streams = new Set<AdsStream>();
  readonly #ends = new Set<() => void>();

  constructor(options: XdsServerOptions) {
    this.#options = options;
    this.#builder = new ResourceBuilder(options.filter);
  }

  /** Serves a call, or refuses it. */
  take(call: AdsCall): void {
    const options = this.#options;
    const peer = admit(call, options);
    if (!peer) return;
    const { proxy, certificate, revocable } = peer;
    const stream = this.#open(call, proxy);
    const endIfRevoked = () => {
      if (!options.isRevoked(revocable)) return;
      refuse(call, options, status.PERMISSION_DENIED, proxy.spiffeId, 'the identity was revoked');
    };
    this.#ends.add(endIfRevoked);
    const expiry = endAtExpiry(call, certificate, options.clock);
    const leave = () => {
      clearTimeout(expiry);
      stream.close();
      this.#streams.delete(stream);
      this.#ends.delete(endIfRevoked);
    };
    call.on('data', (request: DiscoveryRequest) => stream.onRequest(request));
    call.on('end', () => call.end());
    call.on('cancelled', leave);
    call.on('close', leave);
    call.on('error', leave);
  }

  /** Tells streams of changes from now on, and ends those of the revoked; gives the function that ends it. */
  tell(): () => void {
    const changes = new ChangeFan(this.#streams);
    let sweep: NodeJS.Timeout | undefined;
    const unsubscribe = this.#options.source.subscribe((change) => {
      changes.take(change);
      if (!change.kinds.includes('state')) return;
      // A moment later, so that a revoked proxy still learns of it and refuses its own calls.
      sweep ??= setTimeout(() => {
        sweep = undefined;
        for (const endIfRevoked of this.#ends) endIfRevoked();
      }, lastStateMs);
    });
    return () => {
      unsubscribe();
      changes.stop();
      clearTimeout(sweep);
    };
  }

  statuses(): ProxyStatus[] {
    return joinStatuses(Array.from(this.#streams, (stream) => stream.status()));
  }

  #open(call: AdsCall, proxy: ProxyIdentity): AdsStream {
    const { source, clock, log, observer = {} } = this.#options;
    const stream = new AdsStream(proxy, {
      ...{ source, builder: this.#builder, clock, observer },
      log: log.child({ proxy: proxy.spiffeId }),
      write: (response, done) => call.write(response, done),
    });
    this.#streams.add(stream);
    return stream;
  }
}

/** The peer of a call, or undefined after the call was refused. */
function admit(
  call: AdsCall,
  options: XdsServerOptions,
): { proxy: ProxyIdentity; certificate: PeerCertificate; revocable: RevocablePeer } | undefined {
  const der = call.getAuthContext().sslPeerCertificate?.raw;
  const certificate = der && readPeerCertificate(der);
  const proxy = certificate && options.identify(certificate.uri);
  if (!der || !certificate || !proxy) {
    refuse(call, options, status.UNAUTHENTICATED, certificate?.uri, 'no identity of this mesh');
    return undefined;
  }
  // TLS looked at its end in the handshake; a later stream on the connection may come after it.
  if (certificate.notAfterMs <= options.clock()) {
    refuse(call, options, status.UNAUTHENTICATED, proxy.spiffeId, 'the certificate has expired');
    return undefined;
  }
  const revocable = { ...options.nameCertificate(der), instance: proxy.instance };
  if (options.isRevoked(revocable)) {
    refuse(call, options, status.PERMISSION_DENIED, proxy.spiffeId, 'the identity is revoked');
    return undefined;
  }
  return { proxy, certificate, revocable };
}

function refuse(
  call: AdsCall,
  options: XdsServerOptions,
  code: status,
  spiffeId: string | undefined,
  reason: string,
): void {
  options.log.warn({ spiffeId, peer: call.getPeer(), reason }, 'refused a stream');
  options.observer?.onRefuse?.({ spiffeId, reason });
  const refusal: Partial<StatusObject> = { code, details: reason };
  call.emit('error', refusal);
  closeConnection(call);
}

/** A stream does not outlive its certificate: the proxy comes back at once, on a connection with its new one. */
function endAtExpiry(call: AdsCall, certificate: PeerCertificate, clock: Clock): NodeJS.Timeout {
  const leftMs = Math.min(Math.max(certificate.notAfterMs - clock(), 0), timerMaxMs);
  const end = () => {
    call.end();
    closeConnection(call);
  };
  return setTimeout(end, leftMs).unref();
}

function usableCredentials(material: TlsMaterial): MutualTlsCredentials {
  try {
    return new MutualTlsCredentials(material);
  } catch (cause) {
    throw new DtaError('setup', 'the xds server cannot use its certificate or key', { cause });
  }
}

async function bind(
  server: Server,
  address: string,
  credentials: MutualTlsCredentials,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync(address, credentials, (error, port) => (error ? reject(error) : resolve(port)));
  try {
    return await promise;
  } catch (cause) {
    const isTaken = cause instanceof Error && cause.message.includes('EADDRINUSE');
    throw isTaken
      ? new DtaError('portInUse', `the xds address \`${address}\` is in use`, {
          help: 'stop what listens there, or choose another port',
          cause,
        })
      : new DtaError('setup', `the xds server cannot listen on \`${address}\``, { cause });
  }
}

/** From a new state to the end of the streams of those that it revokes. */
const lastStateMs = 1_000;

/** The longest wait of a Node timer. */
const timerMaxMs = 2 ** 31 - 1;

const serverOptions = {
  'grpc.max_send_message_length': -1,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
};
