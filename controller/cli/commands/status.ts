/** `dta status`: the controller, its proxies, and what is degraded. */
import { Command } from 'commander';

import { dataDirOption, operatorClient } from '../operator-option.ts';
import { outputOption, printJson, printTable, showTime } from '../output.ts';

export function statusCommand(): Command {
  return new Command('status')
    .description('show the controller, its proxies and what does not work as it should')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ dataDir, output }: { dataDir: string; output: string }) => {
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
