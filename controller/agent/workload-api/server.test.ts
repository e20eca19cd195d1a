/** SVIDs over a real gRPC client on the Unix socket, certificates of a real authority. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { create, type DescMessage, type Message } from '@bufbuild/protobuf';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { LiveMesh } from '../../api/live-mesh.test-data.ts';
import { splitPem } from '../../identity/pem.ts';
import { grpcService } from '../../xds/grpc-service.ts';
import { makeKeyAndRequest } from '../csr.ts';
import { type HeldIdentity, holdIdentity } from '../identity.ts';
import {
  JWTBundlesRequestSchema,
  JWTSVIDRequestSchema,
  SpiffeWorkloadAPI,
  ValidateJWTSVIDRequestSchema,
  X509BundlesRequestSchema,
  type X509BundlesResponse,
  X509SVIDRequestSchema,
  type X509SVIDResponse,
} from './gen/workload_pb.js';
import { createWorkloadApi, type WorkloadApi } from './server.ts';

const methods = grpcService(SpiffeWorkloadAPI);
let dir: string;
let mesh: LiveMesh;
let api: WorkloadApi;
let client: Client;
let lines: string[];
let refusals: number;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dta-'));
  mesh = new LiveMesh();
  await mesh.open('mesh.test');
  [lines, refusals] = [[], 0];
  const socketPath = join(dir, 'api.sock');
  api = await createWorkloadApi({
    socketPath,
    uid: process.getuid?.() ?? 0,
    onRefusal: () => refusals++,
    log: pino({}, { write: (line: string) => lines.push(line) }),
  });
  client = new Client(`unix:${socketPath}`, credentials.createInsecure());
});
afterEach(async () => {
  client.close();
  await api.close();
  await mesh.close();
  rmSync(dir, { recursive: true });
});

async function identity(): Promise<HeldIdentity> {
  const { keyPem, csrPem } = makeKeyAndRequest();
  const issued = await mesh.identities.join(await mesh.token(), csrPem);
  return holdIdentity(issued, keyPem);
}

const secure = () => {
  const metadata = new Metadata();
  metadata.set('workload.spiffe.io', 'true');
  return metadata;
};

/** The client's end of a stream: messages one by one, or how it failed. */
class Stream<Response> {
  readonly #arrived: Response[] = [];
  #watch = (): void => undefined;
  readonly failed: Promise<ServiceError>;
  readonly cancel: () => void;

  constructor(name: string, request: DescMessage, metadata: Metadata) {
    const method = methods[name];
    if (!method) throw new Error(`no method ${name}`);
    const call = client.makeServerStreamRequest<Message, Response>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize as (bytes: Buffer) => Response,
      create(request),
      metadata,
    );
    call.on('data', (response: Response) => {
      this.#arrived.push(response);
      this.#watch();
    });
    this.failed = new Promise((resolve) => call.on('error', resolve));
    this.cancel = () => call.cancel();
  }

  async next(): Promise<Response> {
    for (;;) {
      const response = this.#arrived.shift();
      if (response) return response;
      await new Promise<void>((resolve) => {
        this.#watch = resolve;
      });
    }
  }
}

const svids = (metadata = secure()) =>
  new Stream<X509SVIDResponse>('fetchX509SVID', X509SVIDRequestSchema, metadata);

describe('FetchX509SVID', () => {
  it('is at the path of the standard', () => {
    expect(methods.fetchX509SVID?.path).toBe('/SpiffeWorkloadAPI/FetchX509SVID');
  });

  it('gives certificate, key and bundle as DER, and every new one', async () => {
    const held = await identity();
    api.publish(held);
    const stream = svids();
    const [svid, ...others] = (await stream.next()).svids;
    expect(others).toEqual([]);
    expect(svid?.spiffeId).toBe(held.spiffeId);
    const leaf = new X509Certificate(svid?.x509Svid ?? '');
    expect(leaf.subjectAltName).toBe(`URI:${held.spiffeId}`);
    const key = Buffer.from(svid?.x509SvidKey ?? []);
    expect(leaf.checkPrivateKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))).toBe(
      true,
    );
    const [, issuer = ''] = splitPem(held.chainPem);
    const above = new X509Certificate(issuer);
    expect(leaf.verify(above.publicKey)).toBe(true);
    expect(above.verify(new X509Certificate(svid?.bundle ?? '').publicKey)).toBe(true);
    const next = await identity();
    api.publish(next);
    expect((await stream.next()).svids[0]?.spiffeId).toBe(next.spiffeId);
    stream.cancel();
    expect((await stream.failed).code).toBe(status.CANCELLED);
  });

  it('waits for the first', async () => {
    const stream = svids();
    const held = await identity();
    await new Promise(setImmediate);
    api.publish(held);
    expect((await stream.next()).svids[0]?.spiffeId).toBe(held.spiffeId);
    stream.cancel();
  });

  it('holds several certificates one after the other', async () => {
    const held = await identity();
    const other = await identity();
    const chainPem = held.chainPem + other.chainPem;
    api.publish({ ...held, chainPem, rootPem: held.rootPem + held.rootPem });
    const stream = svids();
    const [svid] = (await stream.next()).svids;
    const whole = splitPem(chainPem).map((each) => new X509Certificate(each).raw);
    expect(whole).toHaveLength(4);
    expect(Buffer.from(svid?.x509Svid ?? [])).toEqual(Buffer.concat(whole));
    const { raw } = new X509Certificate(held.rootPem);
    expect(Buffer.from(svid?.bundle ?? [])).toEqual(Buffer.concat([raw, raw]));
    stream.cancel();
  });
});

describe('FetchX509Bundles', () => {
  it('gives the roots by trust domain', async () => {
    const held = await identity();
    api.publish(held);
    const stream = new Stream<X509BundlesResponse>(
      'fetchX509Bundles',
      X509BundlesRequestSchema,
      secure(),
    );
    const { bundles } = await stream.next();
    expect(Object.keys(bundles)).toEqual(['spiffe://mesh.test']);
    const { raw } = new X509Certificate(held.rootPem);
    expect(Buffer.from(bundles['spiffe://mesh.test'] ?? [])).toEqual(raw);
    stream.cancel();
  });
});

describe('a request', () => {
  const headers = (...values: string[]) => {
    const metadata = new Metadata();
    for (const value of values) metadata.add('workload.spiffe.io', value);
    return metadata;
  };

  it.each([[[]], [['false']], [['True']], [['true', 'true']]])(
    'with the security header %j is refused, logged and counted',
    async (values) => {
      api.publish(await identity());
      const { code, details } = await svids(headers(...values)).failed;
      expect(code).toBe(status.INVALID_ARGUMENT);
      expect(details).toContain('security header missing');
      expect(refusals).toBe(1);
      expect(lines.join()).toContain('refused a request for an SVID');
    },
  );

  it.each([
    ['fetchJWTSVID', JWTSVIDRequestSchema],
    ['validateJWTSVID', ValidateJWTSVIDRequestSchema],
    ['fetchJWTBundles', JWTBundlesRequestSchema],
  ])('%s is not implemented, and needs the header too', async (name, schema) => {
    const ask = (metadata: Metadata) => new Stream(name, schema, metadata).failed;
    expect((await ask(secure())).code).toBe(status.UNIMPLEMENTED);
    expect((await ask(headers())).code).toBe(status.INVALID_ARGUMENT);
  });
});
