/** The xDS server with real gRPC and mutual TLS, against a gRPC client instead of an Envoy. */
import { X509Certificate } from 'node:crypto';
import { create, fromBinary } from '@bufbuild/protobuf';
import {
  Client,
  type ClientDuplexStream,
  connectivityState,
  credentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { certificateDigests, twinOf } from '../../controller/identity/certificate-digests.ts';
import { toPem } from '../../controller/identity/der-writer.ts';
import { splitPem } from '../../controller/identity/pem.ts';
import { TypedExtensionConfigSchema } from '../../controller/xds/gen/envoy/config/core/v3/extension_pb.js';
import { AggregatedDiscoveryService } from '../../controller/xds/gen/envoy/service/discovery/v3/ads_pb.js';
import {
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
} from '../../controller/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { grpcService } from '../../controller/xds/grpc-service.ts';
import type { WasmResource } from '../../controller/xds/model.ts';
import { typeUrls } from '../../controller/xds/resource-names.ts';
import {
  createXdsServer,
  type RevocablePeer,
  type XdsServer,
} from '../../controller/xds/server.ts';
import { type Leaf, TestMesh, TestSource } from './mesh.ts';

const wasm = (version: string, bytes = 8): WasmResource => ({
  kind: 'wasm',
  version,
  configuration: Buffer.alloc(bytes, version),
});
const method = grpcService(AggregatedDiscoveryService).streamAggregatedResources;

/** A client that answers each response at once. */
class TestProxy {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<DiscoveryRequest, DiscoveryResponse>;
  readonly #names: string[];
  readonly #queue: DiscoveryResponse[] = [];
  #wake = () => {};
  readonly ended: Promise<ServiceError>;

  constructor(port: number, rootPem: string, leaf: Leaf | undefined, names: string[]) {
    this.#names = names;
    const tls = credentials.createSsl(
      Buffer.from(rootPem),
      leaf && Buffer.from(leaf.keyPem),
      leaf && Buffer.from(leaf.certificatePem),
    );
    this.#client = new Client(`127.0.0.1:${port}`, tls, { 'grpc.max_receive_message_length': -1 });
    if (!method) throw new Error('the service has no such method');
    this.#call = this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
    );
    const { promise, resolve } = Promise.withResolvers<ServiceError>();
    this.ended = promise;
    this.#call.on('error', resolve);
    this.#call.on('status', resolve);
    this.#call.on('data', (response: DiscoveryResponse) => {
      this.#queue.push(response);
      this.#ask(response.nonce);
      this.#wake();
    });
    this.#ask('');
  }

  /** The next response as `version, name, bytes`. */
  async next(): Promise<{ versionInfo: string; name: string; bytes: number }> {
    while (this.#queue.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const response = this.#queue.shift();
    const [any] = response?.resources ?? [];
    const config = fromBinary(TypedExtensionConfigSchema, any?.value ?? new Uint8Array());
    return {
      versionInfo: response?.versionInfo ?? '',
      name: config.name,
      bytes: any?.value.length ?? 0,
    };
  }

  /** Rejects when the connection is still in use after ten seconds. */
  untilConnectionIsLeft(): Promise<void> {
    const channel = this.#client.getChannel();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    channel.watchConnectivityState(connectivityState.READY, Date.now() + 10_000, (error) =>
      error ? reject(error) : resolve(),
    );
    return promise;
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }

  #ask(responseNonce: string): void {
    const request = { typeUrl: typeUrls.extensionConfig, resourceNames: this.#names };
    // The node claims to be another workload: it must not matter.
    const node = { id: 'payments', cluster: 'payments' };
    this.#call.write(create(DiscoveryRequestSchema, { ...request, responseNonce, node }));
  }
}

