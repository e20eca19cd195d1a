/** `dta audit`: the decisions of the mesh. */
import { Command, Option } from 'commander';

import type { AuditRecordReply } from '../../api/messages.ts';
import { dataDirOption, operatorClient } from '../operator-option.ts';
import { outputOption, showTime } from '../output.ts';

interface TailOptions {
  readonly follow: boolean;
  readonly limit: string;
  readonly verdict?: 'Allow' | 'Deny';
  readonly source?: string;
  readonly dataDir: string;
  readonly output: string;
}

export function auditCommand(): Command {
  const tail = new Command('tail')
    .description('print the newest decisions, oldest first; `-o json` prints one object a line')
    .option('-f, --follow', 'go on with decisions as they arrive', false)
    .option('-n, --limit <count>', 'how many, 1 to 1000', '20')
    .addOption(new Option('--verdict <verdict>', 'only these').choices(['Allow', 'Deny']))
    .option('--source <spiffe-id>', 'only of this source')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ follow, limit, verdict, source, dataDir, output }: TailOptions) => {
      const client = operatorClient(dataDir);
      const print = (record: AuditRecordReply) =>
        console.log(output === 'json' ? JSON.stringify(record) : showRecord(record));
      const query = { limit, ...(verdict && { verdict }), ...(source && { source }) };
      const records = await client.audit(query);
      for (const record of records) print(record);
      if (!follow) return;
      const interrupted = new AbortController();
      process.once('SIGINT', () => interrupted.abort());
      const after = String(records.at(-1)?.id ?? 0);
      for await (const record of client.followAudit({ ...query, after }, interrupted.signal))
        print(record);
    });
  return new Command('audit').description('read what was decided').addCommand(tail);
}

function showRecord(record: AuditRecordReply): string {
  const masked = record.maskedRequest + record.maskedResponse;
  return [
    showTime(record.timeMs),
    record.verdict.padEnd(5),
    record.method,
    record.path,
    record.source || '(no identity)',
    record.rule || record.reason,
    ...(masked > 0 ? [`${masked} masked`] : []),
    ...(record.labels !== '0' ? [`labels ${bitsOf(record.labels)}`] : []),
    ...(record.bodyPassed ? ['passed unmasked'] : []),
    ...(record.bodyRedacted ? ['body redacted'] : []),
    ...(record.cutByRevocation ? ['cut'] : []),
    ...(record.shadowDiffers ? ['shadow differs'] : []),
    record.decisionId,
  ].join('  ');
}

// Which labels they are depends on the bundle: bits stand in the order of their names.
function bitsOf(labels: string): string {
  const bits = BigInt(labels).toString(2);
  return [...bits]
    .flatMap((bit, i) => (bit === '1' ? [bits.length - 1 - i] : []))
    .reverse()
    .join(',');
}
