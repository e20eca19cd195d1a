/**
 * One secret stream of one Envoy: which names it asked for, what it was sent, what it said about
 * it.
 */
import { create } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';

import type { Log } from '../log.ts';
import {
  type DiscoveryRequest,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from '../xds/gen/envoy/service/discovery/v3/discovery_pb.js';

/** Secrets under their names, all of one version. */
export interface SecretSet {
  readonly version: string;
  readonly secrets: ReadonlyMap<string, Any>;
}

/**
 * Why a request is refused; undefined: it is in order. An absent type URL means secrets, as in
 * Envoy's own clients.
 */
export function refusalOf(request: DiscoveryRequest, names: readonly string[]): string | undefined {
  if (request.typeUrl !== '' && request.typeUrl !== secretType) {
    return `\`${request.typeUrl.slice(0, 200)}\` is not served here, only secrets`;
  }
  if (request.resourceNames.length === 0) return 'name the secrets that are wanted';
  const stranger = request.resourceNames.find((name) => !names.includes(name));
  if (stranger === undefined) return undefined;
  return `secret \`${stranger.slice(0, 200)}\` is not served here, only ${names.join(' and ')}`;
}

/** The response that carries what `request` names. */
export function respond(set: SecretSet, names: Iterable<string>, nonce: string): DiscoveryResponse {
  const resources: Any[] = [];
  for (const name of names) {
    const secret = set.secrets.get(name);
    if (secret) resources.push(secret);
  }
  return create(DiscoveryResponseSchema, {
    versionInfo: set.version,
    typeUrl: secretType,
    nonce,
    resources,
  });
}

/** State of the world, as Envoy's SDS client speaks it. */
export class SdsStream {
  readonly #write: (response: DiscoveryResponse) => void;
  readonly #log: Log;
  #names: ReadonlySet<string> = new Set();
  #sent: { readonly version: string; readonly nonce: string } | undefined;
  #nonce = 0;

  constructor(write: (response: DiscoveryResponse) => void, log: Log) {
    this.#write = write;
    this.#log = log;
  }

  /**
   * Takes a subscription, an acknowledgement or a refusal; `set` is what there is to send, if there
   * is something yet.
   */
  onRequest(request: DiscoveryRequest, set: SecretSet | undefined): void {
    // An answer to a response that was overtaken says nothing about the newest.
    if (request.responseNonce !== '' && request.responseNonce !== this.#sent?.nonce) return;
    if (request.errorDetail) {
      const { message } = request.errorDetail;
      this.#log.error({ version: this.#sent?.version, message }, 'the proxy refused its secrets');
    }
    const before = this.#names;
    this.#names = new Set(request.resourceNames);
    const isNew = [...this.#names].some((name) => !before.has(name));
    if (set && (isNew || this.#sent === undefined)) this.#send(set);
  }

  /** Sends `set` if this version was not sent yet and something was asked for. */
  onChange(set: SecretSet): void {
    if (this.#names.size > 0 && this.#sent?.version !== set.version) this.#send(set);
  }

  #send(set: SecretSet): void {
    const nonce = String(++this.#nonce);
    this.#sent = { version: set.version, nonce };
    this.#write(respond(set, this.#names, nonce));
  }
}

/** Type URL of the only resource that is served. */
export const secretType = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';
