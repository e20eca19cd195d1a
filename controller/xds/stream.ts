/** One discovery stream of one proxy: subscriptions in, resources out, answers counted. */
import { create } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import {
  type DiscoveryRequest,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from './gen/envoy/service/discovery/v3/discovery_pb.js';
import type {
  ProxyIdentity,
  ProxyStatus,
  ResourceChange,
  ResourceSource,
  XdsObserver,
  XdsResource,
} from './model.ts';
import { typeUrls } from './resource-names.ts';
import type { ResourceBuilder } from './resources.ts';
import { type Subscription, TypeSubscriptions } from './subscription.ts';

/** What a stream needs of its surroundings. */
export interface StreamParts {
  readonly source: ResourceSource;
  readonly builder: ResourceBuilder;
  readonly log: Log;
  readonly clock: Clock;
  readonly observer: XdsObserver;
  /** Sends a response; `done` once it has left, which is when the next one may be made. */
  readonly write: (response: DiscoveryResponse, done: () => void) => void;
}

/** State-of-the-world discovery: each response carries one resource, so that nothing else is sent or refused with it. */
export class AdsStream {
  readonly proxy: ProxyIdentity;
  readonly #parts: StreamParts;
  readonly #types = [typeUrls.secret, typeUrls.extensionConfig].map(
    (typeUrl) => new TypeSubscriptions(typeUrl),
  );
  readonly #connectedAtMs: number;
  #nodeId = '';
  #nonce = 0;
  #isWriting = false;
  #isClosed = false;
  #unknownTypeWasLogged = false;

  constructor(proxy: ProxyIdentity, parts: StreamParts) {
    this.proxy = proxy;
    this.#parts = parts;
    this.#connectedAtMs = parts.clock();
  }

  /** Takes a subscription, an acknowledgement or a refusal: in discovery they are one message. */
  onRequest(request: DiscoveryRequest): void {
    if (request.node?.id && !this.#nodeId) this.#nodeId = request.node.id.slice(0, nodeIdMax);
    const type = this.#types.find(({ typeUrl }) => typeUrl === request.typeUrl);
    if (!type) {
      this.#refuseType(request.typeUrl);
      return;
    }
    // An answer to anything but the newest response was overtaken; the proxy repeats its names when it has caught up.
    if (request.responseNonce !== '' && request.responseNonce !== type.lastNonce) return;
    this.#settle(type, request);
    for (const name of type.replace(request.resourceNames, this.#parts.clock())) {
      this.#parts.log.warn({ name, typeUrl: type.typeUrl }, 'refused a resource name');
      this.#refuse(`no resource \`${name}\``);
    }
    this.#pump();
  }

  /** Sends what a change made different. */
  onChange(change: ResourceChange): void {
    const sinceMs = change.sinceMs ?? this.#parts.clock();
    for (const type of this.#types) type.touch(change.kinds, sinceMs);
    this.#pump();
  }

  /** No message is sent after this. */
  close(): void {
    this.#isClosed = true;
    for (const type of this.#types) type.flight = undefined;
  }

  status(): ProxyStatus {
    return {
      spiffeId: this.proxy.spiffeId,
      nodeId: this.#nodeId,
      connectedAtMs: this.#connectedAtMs,
      resources: this.#types.flatMap((type) => type.statuses()),
    };
  }

  #settle(type: TypeSubscriptions, request: DiscoveryRequest): void {
    const flight = type.flight;
    if (!flight || request.responseNonce !== flight.nonce) return;
    type.flight = undefined;
    const { subscription, version } = flight;
    const event = { spiffeId: this.proxy.spiffeId, name: subscription.name, version };
    if (request.errorDetail) {
      const message = request.errorDetail.message;
      subscription.nack = { version, message };
      this.#parts.log.error({ name: subscription.name, version, message }, 'proxy refused it');
      this.#parts.observer.onNack?.({ ...event, message });
      return;
    }
    const latencyMs = this.#parts.clock() - flight.sinceMs;
    subscription.nack = undefined;
    subscription.ackedVersion = version;
    subscription.ackLatencyMs = latencyMs;
    this.#parts.observer.onAck?.({ ...event, latencyMs });
  }

  /** Sends the newest version of one changed resource and goes on when it has left: older ones are never queued. */
  #pump(): void {
    while (!this.#isWriting && !this.#isClosed) {
      const type = this.#types.find((t) => (!t.flight || t.flight.isLate) && t.nextDirty());
      const subscription = type?.nextDirty();
      if (!type || !subscription) return;
      const sinceMs = subscription.dirtySinceMs ?? this.#parts.clock();
      subscription.dirtySinceMs = undefined;
      const resource = this.#find(subscription);
      if (resource && resource.version !== subscription.sentVersion) {
        this.#send(type, subscription, resource, sinceMs);
      }
    }
  }

  #send(type: TypeSubscriptions, subscription: Subscription, resource: XdsResource, since: number) {
    const any = this.#encode(subscription, resource);
    if (!any) return;
    const nonce = String(++this.#nonce);
    const { name } = subscription;
    const { version } = resource;
    const flight = { nonce, subscription, version, sinceMs: since, isLate: false };
    type.flight = flight;
    type.lastNonce = nonce;
    subscription.sentVersion = version;
    this.#isWriting = true;
    const response = create(DiscoveryResponseSchema, {
      typeUrl: type.typeUrl,
      versionInfo: `${name}@${version}`,
      nonce,
      resources: [any],
    });
    this.#parts.observer.onPush?.({
      spiffeId: this.proxy.spiffeId,
      name,
      version,
      bytes: any.value.length,
    });
    this.#parts.write(response, () => {
      this.#isWriting = false;
      setTimeout(() => {
        if (type.flight !== flight) return;
        flight.isLate = true;
        this.#parts.log.warn({ name, version }, 'proxy has not answered');
        this.#pump();
      }, answerTimeoutMs).unref();
      this.#pump();
    });
  }

  /** A failing source must not end the stream: the proxy keeps what it has. */
  #find(subscription: Subscription): XdsResource | undefined {
    try {
      return this.#parts.source.resource(this.proxy, subscription.key);
    } catch (error) {
      this.#parts.log.error({ err: error, name: subscription.name }, 'no resource could be made');
      return undefined;
    }
  }

  #encode(subscription: Subscription, resource: XdsResource): Any | undefined {
    const { key, name } = subscription;
    if (key.kind === 'validation' && resource.kind === 'validation') {
      return this.#parts.builder.validation(name, key, resource);
    }
    if (key.kind !== 'validation' && resource.kind === 'wasm') {
      return this.#parts.builder.extensionConfig(key, name, resource);
    }
    this.#parts.log.error({ name, kind: resource.kind }, 'the source gave another kind');
    return undefined;
  }

  #refuseType(typeUrl: string): void {
    if (this.#unknownTypeWasLogged) return;
    this.#unknownTypeWasLogged = true;
    this.#parts.log.warn({ typeUrl }, 'refused a resource type');
    this.#refuse(`no resources of type \`${typeUrl}\``);
  }

  #refuse(reason: string): void {
    this.#parts.observer.onRefuse?.({ spiffeId: this.proxy.spiffeId, reason });
  }
}

/** After this a response counts as unanswered and the next one may go. */
const answerTimeoutMs = 15_000;

/** Characters of a node id that are kept. */
const nodeIdMax = 256;
