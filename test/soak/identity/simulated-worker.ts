/** A thread of simulated proxies (`simulated-proxies.ts`): gRPC on bare HTTP/2, so that a thousand cost little. */
import { type ClientHttp2Stream, connect } from 'node:http2';
import { parentPort, workerData } from 'node:worker_threads';

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';

import {
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from '../../../controller/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { typeUrls } from '../../../controller/xds/resource-names.ts';
import type { Credentials } from '../../envoy/client.ts';
import { machineMs } from './machine-clock.ts';

/** What each proxy wants, as an Envoy with an inbound listener does. */
const wanted: Readonly<Record<string, readonly string[]>> = {
  [typeUrls.secret]: ['dta-validation'],
  [typeUrls.extensionConfig]: ['dta/inbound', 'dta-state'],
};

/** One proxy. */
class SimulatedProxy {
  /** Names of resources that came at least once. */
  readonly has = new Set<string>();
  readonly #stream: ClientHttp2Stream;
  readonly #onState: (state: Buffer, atMs: number) => void;
  #pending: Buffer = Buffer.alloc(0);

  constructor(port: number, identity: Credentials, onState: (state: Buffer, atMs: number) => void) {
    this.#onState = onState;
    const session = connect(`https://127.0.0.1:${port}`, {
      ...{ ca: identity.rootPem, cert: identity.chainPem, key: identity.keyPem },
      checkServerIdentity: () => undefined,
    });
    session.on('error', fail);
    this.#stream = session.request(
      {
        ':method': 'POST',
        ':path': '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
        'content-type': 'application/grpc',
        te: 'trailers',
      },
      { endStream: false },
    );
    this.#stream.on('error', fail);
    this.#stream.on('close', () => fail(new Error('a simulated proxy lost its stream')));
    this.#stream.on('data', (chunk: Buffer) => this.#take(chunk, machineMs()));
    for (const [typeUrl, resourceNames] of Object.entries(wanted)) {
      this.#send({ typeUrl, resourceNames: [...resourceNames] });
    }
  }

  /** Only looks at the time: what it takes to be a proxy must not delay the next one, which would have a core of its own. */
  #take(chunk: Buffer, atMs: number): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    setImmediate(() => this.#read(atMs));
  }

  #read(atMs: number): void {
    while (this.#pending.length >= 5) {
      const end = 5 + this.#pending.readUInt32BE(1);
      if (this.#pending.length < end) return;
      const message = this.#pending.subarray(5, end);
      this.#pending = this.#pending.subarray(end);
      this.#answer(fromBinary(DiscoveryResponseSchema, message), atMs);
    }
  }

  #answer({ typeUrl, versionInfo, nonce, resources }: DiscoveryResponse, atMs: number): void {
    const [name = ''] = versionInfo.split('@');
    this.has.add(name);
    const state = resources[0]?.value;
    if (name === 'dta-state' && state) {
      this.#onState(Buffer.from(state.buffer, state.byteOffset, state.byteLength), atMs);
    }
    const resourceNames = [...(wanted[typeUrl] ?? [])];
    this.#send({ typeUrl, versionInfo, responseNonce: nonce, resourceNames });
  }

  #send(request: Partial<Omit<DiscoveryRequest, '$typeName' | '$unknown'>>): void {
    const message = toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, request));
    const frame = Buffer.alloc(5 + message.length);
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, 5);
    this.#stream.write(frame);
  }
}

function fail(error: Error): never {
  throw error;
}

const { port, identities } = workerData as { port: number; identities: Credentials[] };
const owner = parentPort;
if (!owner) throw new Error('runs as a thread only');
let needle: Buffer | undefined;
let arrivals = new Map<number, number>();
let finish = () => {};

const proxies: SimulatedProxy[] = [];
for (const [i, identity] of identities.entries()) {
  const onState = (state: Buffer, atMs: number) => {
    if (!needle || arrivals.has(i) || !state.includes(needle)) return;
    arrivals.set(i, atMs);
    if (arrivals.size === identities.length) finish();
  };
  proxies.push(new SimulatedProxy(port, identity, onState));
  // Some at a time: a thousand handshakes at once would run into their time limits.
  while (proxies.filter(({ has }) => has.size < 3).length > 20) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
while (proxies.some(({ has }) => has.size < 3)) {
  await new Promise((resolve) => setTimeout(resolve, 5));
}
owner.postMessage('ready');
owner.on('message', ({ uuid, withinMs }: { uuid: string; withinMs: number }) => {
  needle = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  arrivals = new Map();
  const timer = setTimeout(() => finish(), withinMs);
  finish = () => {
    clearTimeout(timer);
    finish = () => {};
    owner.postMessage([...arrivals.values()]);
  };
});