describe('createXdsServer', () => {
  const mesh = new TestMesh();
  const source = new TestSource();
  const revoked = new Set<string>();
  const proxies: TestProxy[] = [];
  let server: XdsServer;
  let acked: Promise<number>;
  let onAck = (_version: string, _latencyMs: number) => {};

  const options = {
    tls: mesh.controllerTls(),
    port: 0,
    source,
    filter: { filePath: '/filter.wasm', environment: {} },
    identify: mesh.identify,
    nameCertificate: (der: Uint8Array) => ({
      digests: certificateDigests(der),
      issuer: mesh.authority.issuerOf(new X509Certificate(der))?.issuer.id,
    }),
    isRevoked: ({ digests, instance }: RevocablePeer) =>
      digests.some((digest) => revoked.has(digest)) || revoked.has(instance),
    log: pino({ level: 'silent' }),
    clock: Date.now,
    observer: {
      onAck: (event: { version: string; latencyMs: number }) =>
        onAck(event.version, event.latencyMs),
    },
  };
  const connect = (leaf: Leaf | undefined, names: string[], to = server) => {
    const proxy = new TestProxy(to.port, mesh.authority.rootPem, leaf, names);
    proxies.push(proxy);
    return proxy;
  };
  const ackOf = (version: string) => {
    const { promise, resolve } = Promise.withResolvers<number>();
    onAck = (acknowledged, latencyMs) => {
      if (acknowledged === version) resolve(latencyMs);
    };
    return promise;
  };

  beforeAll(async () => {
    server = await createXdsServer(options);
  });
  afterEach(() => {
    for (const proxy of proxies.splice(0)) proxy.close();
    revoked.clear();
  });
  afterAll(() => server.close());

  it('chooses by the certificate, whatever the node says it is', async () => {
    source.put('orders', 'inbound', wasm('orders-1'));
    source.put('payments', 'inbound', wasm('payments-1'));
    const orders = connect(mesh.leaf('orders'), ['dta/inbound']);
    expect(await orders.next()).toMatchObject({ versionInfo: 'dta/inbound@orders-1' });
    expect(server.proxies()).toMatchObject([{ nodeId: 'payments' }]);
    expect(server.proxies()[0]?.spiffeId).toContain('/svc/orders/');
  });

  it('pushes 24 MB, and nothing of them again with a later state', async () => {
    source.put('orders', 'inbound', wasm('big', 24 * 1024 * 1024));
    source.put('orders', 'state', wasm('s1'));
    const orders = connect(mesh.leaf('orders'), ['dta/inbound', 'dta-state']);
    expect(await orders.next()).toMatchObject({ name: 'dta-state' });
    acked = ackOf('big');
    const big = await orders.next();
    expect(big.bytes).toBeGreaterThan(24 * 1024 * 1024);
    await acked;
    acked = ackOf('s2');
    source.put('orders', 'state', wasm('s2'), true);
    expect(await orders.next()).toMatchObject({ versionInfo: 'dta-state@s2' });
    expect(await acked).toBeLessThan(1_000);
    expect(server.proxies()[0]?.resources).toMatchObject([
      { name: 'dta/inbound', sentVersion: 'big', ackedVersion: 'big' },
      { name: 'dta-state', sentVersion: 's2', ackedVersion: 's2' },
    ]);
  });

  it('joins changes that are not urgent', async () => {
    source.put('orders', 'state', wasm('t0'));
    acked = ackOf('t0');
    const orders = connect(mesh.leaf('orders'), ['dta-state']);
    await orders.next();
    await acked;
    for (const version of ['t1', 't2', 't3']) source.put('orders', 'state', wasm(version));
    expect(await orders.next()).toMatchObject({ versionInfo: 'dta-state@t3' });
  });

  it('refuses a revoked certificate and a revoked instance', async () => {
    const leaf = mesh.leaf('orders');
    for (const name of [leaf.digest, leaf.identity.instance]) {
      revoked.clear();
      revoked.add(name);
      const { code } = await connect(leaf, ['dta/inbound']).ended;
      expect(code).toBe(status.PERMISSION_DENIED);
    }
  });

  it('refuses a revoked certificate whose holder wrote its signature in the other way', async () => {
    const leaf = mesh.leaf('orders');
    const twin = twinOf(new X509Certificate(leaf.certificatePem).raw) ?? Buffer.alloc(0);
    const [, ...above] = splitPem(leaf.certificatePem);
    const certificatePem = [toPem('CERTIFICATE', twin), ...above].join('');
    source.put('orders', 'state', wasm('for both'));
    const both = { ...leaf, certificatePem };
    expect(await connect(both, ['dta-state']).next()).toMatchObject({ name: 'dta-state' });
    revoked.add(leaf.digest);
    expect((await connect(both, ['dta-state']).ended).code).toBe(status.PERMISSION_DENIED);
  });

  it('gives nothing to a certificate that has expired since the handshake', async () => {
    const clock = () => Date.now() + 3_600_000;
    const later = await createXdsServer({ ...options, clock });
    const { code } = await connect(mesh.leaf('orders'), ['dta-state'], later).ended;
    expect(code).toBe(status.UNAUTHENTICATED);
    await later.close();
  });

  it('tells an open stream whose identity was revoked, and ends it then', async () => {
    source.put('orders', 'state', wasm('before'));
    const leaf = mesh.leaf('orders');
    const orders = connect(leaf, ['dta-state']);
    await orders.next();
    revoked.add(leaf.digest);
    source.put('orders', 'state', wasm('after'), true);
    expect(await orders.next()).toMatchObject({ versionInfo: 'dta-state@after' });
    expect((await orders.ended).code).toBe(status.PERMISSION_DENIED);
  });

  it('refuses a name of another mesh, which our authority may not even give', async () => {
    const stranger = mesh.leaf('orders', { trustDomain: 'other.example' });
    expect((await connect(stranger, ['dta/inbound']).ended).code).toBe(status.UNAVAILABLE);
    const picky = await createXdsServer({ ...options, identify: () => undefined });
    const { code } = await connect(mesh.leaf('orders'), ['dta/inbound'], picky).ended;
    expect(code).toBe(status.UNAUTHENTICATED);
    await picky.close();
  });

  it('refuses and ends streams of an issuing key that is trusted no more', async () => {
    const gone = new Set<string | undefined>();
    const isRevoked = ({ issuer }: RevocablePeer) => gone.has(issuer);
    const strict = await createXdsServer({ ...options, isRevoked });
    const before = connect(mesh.leaf('orders'), ['dta-state'], strict);
    await before.next();
    const isLeft = before.untilConnectionIsLeft();
    gone.add(mesh.authority.active.id);
    source.put('orders', 'state', wasm('without the key'), true);
    expect((await before.ended).code).toBe(status.PERMISSION_DENIED);
    // Or Envoy would come back on it, and show the same certificate for ever.
    await isLeft;
    const after = connect(mesh.leaf('orders'), ['dta-state'], strict);
    expect((await after.ended).code).toBe(status.PERMISSION_DENIED);
    await strict.close();
  });

  it('refuses a certificate of another authority, and none at all', async () => {
    const forged = new TestMesh().leaf('orders');
    for (const leaf of [forged, undefined]) {
      expect((await connect(leaf, ['dta/inbound']).ended).code).toBe(status.UNAVAILABLE);
    }
    expect(server.proxies()).toEqual([]);
  });

  it('ends a stream when its certificate expires', async () => {
    const orders = connect(mesh.leaf('orders', { ttlMs: 1_500 }), ['dta/inbound']);
    expect((await orders.ended).code).toBe(status.OK);
  });

  it('shows a new certificate to new connections', async () => {
    const next = new TestMesh();
    const other = await createXdsServer({ ...options, tls: next.controllerTls() });
    const leaf = mesh.leaf('orders');
    expect((await connect(leaf, ['dta-state'], other).ended).code).toBe(status.UNAVAILABLE);
    other.updateTls(mesh.controllerTls());
    expect(await connect(leaf, ['dta-state'], other).next()).toMatchObject({ name: 'dta-state' });
    await other.close();
  });

  it('says which port is in use, and which key is unusable', async () => {
    await expect(createXdsServer({ ...options, port: server.port })).rejects.toMatchObject({
      code: 'portInUse',
      message: `the xds address \`127.0.0.1:${server.port}\` is in use`,
    });
    const tls = { ...options.tls, keyPem: mesh.leaf('orders').keyPem };
    await expect(createXdsServer({ ...options, tls })).rejects.toMatchObject({ code: 'setup' });
  });
});
