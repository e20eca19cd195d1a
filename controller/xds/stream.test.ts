import { create, fromBinary } from '@bufbuild/protobuf';
import { anyUnpack, BytesValueSchema } from '@bufbuild/protobuf/wkt';
import { pino } from 'pino';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { TypedExtensionConfigSchema } from './gen/envoy/config/core/v3/extension_pb.js';
import { WasmSchema } from './gen/envoy/extensions/filters/http/wasm/v3/wasm_pb.js';
import { SecretSchema } from './gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { FailurePolicy } from './gen/envoy/extensions/wasm/v3/wasm_pb.js';
import {
  DiscoveryRequestSchema,
  type DiscoveryResponse,
} from './gen/envoy/service/discovery/v3/discovery_pb.js';
import type { ResourceKey, XdsResource } from './model.ts';
import { typeUrls } from './resource-names.ts';
import { ResourceBuilder } from './resources.ts';
import { AdsStream } from './stream.ts';

const proxy = {
  spiffeId: 'spiffe://m/env/prod/team/shop/svc/orders/i/u',
  trustDomain: 'm',
  environment: 'prod',
  team: 'shop',
  service: 'orders',
  instance: 'u',
};

const wasm = (version: string): XdsResource => ({
  kind: 'wasm',
  version,
  configuration: Buffer.from(version),
});

