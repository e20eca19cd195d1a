/** Secrets over a real gRPC client on the Unix socket. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { create, fromBinary } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  type Secret,
  SecretSchema,
} from '../xds/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import {
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
} from '../xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { SecretDiscoveryService } from '../xds/gen/envoy/service/secret/v3/sds_pb.js';
import { grpcService } from '../xds/grpc-service.ts';
import type { HeldIdentity } from './identity.ts';
import { createSdsServer, type SdsServer } from './sds-server.ts';
import { secretType } from './sds-stream.ts';

const methods = grpcService(SecretDiscoveryService);
let dir: string;
let socketPath: string;
let server: SdsServer;
let client: Client;
let warnings: string[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dta-'));
  socketPath = join(dir, 'agent.sock');
  warnings = [];
  server = await start();
  client = new Client(`unix:${socketPath}`, credentials.createInsecure());
});
afterEach(async () => {
  client.close();
  await server.close();
  rmSync(dir, { recursive: true });
});

function start(): Promise<SdsServer> {
  const log = pino({}, { write: (line: string) => warnings.push(line) });
  return createSdsServer({ socketPath, uid: process.getuid?.() ?? 0, log });
}

function identity(n: number): HeldIdentity {
  return {
    instance: 'i',
    spiffeId: 'spiffe://mesh.test/x',
    chainPem: `chain ${n}`,
    keyPem: `key ${n}`,
    rootPem: 'root',
    trustGeneration: 1,
    notBeforeMs: 0,
    notAfterMs: 1,
  };
}

/** The client's end of a stream: responses are awaited one by one. */
class Stream {
  readonly #call: ClientDuplexStream<DiscoveryRequest, DiscoveryResponse>;
  readonly #arrived: DiscoveryResponse[] = [];
  #watch = (): void => undefined;
  readonly failed: Promise<number>;

  constructor() {
    const method = methods.streamSecrets;
    if (!method) throw new Error('no such method');
    this.#call = client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
    );
    this.#call.on('data', (response: DiscoveryResponse) => {
      this.#arrived.push(response);
      this.#watch();
    });
    this.failed = new Promise((resolve) => {
      this.#call.on('error', (error: { code?: number }) => resolve(error.code ?? -1));
    });
  }

  ask(names: string[], answered?: DiscoveryResponse, error?: string): void {
    const request = create(DiscoveryRequestSchema, {
      typeUrl: secretType,
      resourceNames: names,
      versionInfo: answered?.versionInfo ?? '',
      responseNonce: answered?.nonce ?? '',
      ...(error !== undefined && { errorDetail: { message: error } }),
    });
    this.#call.write(request);
  }

  async next(): Promise<DiscoveryResponse> {
    for (;;) {
      const response = this.#arrived.shift();
      if (response) return response;
      await new Promise<void>((resolve) => {
        this.#watch = resolve;
      });
    }
  }

  get unread(): number {
    return this.#arrived.length;
  }

  end(): void {
    this.#call.cancel();
  }
}

function secrets(response: DiscoveryResponse): Secret[] {
  return response.resources.map((packed) => fromBinary(SecretSchema, packed.value));
}

function keyIn(response: DiscoveryResponse): string | undefined {
  for (const secret of secrets(response)) {
    if (secret.type.case !== 'tlsCertificate') continue;
    const source = secret.type.value.privateKey?.specifier;
    return source?.case === 'inlineString' ? source.value : undefined;
  }
  return undefined;
}

function fetchSecrets(names: string[], typeUrl = secretType): Promise<DiscoveryResponse> {
  const method = methods.fetchSecrets;
  if (!method) throw new Error('no such method');
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<DiscoveryRequest, DiscoveryResponse>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize as (bytes: Buffer) => DiscoveryResponse,
      create(DiscoveryRequestSchema, { typeUrl, resourceNames: names }),
      (error, response) => (response ? resolve(response) : reject(error ?? new Error('nothing'))),
    );
  });
}

describe('SDS', () => {
  it('makes early streams wait, pushes the first secrets and each rotation', async () => {
    const stream = new Stream();
    stream.ask(['svid', 'dta-mesh-ca']);
    await expect(fetchSecrets(['svid'])).rejects.toMatchObject({ code: status.UNAVAILABLE });
    server.publish(identity(1));
    const first = await stream.next();
    expect(secrets(first).map(({ name, type }) => [name, type.case])).toEqual([
      ['svid', 'tlsCertificate'],
      ['dta-mesh-ca', 'validationContext'],
    ]);
    expect(keyIn(first)).toBe('key 1');
    stream.ask(['svid', 'dta-mesh-ca'], first);
    server.publish(identity(2));
    const second = await stream.next();
    expect(keyIn(second)).toBe('key 2');
    expect(second.versionInfo).not.toBe(first.versionInfo);
    expect(second.nonce).not.toBe(first.nonce);
    stream.end();
  });

  it('sends again for a new name, not for an acknowledgement or a refusal', async () => {
    server.publish(identity(1));
    const stream = new Stream();
    stream.ask(['svid']);
    const first = await stream.next();
    stream.ask(['svid'], first);
    stream.ask(['svid'], first, 'bad key');
    server.publish(identity(1));
    stream.ask(['svid', 'dta-mesh-ca'], first);
    const second = await stream.next();
    expect(secrets(second).map(({ name }) => name)).toEqual(['svid', 'dta-mesh-ca']);
    expect(stream.unread).toBe(0);
    expect(warnings.join()).toContain('bad key');
    // Overtaken: it answers the first response, and the second has other names.
    stream.ask(['svid'], first);
    server.publish(identity(2));
    const third = await stream.next();
    expect(third.nonce).toBe('3');
    expect(secrets(third)).toHaveLength(2);
    stream.end();
  });

  it('serves each of two streams what it asked for', async () => {
    server.publish(identity(1));
    const [one, two] = [new Stream(), new Stream()];
    one.ask(['svid']);
    two.ask(['dta-mesh-ca']);
    expect(secrets(await one.next()).map(({ name }) => name)).toEqual(['svid']);
    expect(secrets(await two.next()).map(({ name }) => name)).toEqual(['dta-mesh-ca']);
    one.end();
    two.end();
  });

  it('answers a fetch', async () => {
    server.publish(identity(1));
    expect(keyIn(await fetchSecrets(['svid']))).toBe('key 1');
  });

  it.each([
    [['other'], secretType],
    [['svid', 'other'], secretType],
    [[], secretType],
    [['svid'], 'type.googleapis.com/envoy.config.cluster.v3.Cluster'],
  ])('refuses %j of %s and logs it', async (names, typeUrl) => {
    server.publish(identity(1));
    const denied = { code: status.PERMISSION_DENIED };
    await expect(fetchSecrets(names, typeUrl)).rejects.toMatchObject(denied);
    if (typeUrl === secretType) {
      const stream = new Stream();
      stream.ask(names);
      expect(await stream.failed).toBe(status.PERMISSION_DENIED);
      expect(stream.unread).toBe(0);
    }
    expect(warnings.join()).toContain('refused a request for secrets');
  });

  it('takes over the socket of a dead agent, never of a living one or a file', async () => {
    await expect(start()).rejects.toMatchObject({ code: 'portInUse' });
    await server.close();
    writeFileSync(socketPath, '');
    await expect(start()).rejects.toMatchObject({ code: 'setup' });
    rmSync(socketPath);
    server = await start();
  });
});
