/** Audit records as calls that policies can be suggested for. */
import { type AuditRecordReply, auditRecord } from '../api/messages.ts';
import { DtaError } from '../errors.ts';
import { parseMeshIdentity } from '../identity/spiffe-id.ts';
import type { ObservedCall } from '../policy/suggest/observed-call.ts';

/** Calls that were let through, calls that no rule permitted, and how many records are neither or say too little. */
export interface ObservedCalls {
  readonly allowed: readonly ObservedCall[];
  /** Denied for want of a rule; denials of identities, revocations, paths, risks and by rules are never among them. */
  readonly unpermitted: readonly ObservedCall[];
  readonly passedOver: number;
}

/** Sorts records. Only inbound ones count: there the reporter is the destination, and the source showed a certificate. */
export function observedCalls(records: readonly AuditRecordReply[]): ObservedCalls {
  const allowed: ObservedCall[] = [];
  const unpermitted: ObservedCall[] = [];
  for (const record of records) {
    const call = callOf(record);
    if (call === undefined) continue;
    if (isAllowed(record)) allowed.push(call);
    else if (record.verdict === 'Deny' && record.reason === 'NoRulePermits') unpermitted.push(call);
  }
  const passedOver = records.length - allowed.length - unpermitted.length;
  return { allowed, unpermitted, passedOver };
}

/** Reads records as `dta audit tail -o json` prints them, one a line. Throws `usage` with the line that is none. */
export function readRecordLines(name: string, text: string): AuditRecordReply[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const parsed = auditRecord.safeParse(jsonOf(line));
    if (parsed.success) return [parsed.data];
    throw new DtaError('usage', `\`${name}\`, line ${index + 1}, is no audit record`, {
      help: 'write the file with `dta audit tail -o json`',
    });
  });
}

function isAllowed({ verdict, reason, cutByRevocation }: AuditRecordReply): boolean {
  return (
    (verdict === 'Allow' || verdict === 'Degrade') && reason === 'Permitted' && !cutByRevocation
  );
}

function callOf(record: AuditRecordReply): ObservedCall | undefined {
  const { decisionId, timeMs, direction, method, path, rule } = record;
  const source = parseMeshIdentity(record.source);
  const destination = parseMeshIdentity(record.reporter);
  if (direction !== 'Inbound' || source === undefined || destination === undefined)
    return undefined;
  if (source.trustDomain !== destination.trustDomain) return undefined;
  const { environment, service } = destination;
  return { decisionId, timeMs, source, destination: { environment, service }, method, path, rule };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
