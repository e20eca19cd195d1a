/** `dta identity revoke`: takes identities away, one or many. */
import { Command } from 'commander';

import type { OperatorClient } from '../../../api/client.ts';
import { IdentityClient } from '../../../api/identity-client.ts';
import type { GroupInput } from '../../../api/identity-messages.ts';
import { DtaError } from '../../../errors.ts';
import { dataDirOption, operatorClient } from '../../operator-option.ts';
import { outputOption, printJson, printTable, showTime } from '../../output.ts';

interface Options {
  readonly service?: string;
  readonly team?: string;
  readonly domain?: string;
  readonly issuingKey?: string;
  readonly lift?: string;
  readonly list: boolean;
  readonly reason: string;
  readonly dataDir: string;
  readonly output: string;
}

export function revokeCommand(): Command {
  return new Command('revoke')
    .description(
      'revoke an instance (UUID) or one certificate (SHA-256 digest or serial), at once and for good',
    )
    .argument('[id]', 'UUID, digest or serial')
    .option('--service <environment/service>', 'every instance; none joins until it is lifted')
    .option('--team <name>', 'every instance of a team, likewise')
    .option('--domain <trust domain>', 'everything, likewise')
    .option('--issuing-key <key id>', 'every certificate that this key signed')
    .option('--lift <id>', 'let new instances of a revoked group join again')
    .option('--list', 'show the revoked groups that are in force', false)
    .option('--reason <text>', 'recorded with the revocation', '')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (id: string | undefined, options: Options) => {
      const group = readGroup(options);
      const { lift, list } = options;
      const chosen = [id, group, lift, list || undefined].filter((each) => each !== undefined);
      if (chosen.length !== 1) {
        throw new DtaError('usage', 'name one thing to revoke', {
          help: 'an instance or a certificate, `--service`, `--team`, `--domain` or `--issuing-key`',
        });
      }
      const client = operatorClient(options.dataDir);
      if (id !== undefined) await revokeOne(client, id, options);
      else if (group) await revokeGroup(client, group, options);
      else if (lift !== undefined) await liftGroup(client, lift, options);
      else await listGroups(client, options);
    });
}

function readGroup(options: Options): Pick<GroupInput, 'kind' | 'name'> | undefined {
  const { service, team, domain, issuingKey } = options;
  const groups: Pick<GroupInput, 'kind' | 'name'>[] = [];
  if (service !== undefined) groups.push({ kind: 'service', name: service });
  if (team !== undefined) groups.push({ kind: 'team', name: team });
  if (domain !== undefined) groups.push({ kind: 'domain', name: domain });
  if (issuingKey !== undefined) groups.push({ kind: 'key', name: issuingKey.toLowerCase() });
  if (groups.length > 1) throw new DtaError('usage', 'revoke one group at a time');
  return groups[0];
}

async function revokeOne(
  client: OperatorClient,
  id: string,
  { reason, output }: Options,
): Promise<void> {
  const revocation = await client.revoke(id, reason);
  if (output === 'json') return printJson(revocation);
  const what = revocation.repeated ? 'was revoked before' : 'revoked';
  console.log(
    `${revocation.kind} ${revocation.instance} ${what}, ${revocation.digests.length} live certificate(s)`,
  );
  for (const each of revocation.instances) {
    if (each !== revocation.instance)
      console.log(`  and ${each}, which joined by the same evidence`);
  }
}

async function revokeGroup(
  client: OperatorClient,
  group: Pick<GroupInput, 'kind' | 'name'>,
  { reason, output }: Options,
): Promise<void> {
  const revocation = await new IdentityClient(client).revokeGroup({ ...group, reason });
  if (output === 'json') return printJson(revocation);
  const { kind, name, id, instances, certificates, repeated } = revocation;
  const what = repeated ? 'was revoked before' : 'revoked';
  console.log(
    `${kind} ${name} ${what}: ${instances.length} instance(s), ${certificates} live certificate(s)`,
  );
  if (instances.length === 0 && !repeated) console.log(`  nobody of it has joined: ${isNameRight}`);
  if (kind !== 'key') console.log(`  nobody of it joins until: dta identity revoke --lift ${id}`);
}

async function liftGroup(
  client: OperatorClient,
  id: string,
  { reason, output }: Options,
): Promise<void> {
  const lifted = await new IdentityClient(client).liftGroup(id, reason);
  if (output === 'json') return printJson(lifted);
  console.log(`${lifted.kind} ${lifted.name} may join again; what was revoked stays so`);
}

async function listGroups(client: OperatorClient, { output }: Options): Promise<void> {
  const groups = await new IdentityClient(client).revokedGroups();
  if (output === 'json') return printJson(groups);
  printTable(
    ['ID', 'KIND', 'NAME', 'SINCE', 'BY', 'REASON'],
    groups.map((g) => [g.id, g.kind, g.name, showTime(g.atMs), g.actor, g.reason]),
  );
}

const isNameRight = 'is the name right? `dta identity list` shows who is there';
