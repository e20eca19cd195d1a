/** A small mesh in the host: bundles and states from the real compiler, requests as Envoy would hand them over. */
import { createHash } from 'node:crypto';

import { Direction, type RestrictionSide, Verdict } from '../../controller/layout.ts';
import { compileBundle } from '../../controller/policy/compile.ts';
import { type PolicyFile, parsePolicySet } from '../../controller/policy/parse.ts';
import {
  encodeState,
  type ServiceRestriction,
  type StateContent,
} from '../../controller/risk/encode-state.ts';
import { loadModule } from '../../host/module.ts';
import type { Outcome, Properties, Stream } from '../../host/stream.ts';
import { type Root, Vm, type VmOptions } from '../../host/vm.ts';

export const MESH = 'mesh.example';
/** Sunday noon, UTC. */
export const NOON_MS = Date.UTC(2026, 10, 22, 12, 0, 0);

export const ORDERS = id('prod', 'fulfilment', 'orders', '00000000-0000-4000-8000-00000000000a');
export const CHECKOUT = id('prod', 'payments', 'checkout', '00000000-0000-4000-8000-00000000000b');
export const STRANGER = id('prod', 'growth', 'ads', '00000000-0000-4000-8000-00000000000c');

const filterPath = new URL('../../build/filter.wasm', import.meta.url);

/** A SPIFFE ID of the mesh. */
export function id(environment: string, team: string, service: string, uuid: string): string {
  return `spiffe://${MESH}/env/${environment}/team/${team}/svc/${service}/i/${uuid}`;
}

/** Stands for the digest of a certificate with this URI. */
export function digestOf(uri: string): Uint8Array {
  return createHash('sha256').update(uri).digest();
}

/** Compiles one policy text, or the files of a set, for `prod/orders`. */
export function bundleOf(
  policy: string | readonly PolicyFile[],
  options: {
    version?: bigint;
    direction?: Direction;
    nowMs?: number;
    service?: string;
    federatedDomains?: readonly string[];
  } = {},
): Uint8Array {
  const { set, errors } = parsePolicySet(
    typeof policy === 'string' ? [{ name: 'policy.yaml', text: policy }] : policy,
  );
  if (errors.length > 0)
    throw new Error(errors.map((e) => `${e.line}:${e.column} ${e.message}`).join('\n'));
  return compileBundle(
    set,
    {
      mesh: MESH,
      environment: 'prod',
      service: options.service ?? 'orders',
      direction: options.direction ?? Direction.Inbound,
      federatedDomains: options.federatedDomains,
    },
    {
      version: options.version ?? 1n,
      nowMs: options.nowMs ?? NOON_MS,
    },
  );
}

/** One policy for `orders` with these rules, each a line of YAML in flow style. */
export function policyOf(...rules: readonly string[]): string {
  const lines = rules.map((rule) => `    - ${rule}`).join('\n');
  return `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders, environment: prod }
  rules:
${lines}
`;
}

/** A rule that allows everything. */
export const ALLOW_ALL = '{ name: all, effect: allow }';

/** A state with nothing special in it. */
export function stateOf(content: Partial<StateContent> = {}): Uint8Array {
  return encodeState({
    mesh: MESH,
    self: ORDERS,
    epoch: 1n,
    nowMs: NOON_MS,
    revokedDigests: [],
    revokedInstances: [],
    signals: [],
    bands: [],
    restrictions: [],
    ...content,
  });
}

/** A restriction of Throttle, Break, Isolate or Degrade with nothing more than its verdict needs. */
export function restrictionOf(
  subject: string,
  side: RestrictionSide,
  verdict: ServiceRestriction['verdict'],
  more: Partial<ServiceRestriction> = {},
): ServiceRestriction {
  const isThrottle = verdict === Verdict.Throttle;
  return {
    subject,
    side,
    verdict,
    readOnly: false,
    noClearance: false,
    ratePerSecond: isThrottle ? 1 : 0,
    burst: isThrottle ? 1 : 0,
    retryAfterSeconds: isThrottle || verdict === Verdict.Break ? 1 : 0,
    untilMs: 0,
    ...more,
  };
}

/** One VM with the real filter, a settable clock and short cuts for what most tests do. */
export class Mesh {
  readonly vm: Vm;
  nowMs = NOON_MS;

  private constructor(vm: (now: () => bigint) => Vm) {
    this.vm = vm(() => BigInt(this.nowMs) * 1_000_000n);
  }

  static async start(options: VmOptions = {}): Promise<Mesh> {
    const module = await loadModule(filterPath);
    const env = {
      DTA_IDENTITY: 'header',
      DTA_HOLD_HEADERS: 'true',
      DTA_AUDIT_CLUSTER: 'dta-audit',
    };
    return new Mesh((now) => new Vm(module, { env, now, ...options }));
  }

  bundle(configuration: Uint8Array, properties: Properties = {}): Root {
    return this.vm.startRoot({ rootId: 'dta', configuration, properties });
  }

  state(configuration: Uint8Array): Root {
    return this.vm.startRoot({ rootId: 'dta-state', configuration });
  }

  /** A stream whose peer showed a certificate with this URI. */
  stream(root: Root, uri: string, subject = 'CN=x'): Stream {
    const digest = Buffer.from(digestOf(uri)).toString('hex');
    return this.vm.stream(root, {
      properties: {
        'connection.uri_san_peer_certificate': uri,
        'connection.subject_peer_certificate': subject,
        'connection.sha256_peer_certificate_digest': digest,
        'connection.uri_san_local_certificate': ORDERS,
      },
    });
  }

  /** Sends request headers as our own connection manager would hand them over. */
  ask(stream: Stream, uri: string, options: AskOptions = {}): Outcome {
    const digest = Buffer.from(digestOf(uri)).toString('hex');
    return stream.requestHeaders(
      [
        [':method', options.method ?? 'GET'],
        [':path', options.path ?? '/orders/1'],
        [':authority', options.authority ?? 'orders'],
        ['x-forwarded-client-cert', `By=${options.own ?? ORDERS};Hash=${digest}`],
        ...(options.headers ?? []),
      ],
      options.end ?? true,
    );
  }

  /** The whole of a bodiless request: its status, or 200 when it went on. */
  status(root: Root, uri: string, options: AskOptions = {}): { status: number; code: string } {
    const stream = this.stream(root, uri, options.subject);
    const outcome = this.ask(stream, uri, options);
    const result = statusOf(outcome);
    stream.end();
    return result;
  }
}

export interface AskOptions {
  method?: string;
  path?: string;
  authority?: string;
  own?: string;
  subject?: string;
  headers?: [string, string][];
  end?: boolean;
}

/** Status and reason code of an outcome; 200 without a code when it went on. */
export function statusOf(outcome: Outcome): { status: number; code: string } {
  const reply = outcome.localResponse;
  if (reply === undefined) return { status: outcome.action === 'continue' ? 200 : 0, code: '' };
  const text = Buffer.from(reply.body).toString();
  return { status: reply.status, code: /DTA\d+/.exec(text)?.[0] ?? '' };
}
