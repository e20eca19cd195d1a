/** What the filter makes of one message, and why. */
import type { ReasonName, VerdictName } from '../../audit/model.ts';
import { reasonTexts } from '../../layout.ts';
import { reasonCode } from '../policy-lab/explain.ts';
import type { Question } from '../policy-lab/laboratory.ts';
import type { MaskBench } from './mask-bench.ts';
import { type ChangedHeader, explainChanges, type MaskedValue } from './masked-values.ts';
import {
  type HeaderLines,
  type Message,
  type Passed,
  refusedBecause,
  sentHeaders,
} from './message.ts';
import {
  type ActionName,
  declaredAction,
  findUnreadable,
  type UnreadablePlace,
} from './unreadable.ts';

/** Why a message did not go on. */
export interface ExplainedRefusal {
  readonly reason: ReasonName;
  readonly code: string;
  readonly text: string;
  /** Of the answer in its place; undefined when the stream was reset after some of it had gone on. */
  readonly status: number | undefined;
  /** Of the answer to a gRPC call. */
  readonly grpcStatus: string | undefined;
}

/** The answer of the filter, and where it comes from. */
export interface MaskExplanation {
  readonly verdict: VerdictName;
  readonly passed: Passed;
  /** Header lines that were sent on the side that is looked at. */
  readonly sent: HeaderLines;
  readonly refusal: ExplainedRefusal | undefined;
  /** Where the body cannot be read; undefined when it can, or nothing reads it. */
  readonly unreadable: UnreadablePlace | undefined;
  /** What went on in place of such a body; undefined when nothing did, or it can be read. */
  readonly instead: 'redacted' | 'unmasked' | undefined;
  /** What the policies say of such bodies here; undefined when nothing is masked for the caller. */
  readonly action: ActionName | undefined;
  /** Labels that the filter found. */
  readonly labels: readonly string[];
  /** Labels that the caller may read. */
  readonly clearance: readonly string[];
  /** Values that the filter masked on that side. */
  readonly masked: number;
  readonly values: readonly MaskedValue[];
  readonly headers: readonly ChangedHeader[];
  /** The body is too large to tell its values apart. */
  readonly isTooLarge: boolean;
}

/** Sends a message and explains what came. The set has to be free of errors. */
export function explainMask(
  bench: MaskBench,
  question: Question,
  message: Message,
): MaskExplanation {
  const recorded = bench.send(question, message);
  const { record, refusal } = recorded;
  const passed = withoutIdentity(recorded);
  const reason = refusedBecause(recorded);
  const sent = sentHeaders(question, message);
  const isPermitted = refusal === undefined || reason === 'BodyUnreadable';
  const unreadable = isPermitted ? findUnreadable(bench, question, message) : undefined;
  const isTooLarge = (message.body?.length ?? 0) > EXPLAINED_BYTES_MAX;
  const isCompared = refusal === undefined && unreadable === undefined && !isTooLarge;
  const changes = isCompared
    ? explainChanges(bench, question, message, passed)
    : { values: [], headers: [] };
  return {
    verdict: record.verdict,
    passed,
    sent,
    refusal: reason && {
      reason,
      code: reasonCode(reason),
      text: reasonTexts[reason],
      status: refusal?.status,
      grpcStatus: refusal?.grpcStatus,
    },
    unreadable,
    instead: record.bodyRedacted ? 'redacted' : record.bodyPassed ? 'unmasked' : undefined,
    action: isPermitted ? declaredAction(bench, question, message) : undefined,
    labels: bench.labelNames(record.labels),
    clearance: bench.labelNames(record.clearance),
    masked: message.side === 'request' ? record.maskedRequest : record.maskedResponse,
    ...changes,
    isTooLarge,
  };
}

/** The certificate's header is between proxies. */
function withoutIdentity({ headers, body, refusal }: Passed): Passed {
  const kept = headers?.filter(([name]) => name !== 'x-forwarded-client-cert');
  return { headers: kept, body, refusal };
}

/** Each question sends the body again. */
const EXPLAINED_BYTES_MAX = 1 << 20;
