/** `dta controller`: runs the control plane. */
import { resolve } from 'node:path';
import { Command } from 'commander';

import { DtaError } from '../../errors.ts';
import { createLog } from '../../log.ts';
import { startController } from '../../main.ts';
import type { FederationAddress } from '../../open-federation.ts';
import { dataDirOption } from '../operator-option.ts';
import { parseDuration, parsePort } from '../parse-arguments.ts';
import { filterPath } from '../project-paths.ts';
import { stopSignal } from '../stop-signal.ts';
import { keyCommandOption, splitCommand } from './key-command-option.ts';

interface Options {
  readonly trustDomain: string;
  readonly host: string;
  readonly dns: string[];
  readonly ip: string[];
  readonly agentPort: number;
  readonly xdsPort: number;
  readonly operatorPort: number;
  readonly filter?: string;
  readonly leafTtl?: number;
  readonly newMesh: boolean;
  readonly keyCommand?: string;
  readonly attestors?: string;
  readonly federationListen?: string;
  readonly federationCert?: string;
  readonly federationKey?: string;
  readonly logLevel: string;
  readonly dataDir: string;
}

export function controllerCommand(): Command {
  return new Command('controller')
    .description('run the controller: authority, policy, xDS, audit, HTTP API')
    .requiredOption('--trust-domain <name>', 'trust domain of the mesh')
    .option('--host <address>', 'address for agents and proxies', '127.0.0.1')
    .option('--dns <name...>', 'names by which agents and proxies reach it', ['localhost'])
    .option('--ip <address...>', 'addresses by which agents and proxies reach it', ['127.0.0.1'])
    .option('--agent-port <port>', 'for agents, 0 takes a free one', parsePort, 15_610)
    .option('--xds-port <port>', 'for proxies, 0 takes a free one', parsePort, 15_611)
    .option(
      '--operator-port <port>',
      'for operators, on loopback, 0 takes a free one',
      parsePort,
      15_612,
    )
    .option('--filter <path>', 'filter.wasm, at the same path on the hosts of the proxies')
    .option(
      '--leaf-ttl <duration>',
      'life of certificates, at most 24h (default: 1h)',
      parseDuration,
    )
    .option('--new-mesh', 'make an authority where the data directory has none', false)
    .addOption(keyCommandOption())
    .option('--attestors <file>', 'what workloads may join with beside tokens and agents')
    .option('--federation-listen <host:port>', 'serve our SPIFFE bundle there: /bundle.json')
    .option('--federation-cert <file>', 'certificate of that endpoint with its chain, PEM')
    .option('--federation-key <file>', 'its key, PEM')
    .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
    .addOption(dataDirOption())
    .action(async (options: Options) => {
      const stopped = stopSignal();
      const log = createLog('controller', options.logLevel);
      const keyCommand =
        options.keyCommand === undefined ? undefined : splitCommand(options.keyCommand);
      const controller = await startController({
        dataDir: resolve(options.dataDir),
        trustDomain: options.trustDomain,
        host: options.host,
        names: { dns: options.dns, ips: options.ip },
        ports: { agents: options.agentPort, xds: options.xdsPort },
        operator: { host: '127.0.0.1', port: options.operatorPort },
        filterPath: resolve(options.filter ?? filterPath()),
        ...(options.leafTtl !== undefined && { leafTtlMs: options.leafTtl }),
        ...(options.newMesh && { newMesh: { keyCommand } }),
        ...(keyCommand && { keyCommand }),
        ...(options.attestors !== undefined && { attestorsPath: resolve(options.attestors) }),
        ...federationOf(options),
        log,
      });
      console.log(
        `controller of ${options.trustDomain}: agents ${controller.agentPort}, xds ${controller.xdsPort}, operators ${controller.operatorAddress}`,
      );
      if (controller.federationPort !== undefined) {
        console.log(`our SPIFFE bundle: port ${controller.federationPort}, /bundle.json`);
      }
      await stopped;
      await controller.stop();
    });
}

function federationOf(options: Options): { federation?: FederationAddress } {
  const { federationListen: listen, federationCert: cert, federationKey: key } = options;
  if (listen === undefined && cert === undefined && key === undefined) return {};
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(listen ?? '') ?? [];
  if (host === undefined || port === undefined || cert === undefined || key === undefined) {
    throw new DtaError('usage', 'the endpoint of our bundle is not said in full', {
      help: 'give `--federation-listen <host>:<port>`, `--federation-cert` and `--federation-key`',
    });
  }
  return {
    federation: {
      host: host.replace(/^\[|\]$/g, ''),
      port: parsePort(port),
      certificatePath: resolve(cert),
      keyPath: resolve(key),
    },
  };
}
