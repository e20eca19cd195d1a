/** `dta agent`: runs beside the Envoys of one host. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';

import { runAgent } from '../../agent/agent.ts';
import { runHostAgent } from '../../agent/host-agent.ts';
import { readHostConfig } from '../../agent/host-config.ts';
import { DtaError } from '../../errors.ts';
import { createLog } from '../../log.ts';
import { stopSignal } from '../stop-signal.ts';

interface Options {
  readonly config?: string;
  readonly controller?: string;
  readonly workload?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly stateDir: string;
  readonly socketDir: string;
  readonly workloadUid?: string;
  readonly keyDir?: string;
  readonly logLevel: string;
}

export function agentCommand(): Command {
  return new Command('agent')
    .description(
      'join the workloads of a host to the mesh, serve their certificates, relay their audit batches',
    )
    .option('--config <file>', 'many workloads; else name one with the options below')
    .option('--controller <url>', 'https://<host>:<agent port> of the controller')
    .option('--workload <name>', 'name of the workload on this host')
    .option('--token <token>', 'join token; visible to other users of the host, see --token-file')
    .option('--token-file <path>', 'file with the join token (also: DTA_JOIN_TOKEN)')
    .option('--state-dir <dir>', 'for audit batches that wait', 'dta-agent/state')
    .option('--socket-dir <dir>', 'for the sockets', 'dta-agent/sockets')
    .option('--workload-uid <uid>', "user of the workload's Envoy (default: the agent's own)")
    .option('--key-dir <dir>', 'keep the key across restarts, in clear (default: in memory only)')
    .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
    .action(async (options: Options) => {
      const { config, controller, workload } = options;
      if (config !== undefined && controller === undefined && workload === undefined) {
        return await serveHost(config, options);
      }
      if (config === undefined && controller !== undefined && workload !== undefined) {
        return await serveOne(controller, workload, options);
      }
      throw new DtaError('usage', 'name either `--config`, or `--controller` and `--workload`', {
        help: 'a file has all workloads of a host; docs/operations.md shows one',
      });
    });
}

async function serveHost(path: string, { logLevel }: Options): Promise<void> {
  const stopped = stopSignal();
  const config = readHostConfig(path);
  const host = await runHostAgent({ config, log: createLog('agent', logLevel) });
  try {
    for (const [name, agent] of host.workloads) {
      agent.ready.then(
        (spiffeId) => console.log(`${name}: ${spiffeId}, sds ${agent.sdsSocket}`),
        () => undefined,
      );
    }
    console.log(`agent of ${host.workloads.size} workload(s): status ${config.statusSocket}`);
    await stopped;
  } finally {
    await host.stop();
  }
}

async function serveOne(controllerUrl: string, workload: string, options: Options): Promise<void> {
  const stopped = stopSignal();
  const token = readToken(options);
  const agent = await runAgent({
    controllerUrl,
    workload,
    stateDir: resolve(options.stateDir),
    socketDir: resolve(options.socketDir),
    ...(token !== undefined && { token }),
    ...(options.workloadUid !== undefined && { workloadUid: readUid(options.workloadUid) }),
    ...(options.keyDir !== undefined && { keyDir: resolve(options.keyDir) }),
    log: createLog('agent', options.logLevel),
  });
  try {
    const spiffeId = await Promise.race([agent.ready, stopped]);
    if (spiffeId === undefined) return;
    console.log(`agent of ${spiffeId}: sds ${agent.sdsSocket}, audit ${agent.auditSocket}`);
    await Promise.race([agent.ended, stopped]);
  } finally {
    await agent.stop();
  }
}

function readToken({ token, tokenFile }: Options): string | undefined {
  if (tokenFile === undefined) return token ?? process.env.DTA_JOIN_TOKEN;
  try {
    return readFileSync(tokenFile, 'utf8').trim();
  } catch (cause) {
    throw new DtaError('notFound', `token file \`${tokenFile}\` cannot be read`, { cause });
  }
}

function readUid(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new DtaError('usage', `\`${text}\` is no user id`, {
    help: 'give the number that `id -u` prints',
  });
}
