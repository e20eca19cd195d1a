/** Evaluation of a compiled bundle (policy-model, "Meaning"): only rules that the caller or the path name are looked at. */
import {
  Audit,
  Effect,
  NONE,
  Outcome,
  PathPattern,
  Program,
  Reason,
  Route,
  Rule,
  Selector,
  Truth,
  Verdict,
} from '../layout';
import { isMaskNeeded } from '../mask/need';
import { Bundle, listEntry, listPtr } from './bundle';
import { readCallerValues } from './caller-values';
import { runProgram } from './condition';
import { Decision } from './decision-cache';
import { Identity, hasSelector } from './identity';
import { InternedList, listEntries } from './interned-lists';
import { hasPattern } from './path-class';
import { State } from './state';
import { Subject } from './subject';

/**
 * Rules, selectors, routes and operations that one evaluation may look at: a hundred times what ten thousand rules for
 * everybody take. Validation adds up what stands in a bundle; an evaluation multiplies, and a bundle could make it last hours.
 */
const STEPS_MAX: u32 = 1 << 23;

/** Outcome of enforced and shadow rules together is tracked twice: without and with shadow rules. */
@unmanaged
class Tally {
  permit: u32;
  deny: u32;
  tooRisky: u32;
  clearance: u64;
  audit: u32;
}

const enforced: usize = memory.data(offsetof<Tally>(), 8);
const shadowed: usize = memory.data(offsetof<Tally>(), 8);

let band: u32 = 0;
let steps: u32 = 0;

/** Decides a request and writes everything but the key into `decision`. */
export function evaluate(
  bundle: Bundle,
  state: State,
  identity: Identity,
  subject: Subject,
  decision: Decision,
): void {
  readCallerValues(state, identity);
  band = identity.band;
  steps = 0;
  clear(changetype<Tally>(enforced));
  clear(changetype<Tally>(shadowed));
  const pathClass = changetype<InternedList>(subject.pathClass);
  const bySource = <u64>identity.candidateCount + bundle.anySourceCount;
  const byPath = <u64>pathClass.note + bundle.anyPathCount;
  if (bySource <= byPath) visitBySource(bundle, state, identity, subject);
  else visitByPath(bundle, state, identity, subject);
  conclude(bundle, decision);
}

function visitBySource(bundle: Bundle, state: State, identity: Identity, subject: Subject): void {
  visitList(bundle, state, identity, subject, bundle.anySourceStart, bundle.anySourceCount);
  for (let i: u32 = 0; i < identity.selectorCount; i++) {
    steps += 1;
    const index = load<u32>(identity.selectors + ((<usize>i) << 2));
    const selector = bundle.selectors + <usize>index * Selector.SIZE;
    const start = load<u32>(selector, Selector.ruleStart);
    visitList(bundle, state, identity, subject, start, load<u32>(selector, Selector.ruleCount));
  }
}

function visitByPath(bundle: Bundle, state: State, identity: Identity, subject: Subject): void {
  visitList(bundle, state, identity, subject, bundle.anyPathStart, bundle.anyPathCount);
  const entries = listEntries(subject.pathClass);
  const count = changetype<InternedList>(subject.pathClass).count;
  for (let i: u32 = 0; i < count; i++) {
    const index = load<u32>(entries + ((<usize>i) << 2));
    const pattern = bundle.patterns + <usize>index * PathPattern.SIZE;
    const start = load<u32>(pattern, PathPattern.ruleStart);
    visitList(bundle, state, identity, subject, start, load<u32>(pattern, PathPattern.ruleCount));
  }
}

/** A rule may be visited twice; what it adds is the same both times. */
function visitList(
  bundle: Bundle,
  state: State,
  identity: Identity,
  subject: Subject,
  start: u32,
  count: u32,
): void {
  for (let i = start; i < start + count && steps < STEPS_MAX; i++) {
    visitRule(bundle, state, identity, subject, listEntry(bundle, i));
  }
}

function visitRule(
  bundle: Bundle,
  state: State,
  identity: Identity,
  subject: Subject,
  index: u32,
): void {
  steps += 1;
  const rule = bundle.rules + <usize>index * Rule.SIZE;
  const outcome = bundle.outcomes + <usize>load<u32>(rule, Rule.outcome) * Outcome.SIZE;
  const isAllow = load<u8>(outcome, Outcome.effect) == <u8>Effect.Allow;
  if (!comesFrom(bundle, identity, rule)) return;
  if (!goesTo(bundle, state, identity, subject, rule, isAllow)) return;
  if (!holds(bundle, state, identity, subject, load<u32>(rule, Rule.program), isAllow)) return;
  if (load<u8>(outcome, Outcome.shadow) == 0) {
    add(changetype<Tally>(enforced), outcome, index, isAllow);
  }
  add(changetype<Tally>(shadowed), outcome, index, isAllow);
}