describe('AdsStream', () => {
  let sent: { response: DiscoveryResponse; done: () => void }[];
  let resources: Partial<Record<ResourceKey['kind'], XdsResource>>;
  let nowMs: number;
  let events: string[];
  let stream: AdsStream;
  beforeEach(() => {
    sent = [];
    events = [];
    nowMs = 1_000;
    resources = { inbound: wasm('b1'), state: wasm('s1') };
    stream = new AdsStream(proxy, {
      source: { resource: (_proxy, key) => resources[key.kind], subscribe: () => () => {} },
      builder: new ResourceBuilder({ filePath: '/filter.wasm', environment: { DTA_X: '1' } }),
      log: pino({ level: 'silent' }),
      clock: () => nowMs,
      observer: {
        onPush: ({ name, version }) => events.push(`push ${name} ${version}`),
        onAck: ({ name, version, latencyMs }) => events.push(`ack ${name} ${version} ${latencyMs}`),
        onNack: ({ name, version, message }) => events.push(`nack ${name} ${version} ${message}`),
        onRefuse: ({ reason }) => events.push(`refuse ${reason}`),
      },
      write: (response, done) => sent.push({ response, done }),
    });
  });

  const ask = (names: string[], answer: { nonce?: string; error?: string } = {}, type?: string) =>
    stream.onRequest(
      create(DiscoveryRequestSchema, {
        typeUrl: type ?? typeUrls.extensionConfig,
        resourceNames: names,
        responseNonce: answer.nonce ?? '',
        node: { id: 'envoy-1' },
        ...(answer.error !== undefined && { errorDetail: { code: 13, message: answer.error } }),
      }),
    );
  const last = () => {
    const item = sent.at(-1);
    if (!item) throw new Error('nothing was sent');
    return item;
  };
  const drain = () => {
    const item = last();
    item.done();
    return item.response.nonce;
  };
  const versions = () => sent.map(({ response }) => response.versionInfo);
  const both = ['dta/inbound', 'dta-state'];

  it('sends states first, one resource a response, the next after the answer', () => {
    ask(both);
    expect(versions()).toEqual(['dta-state@s1']);
    const first = drain();
    expect(sent).toHaveLength(1);
    ask(both, { nonce: first });
    expect(versions()).toEqual(['dta-state@s1', 'dta/inbound@b1']);
    expect(last().response.resources).toHaveLength(1);
  });

  it('writes what Envoy needs', () => {
    ask(['dta/inbound']);
    const [any] = last().response.resources;
    const config = fromBinary(TypedExtensionConfigSchema, any?.value ?? new Uint8Array());
    expect(config.name).toBe('dta/inbound');
    const filter = config.typedConfig && anyUnpack(config.typedConfig, WasmSchema);
    expect(filter?.config).toMatchObject({
      rootId: 'dta',
      failurePolicy: FailurePolicy.FAIL_CLOSED,
      allowOnHeadersStopIteration: true,
      vm: { value: { vmId: 'dta', environmentVariables: { keyValues: { DTA_X: '1' } } } },
    });
    const bytes =
      filter?.config?.configuration && anyUnpack(filter.config.configuration, BytesValueSchema);
    expect(Buffer.from(bytes?.value ?? []).toString()).toBe('b1');
  });

  it('sends only the newest version after the stream was busy', () => {
    ask(['dta-state']);
    for (const version of ['s2', 's3', 's4']) {
      resources.state = wasm(version);
      stream.onChange({ kinds: ['state'], urgent: true });
    }
    expect(versions()).toEqual(['dta-state@s1']);
    ask(['dta-state'], { nonce: drain() });
    expect(versions()).toEqual(['dta-state@s1', 'dta-state@s4']);
  });

  it('never sends the same version twice, whatever is said to have changed', () => {
    ask(['dta-state']);
    ask(['dta-state'], { nonce: drain() });
    stream.onChange({ kinds: ['state', 'inbound'], urgent: false });
    expect(sent).toHaveLength(1);
  });

  it('measures from the commit to the acknowledgement', () => {
    ask(['dta-state']);
    nowMs = 1_004;
    ask(['dta-state'], { nonce: drain() });
    resources.state = wasm('s2');
    stream.onChange({ kinds: ['state'], urgent: true, sinceMs: 1_002 });
    nowMs = 1_010;
    ask(['dta-state'], { nonce: drain() });
    expect(events).toEqual([
      'push dta-state s1',
      'ack dta-state s1 4',
      'push dta-state s2',
      'ack dta-state s2 8',
    ]);
    expect(stream.status()).toMatchObject({
      nodeId: 'envoy-1',
      resources: [{ name: 'dta-state', ackedVersion: 's2', ackLatencyMs: 8, nack: undefined }],
    });
  });

  it('keeps the acknowledged version when a newer one is refused, and mends with the next', () => {
    ask(['dta/inbound']);
    ask(['dta/inbound'], { nonce: drain() });
    resources.inbound = wasm('b2');
    stream.onChange({ kinds: ['inbound'], urgent: false });
    ask(['dta/inbound'], { nonce: drain(), error: 'bad' });
    expect(stream.status().resources).toMatchObject([
      { sentVersion: 'b2', ackedVersion: 'b1', nack: { version: 'b2', message: 'bad' } },
    ]);
    stream.onChange({ kinds: ['inbound'], urgent: false });
    expect(sent).toHaveLength(2);
    resources.inbound = wasm('b3');
    stream.onChange({ kinds: ['inbound'], urgent: false });
    ask(['dta/inbound'], { nonce: drain() });
    expect(stream.status().resources).toMatchObject([{ ackedVersion: 'b3', nack: undefined }]);
  });

  it('ignores an answer that was overtaken', () => {
    ask(['dta-state']);
    drain();
    ask(['dta/inbound'], { nonce: 'stale' });
    expect(stream.status().resources).toMatchObject([
      { name: 'dta-state', ackedVersion: undefined },
    ]);
  });

  it('refuses unknown names and types once each', () => {
    for (const _ of [1, 2]) ask(['dta/inbound/of-another', 'svid']);
    for (const _ of [1, 2]) ask(['*'], {}, 'type.googleapis.com/envoy.config.cluster.v3.Cluster');
    expect(sent).toEqual([]);
    expect(events).toEqual([
      'refuse no resource `dta/inbound/of-another`',
      'refuse no resource `svid`',
      'refuse no resources of type `type.googleapis.com/envoy.config.cluster.v3.Cluster`',
    ]);
  });

  it('sends again what was unsubscribed in between', () => {
    ask(both);
    ask([], { nonce: drain() });
    ask(['dta-state'], { nonce: '1' });
    expect(versions()).toEqual(['dta-state@s1', 'dta-state@s1']);
  });

  it('waits for a resource that is not there yet', () => {
    delete resources.inbound;
    ask(['dta/inbound']);
    expect(sent).toEqual([]);
    resources.inbound = wasm('b1');
    stream.onChange({ kinds: ['inbound'], urgent: false });
    expect(versions()).toEqual(['dta/inbound@b1']);
  });

  it('goes on when a proxy does not answer', () => {
    vi.useFakeTimers();
    ask(both);
    drain();
    vi.advanceTimersByTime(15_000);
    vi.useRealTimers();
    expect(versions()).toEqual(['dta-state@s1', 'dta/inbound@b1']);
  });

  it('sends nothing after it was closed', () => {
    ask(both);
    stream.close();
    last().done();
    stream.onChange({ kinds: ['state'], urgent: true });
    expect(sent).toHaveLength(1);
  });

  it('names whom to trust: the trust domain, or one destination', () => {
    resources.validation = {
      kind: 'validation',
      version: 'v1',
      trustDomain: 'mesh.example',
      trustedCaPem: 'CA',
      crlPem: 'CRL',
    };
    ask(['dta-validation/prod/orders.v2', 'dta-validation'], {}, typeUrls.secret);
    const matchers = [];
    for (const _ of [1, 2]) {
      const [any] = last().response.resources;
      const secret = fromBinary(SecretSchema, any?.value ?? new Uint8Array());
      const context = secret.type.case === 'validationContext' ? secret.type.value : undefined;
      expect(context).toMatchObject({ onlyVerifyLeafCertCrl: true });
      matchers.push(context?.matchTypedSubjectAltNames[0]?.matcher?.matchPattern.value);
      const nonce = drain();
      ask(['dta-validation/prod/orders.v2', 'dta-validation'], { nonce }, typeUrls.secret);
    }
    expect(matchers).toMatchObject([
      {
        regex: 'spiffe://mesh\\.example/env/prod/team/[A-Za-z0-9._-]+/svc/orders\\.v2/i/[0-9a-f-]+',
      },
      'spiffe://mesh.example/',
    ]);
  });
});
