/** A thread of simulated proxies (`simulated-proxies.ts`): gRPC on bare HTTP/2, so that a thousand cost little. */
import { type ClientHttp2Stream, connect } from 'node:http2';
import { parentPort, workerData } from 'node:worker_threads';

import { create, toBinary } from '@bufbuild/protobuf';

import { DiscoveryRequestSchema } from '../../../controller/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { typeUrls } from '../../../controller/xds/resource-names.ts';
import type { Credentials } from '../../envoy/client.ts';
import { machineMs } from './machine-clock.ts';

/** What each proxy wants, as an Envoy with an inbound listener does. */
const wanted: Readonly<Record<string, readonly string[]>> = {
  [typeUrls.secret]: ['dta-validation'],
  [typeUrls.extensionConfig]: ['dta/inbound', 'dta-state'],
};

const none: Buffer = Buffer.alloc(0);
/** Type and names of a request for each type, encoded. */
const asked = new Map(
  Object.entries(wanted).map(([typeUrl, resourceNames]) => {
    const request = create(DiscoveryRequestSchema, { typeUrl, resourceNames: [...resourceNames] });
    return [typeUrl, toBinary(DiscoveryRequestSchema, request)];
  }),
);

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
    for (const request of asked.values()) this.#send([request]);
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
      this.#answer(this.#pending.subarray(5, end), atMs);
      this.#pending = this.#pending.subarray(end);
    }
  }

  #answer(response: Buffer, atMs: number): void {
    const { version, nonce, type } = readResponse(response);
    const typeUrl = type.toString('latin1');
    const name = version.toString('latin1', 0, version.indexOf('@'));
    this.has.add(name);
    // The bytes of the state are somewhere in it.
    if (name === 'dta-state') this.#onState(response, atMs);
    this.#send([asked.get(typeUrl) ?? none, field(1, version), field(5, nonce)]);
  }

  #send(parts: readonly Uint8Array[]): void {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(length, 1);
    this.#stream.write(Buffer.concat([head, ...parts], 5 + length));
  }
}

/** Three fields of a DiscoveryResponse, read by hand: the thousand share two processors with what is measured. */
function readResponse(bytes: Buffer): { version: Buffer; nonce: Buffer; type: Buffer } {
  let [version, nonce, type] = [none, none, none];
  for (let at = 0; at < bytes.length; ) {
    const number = bytes.readUInt8(at++) >> 3;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++);
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const value = bytes.subarray(at, at + length);
    at += length;
    if (number === 1) version = value;
    else if (number === 4) type = value;
    else if (number === 5) nonce = value;
  }
  return { version, nonce, type };
}

/** A field of less than 128 bytes. */
function field(number: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), value]);
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
