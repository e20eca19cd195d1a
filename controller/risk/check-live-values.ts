/** What operators may set, checked at the edge: every refusal is a `usage` that says what was expected. */
import { DtaError } from '../errors.ts';
import { Verdict } from '../layout.ts';
import type { ServiceRestriction } from './encode-state.ts';
import { type SignalKind, signalKinds, signalNamed } from './signal-names.ts';

/** A service as `<environment>/<service>`, or a federated one with its trust domain in front; given back. */
export function checkService(subject: string): string {
  const [domain = '', ...service] = subject.split('/');
  // A name without a dot in front is rather a mistake than a trust domain.
  const isForeign = service.length === 2 && domainForm.test(domain) && domain.length <= 255;
  if (serviceForm.test(isForeign ? service.join('/') : subject)) return subject;
  throw new DtaError('usage', `\`${show(subject)}\` is no service`, {
    help: 'write <environment>/<service>, for example prod/orders, and of a federated domain partner.example/prod/orders',
  });
}

/** A service, or the UUID of an instance, in lower case. */
export function checkSubject(subject: string): string {
  return uuidForm.test(subject) ? subject.toLowerCase() : checkService(subject);
}

/** The signal of a name, for a value that it can have. */
export function checkSignal(name: string, value: number): SignalKind {
  const kind = signalNamed(name);
  if (!kind) {
    throw new DtaError('usage', `there is no signal \`${show(name)}\``, {
      help: `signals are ${signalKinds.map((each) => each.name).join(', ')}`,
    });
  }
  const isIn = value >= 0 && value <= kind.max && (!kind.isWhole || Number.isInteger(value));
  if (isIn) return kind;
  throw new DtaError('usage', `\`${name}\` cannot be ${value}`, {
    help: `it is ${kind.expected}`,
  });
}

/** The name of a fact, as conditions can write it behind `environment.`. */
export function checkFactName(name: string): string {
  if (factForm.test(name)) return name;
  throw new DtaError('usage', `\`${show(name)}\` is no name of a fact`, {
    help: 'use up to 63 letters, digits and underscores, no digit first',
  });
}

/** A text of an operator that is recorded: one line, at most 500 characters. */
export function checkReason(reason: string): string {
  if (reason.length <= 500 && !/\p{Cc}/u.test(reason)) return reason;
  throw new DtaError('usage', 'reason is longer than 500 characters or has control characters');
}

/** What a restriction takes; defaults stand for what was left out. `rate` and `retryAfterSeconds` 0: not given. */
export type RestrictionEffect = Pick<
  ServiceRestriction,
  'verdict' | 'readOnly' | 'noClearance' | 'ratePerSecond' | 'burst' | 'retryAfterSeconds'
>;

/** An effect that a state can hold, with a burst for its rate and a wait for its verdict. */
export function completeEffect(effect: RestrictionEffect): RestrictionEffect {
  const { verdict, ratePerSecond, burst, retryAfterSeconds } = effect;
  const isDegrade = verdict === Verdict.Degrade;
  const waits = verdict === Verdict.Break || verdict === Verdict.Throttle;
  if (!isDegrade && (effect.readOnly || effect.noClearance)) {
    throw misfit('only degrade takes writing or clearances', '`--read-only`, `--no-clearance`');
  }
  if (!isDegrade && verdict !== Verdict.Throttle && (ratePerSecond !== 0 || burst !== 0)) {
    throw misfit('only throttle and degrade have a rate', '`--rate`, `--burst`');
  }
  if (!waits && retryAfterSeconds !== 0) {
    throw misfit('only throttle and break tell callers to wait', '`--retry-after`');
  }
  if (burst !== 0 && ratePerSecond === 0) throw misfit('a burst needs a rate', '`--burst`');
  if (verdict === Verdict.Throttle && ratePerSecond === 0) {
    throw new DtaError('usage', 'throttle needs a rate', {
      help: 'say how many requests a second each caller may make: `--rate 10`',
    });
  }
  if (isDegrade && ratePerSecond === 0 && !effect.readOnly && !effect.noClearance) {
    throw new DtaError('usage', 'degrade takes nothing', {
      help: 'say what: `--read-only`, `--no-clearance` or `--rate`',
    });
  }
  return {
    ...effect,
    burst: ratePerSecond === 0 ? 0 : burst || Math.max(1, Math.ceil(ratePerSecond)),
    retryAfterSeconds: waits ? retryAfterSeconds || defaultRetryAfterSeconds : 0,
  };
}

function misfit(message: string, what: string): DtaError {
  return new DtaError('usage', message, { help: `leave ${what} out, or choose another verdict` });
}

function show(text: string): string {
  const printable = text.replaceAll(/[^\x20-\x5f\x61-\x7e]/g, '?');
  return printable.length <= 80 ? printable : `${printable.slice(0, 77)}...`;
}

const defaultRetryAfterSeconds = 10;
const serviceForm = /^(?!\.{1,2}\/)[A-Za-z0-9._-]{1,63}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,63}$/;
const domainForm = /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/;
const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const factForm = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
