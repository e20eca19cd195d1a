/** `dta status`: the controller, its proxies, and what is degraded. */
import { Command } from 'commander';

import { readAgentStatus } from '../../agent/status-server.ts';
import { dataDirOption, operatorClient } from '../operator-option.ts';
import { outputOption, printJson, printTable, showTime } from '../output.ts';

interface Options {
  readonly agent?: string;
  readonly dataDir: string;
  readonly output: string;
}

export function statusCommand(): Command {
  return new Command('status')
    .description('show the controller, its proxies and what does not work as it should')
    .addOption(dataDirOption())
    .option('--agent <socket>', 'show the workloads of an agent instead: its `statusSocket`')
    .addOption(outputOption())
    .action(async ({ agent, dataDir, output }: Options) => {
      if (agent !== undefined) return await showAgent(agent, output);
      const status = await operatorClient(dataDir).status();
      if (output === 'json') return printJson(status);
      const { policy, audit } = status;
      console.log(
        `controller ${status.version} of ${status.trustDomain}, up since ${showTime(status.startedAtMs)}`,
      );
      console.log(
        policy
          ? `policy revision ${policy.revision}, pushed ${showTime(policy.pushedAtMs)} by ${policy.pushedBy}`
          : 'no policy',
      );
      console.log(`state epoch ${status.stateEpoch}`);
      console.log(
        `audit: ${audit.stored} records of ${audit.vms} VMs, ${audit.missing} missing, ${audit.dropped} dropped`,
      );
      const rows = status.proxies.flatMap(({ spiffeId, resources }) =>
        resources.map((r) => [
          spiffeId,
          r.name,
          r.ackedVersion ?? '-',
          r.nack
            ? `refuses ${r.nack.version}`
            : r.sentVersion === r.ackedVersion
              ? 'current'
              : 'pending',
          r.ackLatencyMs === undefined ? '-' : `${r.ackLatencyMs} ms`,
        ]),
      );
      if (rows.length > 0) {
        console.log('');
        printTable(['PROXY', 'RESOURCE', 'VERSION', 'STATE', 'LATENCY'], rows);
      }
      for (const { what, help } of status.degraded)
        console.log(`\ndegraded: ${what}\n  help: ${help}`);
    });
}

async function showAgent(socket: string, output: string): Promise<void> {
  const workloads = await readAgentStatus(socket);
  if (output === 'json') return printJson(workloads);
  printTable(
    ['WORKLOAD', 'STATE', 'EXPIRES', 'IDENTITY'],
    workloads.map(({ workload, state, notAfterMs, spiffeId }) => [
      workload,
      state,
      notAfterMs === undefined ? '-' : showTime(notAfterMs),
      spiffeId ?? '-',
    ]),
  );
  for (const { workload, state, lastError, skewMs = 0 } of workloads) {
    if (state !== 'valid' || lastError !== undefined) {
      console.log(`\ndegraded: ${workload} is ${state}${lastError ? `: ${lastError}` : ''}`);
    }
    if (Math.abs(skewMs) > farSkewMs) {
      const way = skewMs > 0 ? 'ahead of' : 'behind';
      console.log(
        `\ndegraded: this host's clock is ${Math.abs(skewMs) / 1000} s ${way} the controller's`,
      );
    }
  }
}

const farSkewMs = 5 * 60_000;
