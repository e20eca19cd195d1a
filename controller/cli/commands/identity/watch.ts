/** `dta identity watch`: joins, renewals, refusals and revocations as they happen. */
import { Command } from 'commander';
import { IdentityClient } from '../../../api/identity-client.ts';
import type { IdentityEventReply } from '../../../api/identity-messages.ts';
import { dataDirOption, operatorClient } from '../../operator-option.ts';
import { outputOption, showTime } from '../../output.ts';
import { stopSignal } from '../../stop-signal.ts';

interface Options {
  readonly limit: string;
  readonly once: boolean;
  readonly dataDir: string;
  readonly output: string;
}

export function watchCommand(): Command {
  return new Command('watch')
    .description(
      'follow joins, renewals, refusals, revocations; `-o json` prints one object a line',
    )
    .option('-n, --limit <count>', 'how many of the past to begin with, 1 to 1000', '20')
    .option('--once', 'print those and end', false)
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ limit, once, dataDir, output }: Options) => {
      const client = new IdentityClient(operatorClient(dataDir));
      const print = (event: IdentityEventReply) =>
        console.log(output === 'json' ? JSON.stringify(event) : showEvent(event));
      if (once) {
        for (const event of await client.events({ limit })) print(event);
        return;
      }
      const interrupted = new AbortController();
      void stopSignal().then(() => interrupted.abort());
      for await (const event of client.followEvents({ limit }, interrupted.signal)) print(event);
    });
}

function showEvent(event: IdentityEventReply): string {
  const { atMs, kind, spiffeId, instance, target, method, reason, actor, address } = event;
  return [
    showTime(atMs),
    kind.padEnd(15),
    ...(method === undefined ? [] : [method]),
    spiffeId ?? target ?? instance ?? '-',
    ...(event.instances === undefined ? [] : [`in all ${event.instances.join(', ')}`]),
    ...(address === undefined ? [] : [`from ${address}`]),
    ...(actor === undefined ? [] : [`by ${actor}`]),
    ...(event.notAfterMs === undefined ? [] : [`until ${showTime(event.notAfterMs)}`]),
    ...(reason === undefined || reason === '' ? [] : [`: ${reason}`]),
  ].join('  ');
}
