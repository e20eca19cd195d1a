/** `dta bootstrap`: prints the Envoy configuration of a sidecar. */
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';

import { DtaError } from '../../errors.ts';
import { checkTrustDomain } from '../../identity/spiffe-id.ts';
import { standardOutput } from '../../xds/listener-extras.ts';
import {
  type BootstrapOptions,
  defaultLifetimes,
  type OutboundTarget,
  renderBootstrap,
} from '../../xds/render-bootstrap.ts';
import { parseAddress, parseDuration, parsePort } from '../parse-arguments.ts';

interface Address {
  readonly address: string;
  readonly port: number;
}

interface Options {
  readonly trustDomain: string;
  readonly service: string;
  readonly environment: string;
  readonly workload: string;
  readonly socketDir: string;
  readonly xds: Address;
  readonly inbound?: Address;
  readonly app?: Address;
  readonly outbound: OutboundTarget[];
  readonly adminPort: number;
  readonly connectionLifetime: number;
  readonly streamLifetime: number;
  readonly decompress: boolean;
  readonly accessLog?: string;
}

export function bootstrapCommand(): Command {
  return new Command('bootstrap')
    .description("print the Envoy bootstrap of a workload's sidecar")
    .requiredOption('--trust-domain <name>', 'trust domain of the mesh')
    .requiredOption('--service <name>', 'service of the workload')
    .requiredOption('--environment <name>', 'its environment')
    .requiredOption('--workload <name>', 'its name at the agent')
    .option('--socket-dir <dir>', "the agent's sockets", 'dta-agent/sockets')
    .addOption(
      new Option('--xds <host:port>', 'the controller, for proxies')
        .argParser(parseAddress)
        .default({ address: '127.0.0.1', port: 15_611 }, '127.0.0.1:15611'),
    )
    .option('--inbound <host:port>', 'where to listen with mutual TLS', parseAddress)
    .option('--app <host:port>', 'the application behind it', parseAddress)
    .option(
      '--outbound <environment/service=port=host:port>',
      'a destination: loopback port for the application, address of its sidecar; may be given again',
      collectOutbound,
      [],
    )
    .option('--admin-port <port>', "Envoy's admin interface on loopback", parsePort, 15_000)
    .addOption(
      new Option('--connection-lifetime <time>', 'when a connection is drained and opened anew')
        .argParser(parseLifetime)
        .default(defaultLifetimes.connection, '15m'),
    )
    .addOption(
      new Option('--stream-lifetime <time>', 'when a request or stream that still runs is ended')
        .argParser(parseLifetime)
        .default(defaultLifetimes.stream, '24h'),
    )
    .option(
      '--decompress',
      'decode gzip, br and zstd around the filter, so that it can mask',
      false,
    )
    .option(
      '--access-log <file>',
      'write an access log without what is masked; - is standard output',
    )
    .action((options: Options) => {
      process.stdout.write(renderBootstrap(readOptions(options)));
    });
}

function readOptions(options: Options): BootstrapOptions {
  const sockets = join(resolve(options.socketDir), options.workload);
  const { inbound, app, accessLog } = options;
  if ((inbound === undefined) !== (app === undefined)) {
    throw new DtaError('usage', '`--inbound` and `--app` belong together', {
      help: 'give both for a workload that is called, none for one that only calls',
    });
  }
  return {
    nodeId: options.workload,
    environment: options.environment,
    service: options.service,
    controller: { ...options.xds, uriPrefix: controllerPrefix(options.trustDomain) },
    agent: { sdsSocket: join(sockets, 'agent.sock'), auditSocket: join(sockets, 'audit.sock') },
    admin: { port: options.adminPort },
    ...(inbound && app && { inbound: { ...inbound, application: app } }),
    outbound: options.outbound,
    lifetimes: { connection: options.connectionLifetime, stream: options.streamLifetime },
    masking: { decompress: options.decompress },
    ...(accessLog !== undefined && {
      accessLog: accessLog === standardOutput ? standardOutput : resolve(accessLog),
    }),
  };
}

/** Start of the URI SAN by which the controller of a mesh is known. */
export function controllerPrefix(trustDomain: string): string {
  return `spiffe://${checkTrustDomain(trustDomain)}/env/system/team/dta/svc/controller/i/`;
}

/** In seconds; at most a day: no certificate lives longer. */
function parseLifetime(text: string): number {
  const seconds = parseDuration(text) / 1_000;
  if (seconds >= 1 && seconds <= defaultLifetimes.stream) return seconds;
  throw new InvalidArgumentError('expected 1s to 24h');
}

function collectOutbound(text: string, before: OutboundTarget[]): OutboundTarget[] {
  const [, environment, service, port, address] =
    /^([^/=]+)\/([^/=]+)=(\d+)=(.+)$/.exec(text) ?? [];
  if (!environment || !service || !port || !address) {
    throw new InvalidArgumentError(
      'expected <environment>/<service>=<loopback port>=<host>:<port>',
    );
  }
  return [
    ...before,
    { environment, service, listenPort: parsePort(port), ...parseAddress(address) },
  ];
}
