/** `dta identity list`: instances, or registrations. */
import { Command } from 'commander';
import type { OperatorClient } from '../../../api/client.ts';
import { IdentityClient } from '../../../api/identity-client.ts';
import type { InstanceReply } from '../../../api/messages.ts';
import { dataDirOption, operatorClient } from '../../operator-option.ts';
import { outputOption, printJson, printTable, showTime } from '../../output.ts';

interface Options {
  readonly registrations: boolean;
  readonly dataDir: string;
  readonly output: string;
}

export function listCommand(): Command {
  return new Command('list')
    .description('list the instances that have joined')
    .option('--registrations', 'list registrations instead', false)
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ registrations, dataDir, output }: Options) => {
      const client = operatorClient(dataDir);
      if (registrations) await listRegistrations(client, output);
      else await listInstances(client, output);
    });
}

async function listInstances(client: OperatorClient, output: string): Promise<void> {
  const identities = await client.listIdentities();
  if (output === 'json') return printJson(identities);
  printTable(
    ['INSTANCE', 'ENVIRONMENT', 'TEAM', 'SERVICE', 'JOINED BY', 'EXPIRES', 'STATE'],
    identities.map((i) => [
      i.uuid,
      i.environment,
      i.team,
      i.service,
      i.method ?? '-',
      i.certificate ? showTime(i.certificate.notAfterMs) : '-',
      stateOf(i),
    ]),
  );
}

async function listRegistrations(client: OperatorClient, output: string): Promise<void> {
  const registrations = await new IdentityClient(client).registrations();
  if (output === 'json') return printJson(registrations);
  printTable(
    ['NAME', 'ENVIRONMENT', 'TEAM', 'SERVICE', 'REGION', 'ATTEST'],
    registrations.map((r) => [
      r.name,
      r.environment,
      r.team,
      r.service,
      r.region ?? '-',
      r.attest.length === 0 ? 'join tokens only' : r.attest.join(' '),
    ]),
  );
}

function stateOf({ revokedAtMs, revokedReason, certificate }: InstanceReply): string {
  if (revokedAtMs !== undefined) return `revoked ${showTime(revokedAtMs)}: ${revokedReason ?? ''}`;
  if (certificate?.revokedAtMs !== undefined) return 'certificate revoked';
  if (certificate === undefined || certificate.notAfterMs <= Date.now()) return 'expired';
  const { notBeforeMs, notAfterMs } = certificate;
  return Date.now() - notBeforeMs >= (notAfterMs - notBeforeMs) * 0.75 ? 'expires soon' : 'valid';
}
