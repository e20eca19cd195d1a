/** What an analysis tells operators about their policies. */
import type { Origin } from '../policy-set.ts';
import type { ConcreteRequest } from './concrete-request.ts';

/**
 * `dead`: never applies. `contradiction`: never applies, because of its condition alone. `hidden`: a deny applies
 * wherever it does. `redundant`: other rules grant all that it grants. `overlap`: a deny and allow rules match one
 * request. `uncallable`: nobody may call a path that is named. `open`: anyone may reach classified data.
 */
export type FindingKind =
  | 'dead'
  | 'contradiction'
  | 'hidden'
  | 'redundant'
  | 'overlap'
  | 'uncallable'
  | 'open';

/** `info` is how policies can well be meant; `warning` is not. Origin is that of the rule or policy. */
export interface Finding extends Origin {
  readonly kind: FindingKind;
  readonly severity: 'warning' | 'info';
  /** `policy/rule`, or the policy. */
  readonly rule: string;
  readonly message: string;
  readonly help: string;
  /** Other rules that it is about, `policy/rule`. */
  readonly others: readonly string[];
  readonly example?: ConcreteRequest;
  /** Whom the example asks. */
  readonly destination?: { readonly service: string; readonly environment: string };
}

/** A destination without an answer, and why. Findings about its rules may be missing, none is wrong. */
export interface GaveUpOn {
  readonly service: string;
  /** Absent: all that no policy names, or all of the service. */
  readonly environment?: string;
  readonly reason: string;
}
