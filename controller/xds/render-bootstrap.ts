/** Renders the Envoy bootstrap of one workload's sidecar from the templates in envoy/. */
import { readFileSync } from 'node:fs';

import { stringify } from 'yaml';

import { fillTemplate, type Json } from './fill-template.ts';
import { withExtras } from './listener-extras.ts';
import { outboundName, validationName } from './resource-names.ts';

/** A destination that the workload calls through its sidecar. */
export interface OutboundTarget {
  readonly environment: string;
  readonly service: string;
  /** Loopback port on which the application reaches it in plaintext. */
  readonly listenPort: number;
  /** Inbound address of the destination's sidecar: an IP address or a DNS name. */
  readonly address: string;
  readonly port: number;
  /** Default false: HTTP/1.1 to the destination. */
  readonly http2?: boolean;
}

/** What a sidecar's bootstrap needs. */
export interface BootstrapOptions {
  /** Shown in logs and status only. */
  readonly nodeId: string;
  /** Environment and service of the workload itself: Envoy's cluster name. */
  readonly environment: string;
  readonly service: string;
  readonly controller: {
    readonly address: string;
    readonly port: number;
    /** Start of the URI SAN by which the controller's certificate is known, up to its instance. */
    readonly uriPrefix: string;
  };
  readonly agent: {
    /** Unix socket that serves SDS (gRPC, plaintext): the secrets of `bootstrapNames`. */
    readonly sdsSocket: string;
    /** Unix socket that takes `POST /v1/audit` (HTTP/1.1, plaintext). */
    readonly auditSocket: string;
  };
  /** Admin interface: a loopback port or a Unix socket. */
  readonly admin: { readonly port: number } | { readonly socket: string };
  readonly inbound?: {
    readonly address: string;
    readonly port: number;
    readonly application: {
      readonly address: string;
      readonly port: number;
      /** Default false: HTTP/1.1 to the application. gRPC applications need it. */
      readonly http2?: boolean;
    };
  };
  readonly outbound: readonly OutboundTarget[];
  readonly masking?: {
    /** Puts Envoy's decompressors (gzip, br, zstd) around the filter of every listener: about 17,000 instructions a request. */
    readonly decompress?: boolean;
  };
  /** Both in seconds. */
  readonly lifetimes?: {
    /** After it a connection between services is drained and opened anew, with certificates checked anew; default 900. */
    readonly connection?: number;
    /** After it a request or stream that still runs is ended; default 86,400. */
    readonly stream?: number;
  };
  /** File of an access log without what is masked, or `-` for the standard output. */
  readonly accessLog?: string;
}

/** Names that the templates refer to and that others have to serve or set. */
export const bootstrapNames = {
  /** Secret at the agent: the workload's certificate and key. */
  certificate: 'svid',
  /** Secret at the agent: the mesh's authority, trusted CA only; SAN matchers in it would let others pass for the controller. */
  meshAuthority: 'dta-mesh-ca',
  /** Value of the filter's `DTA_AUDIT_CLUSTER`. */
  auditCluster: 'dta-agent',
} as const;

/** In seconds: NIST SP 800-207A asks for authentication again and again; no leaf lives longer than the second. */
export const defaultLifetimes = { connection: 900, stream: 86_400 } as const;

/**
 * The bootstrap as YAML. Values are put into parsed templates: none of them can add configuration.
 *
 * @throws DtaError `internal` when the templates do not belong to this build.
 */
export function renderBootstrap(options: BootstrapOptions): string {
  const sidecar = fillTemplate(
    readTemplate('sidecar'),
    sidecarValues(options),
  ) as unknown as Sidecar;
  const parts: Part[] = [];
  const lifetimes = lifetimeValues(options.lifetimes);
  const { inbound, outbound } = options;
  if (inbound) parts.push(fill('inbound', { ...inboundValues(inbound), ...lifetimes }));
  for (const target of outbound) {
    parts.push(fill('outbound', { ...outboundValues(target), ...lifetimes }));
  }
  const listeners = parts.map(({ listener }) => withExtras(listener, options));
  const { clusters } = sidecar.static_resources;
  return stringify(
    {
      ...sidecar,
      static_resources: {
        listeners,
        clusters: [...clusters, ...parts.map((part) => part.cluster)],
      },
    },
    { aliasDuplicateObjects: false, lineWidth: 0 },
  );
}

interface Part {
  readonly listener: Json;
  readonly cluster: Json;
}

interface Sidecar {
  readonly static_resources: { readonly listeners: Json[]; readonly clusters: Json[] };
}

type Values = Readonly<Record<string, Json>>;

function sidecarValues(options: BootstrapOptions): Values {
  const { admin, agent, controller } = options;
  return {
    'node.id': options.nodeId,
    'node.cluster': `${options.service}.${options.environment}`,
    'node.metadata': {
      dta_decompress: String(options.masking?.decompress ?? false),
      dta_access_log: String(options.accessLog !== undefined),
    },
    'admin.address':
      'socket' in admin
        ? { pipe: { path: admin.socket } }
        : { socket_address: { address: '127.0.0.1', port_value: admin.port } },
    'controller.address': controller.address,
    'controller.port': controller.port,
    'controller.uriPrefix': controller.uriPrefix,
    'agent.sdsSocket': agent.sdsSocket,
    'agent.auditSocket': agent.auditSocket,
  };
}

function inboundValues(inbound: NonNullable<BootstrapOptions['inbound']>): Values {
  return {
    'inbound.address': inbound.address,
    'inbound.port': inbound.port,
    'application.address': inbound.application.address,
    'application.port': inbound.application.port,
    'application.http': httpOptions(inbound.application.http2),
  };
}

function lifetimeValues({ connection, stream }: BootstrapOptions['lifetimes'] = {}): Values {
  return {
    'lifetime.connection': `${connection ?? defaultLifetimes.connection}s`,
    'lifetime.stream': `${stream ?? defaultLifetimes.stream}s`,
  };
}

function outboundValues(target: OutboundTarget): Values {
  const name = `outbound/${target.environment}/${target.service}`;
  return {
    'outbound.name': name,
    // Dots in a prefix would split the statistic's name.
    'outbound.stat': name.replaceAll('.', '_'),
    'outbound.filter': outboundName(target),
    'outbound.validation': validationName(target),
    'outbound.listenPort': target.listenPort,
    'outbound.address': target.address,
    'outbound.port': target.port,
    'outbound.http': httpOptions(target.http2),
    'outbound.alpn': target.http2 ? 'h2' : 'http/1.1',
  };
}

function httpOptions(http2 = false): Json {
  return http2 ? { http2_protocol_options: {} } : { http_protocol_options: {} };
}

function fill(name: string, values: Values): Part {
  return fillTemplate(readTemplate(name), values) as unknown as Part;
}

function readTemplate(name: string): string {
  return readFileSync(new URL(`../../envoy/${name}.yaml`, import.meta.url), 'utf8');
}