function add(tally: Tally, outcome: usize, index: u32, isAllow: bool): void {
  if (!isAllow) {
    tally.deny = min(tally.deny, index);
    return;
  }
  tally.audit = max(tally.audit, <u32>load<u8>(outcome, Outcome.audit));
  if (band > <u32>load<u8>(outcome, Outcome.maxRisk)) {
    tally.tooRisky = min(tally.tooRisky, index);
    return;
  }
  tally.permit = min(tally.permit, index);
  tally.clearance |= load<u64>(outcome, Outcome.clearance);
}

function conclude(bundle: Bundle, decision: Decision): void {
  const tally = changetype<Tally>(enforced);
  const isWhole = steps < STEPS_MAX;
  const isAllowed = isWhole && tally.permit != NONE && tally.deny == NONE;
  const other = changetype<Tally>(shadowed);
  const isOtherAllowed = isWhole && other.permit != NONE && other.deny == NONE;
  decision.shadowDiffers = isAllowed != isOtherAllowed;
  decision.band = <u8>band;
  decision.audit = <u8>tally.audit;
  decision.clearance = isAllowed ? tally.clearance : 0;
  decision.verdict = <u8>(isAllowed ? Verdict.Allow : Verdict.Deny);
  decision.masksRequest = isAllowed && isMaskNeeded(bundle.requestMask, tally.clearance, band);
  decision.masksResponse = isAllowed && isMaskNeeded(bundle.responseMask, tally.clearance, band);
  if (isAllowed) {
    decision.reason = <u8>Reason.Permitted;
    decision.rule = tally.permit;
  } else if (!isWhole) {
    // A rule that was not looked at may have denied.
    decision.reason = <u8>Reason.TooComplex;
    decision.rule = NONE;
  } else if (tally.deny != NONE) {
    decision.reason = <u8>Reason.DenyRule;
    decision.rule = tally.deny;
  } else if (tally.tooRisky != NONE) {
    decision.reason = <u8>Reason.RiskTooHigh;
    decision.rule = tally.tooRisky;
  } else {
    decision.reason = <u8>Reason.NoRulePermits;
    decision.rule = NONE;
  }
}

function comesFrom(bundle: Bundle, identity: Identity, rule: usize): bool {
  const start = load<u32>(rule, Rule.selectorStart);
  const count = load<u32>(rule, Rule.selectorCount);
  if (count == 0) return true;
  for (let i = start; i < start + count; i++) {
    steps += 1;
    if (hasSelector(identity, listEntry(bundle, i))) return true;
  }
  return false;
}

function goesTo(
  bundle: Bundle,
  state: State,
  identity: Identity,
  subject: Subject,
  rule: usize,
  isAllow: bool,
): bool {
  const start = load<u32>(rule, Rule.routeStart);
  const end = start + load<u32>(rule, Rule.routeCount);
  if (start == end) return true;
  for (let i = start; i < end && steps < STEPS_MAX; i++) {
    steps += 1;
    const route = bundle.routes + <usize>listEntry(bundle, i) * Route.SIZE;
    if (!isRoute(bundle, subject, route)) continue;
    if (holds(bundle, state, identity, subject, load<u32>(route, Route.program), isAllow)) {
      return true;
    }
  }
  return false;
}

/** Everything about a route but its program. */
function isRoute(bundle: Bundle, subject: Subject, route: usize): bool {
  const methods = load<u32>(route, Route.methods);
  if (methods != 0 && ((methods >> subject.method) & 1) == 0) return false;
  const hosts = load<u32>(route, Route.hosts);
  if (hosts != NONE && (load<u64>(listPtr(bundle, hosts)) & subject.hosts) == 0) return false;
  const pattern = load<u32>(route, Route.pattern);
  return pattern == NONE || hasPattern(subject.pathClass, pattern);
}

/** Whether the program of a rule or a route holds; NONE does. Unknown is false in an allow rule and true in a deny rule. */
function holds(
  bundle: Bundle,
  state: State,
  identity: Identity,
  subject: Subject,
  program: u32,
  isAllow: bool,
): bool {
  if (program == NONE) return true;
  steps += load<u32>(bundle.programs + <usize>program * Program.SIZE, Program.count);
  const truth = runProgram(bundle, state, identity, subject, program);
  return isAllow ? truth == Truth.True : truth != Truth.False;
}

function clear(tally: Tally): void {
  tally.permit = NONE;
  tally.deny = NONE;
  tally.tooRisky = NONE;
  tally.clearance = 0;
  tally.audit = Audit.Sampled;
}
