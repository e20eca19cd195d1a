/** Takes live values from operators: checks, commits, logs and tells of each change (draft, "Dynamic Access Control"). */
import { randomBytes } from 'node:crypto';

import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import { Attribute, type Band, type RestrictionSide } from '../layout.ts';
import type { Log } from '../log.ts';
import {
  checkFactName,
  checkReason,
  checkService,
  checkSignal,
  checkSubject,
  completeEffect,
  type RestrictionEffect,
} from './check-live-values.ts';
import type { ServiceBand, ServiceRestriction, SignalValue } from './encode-state.ts';
import type {
  Cause,
  LiveValueStore,
  StoredBand,
  StoredFact,
  StoredRestriction,
  StoredSignal,
} from './live-values.ts';

/** What the desk needs. */
export interface LiveValueDeskOptions {
  readonly store: LiveValueStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** A restriction as it is asked for. `forMs` 0: until it is released. */
export interface RestrictionRequest extends RestrictionEffect {
  readonly subject: string;
  readonly side: RestrictionSide;
  readonly forMs: number;
}

/** A report of a measured value. `observedAtMs` is not in the future, but for a minute of clocks that differ. */
export interface SignalReport {
  readonly subject: string;
  readonly name: string;
  readonly value: number;
  readonly maxAgeMs: number;
  readonly observedAtMs?: number;
}

/** What all states say of live values at one moment; facts are among the signals. */
export interface LiveNow {
  readonly signals: readonly SignalValue[];
  readonly bands: readonly ServiceBand[];
  readonly restrictions: readonly ServiceRestriction[];
}

/** `atOnce`: restrictions and bands; signals and facts may be collected for a moment. */
export type LiveChange = 'atOnce' | 'soon';

/** The live values of the mesh. Methods fail with `usage` for what cannot be, `notFound` for what is not there. */
export class LiveValueDesk {
  readonly #options: LiveValueDeskOptions;
  readonly #listeners = new Set<(change: LiveChange) => void>();

  constructor(options: LiveValueDeskOptions) {
    this.#options = options;
  }

  /** Puts a restriction in force. */
  async restrict(
    request: RestrictionRequest,
    actor: string,
    reason: string,
  ): Promise<StoredRestriction> {
    const { store, clock } = this.#options;
    const { subject, side, forMs, ...effect } = request;
    const cause = this.#cause(actor, reason);
    const restriction = {
      id: randomBytes(6).toString('hex'),
      subject: checkService(subject),
      side,
      ...completeEffect(effect),
      untilMs: forMs === 0 ? 0 : cause.atMs + forMs,
      ...cause,
    };
    checkRoom('restrictions', (await store.restrictions(clock())).length);
    await store.addRestriction(restriction);
    this.#tell('atOnce', restriction, 'restriction set');
    return restriction;
  }

  /** Ends a restriction before its time. */
  async release(id: string, actor: string, reason: string): Promise<StoredRestriction> {
    const cause = this.#cause(actor, reason);
    const released = await this.#options.store.releaseRestriction(id, cause);
    if (!released) throw absent(`restriction \`${id}\` in force`, 'dta restrict list');
    this.#tell('atOnce', { ...released, ...cause }, 'restriction released');
    return released;
  }

  /** Those in force, oldest first. */
  restrictions(): Promise<StoredRestriction[]> {
    return this.#options.store.restrictions(this.#options.clock());
  }

  /** Sets the band of a service. */
  async setBand(subject: string, band: Band, actor: string, reason: string): Promise<StoredBand> {
    const { store } = this.#options;
    const stored = { subject: checkService(subject), band, ...this.#cause(actor, reason) };
    const others = (await store.bands()).filter((one) => one.subject !== subject);
    checkRoom('bands', others.length);
    await store.putBand(stored);
    this.#tell('atOnce', stored, 'band set');
    return stored;
  }

  /** Forgets the band of a service: it counts as the worst again. */
  async clearBand(subject: string, actor: string, reason: string): Promise<void> {
    const cause = this.#cause(actor, reason);
    const isGone = await this.#options.store.removeBand(checkService(subject));
    if (!isGone) throw absent(`band of \`${subject}\``, 'dta band list');
    this.#tell('atOnce', { subject, ...cause }, 'band cleared');
  }

  bands(): Promise<StoredBand[]> {
    return this.#options.store.bands();
  }

  /** Sets a fact of the environment. */
  async setFact(name: string, value: number, actor: string, reason: string): Promise<StoredFact> {
    const { store } = this.#options;
    const fact = { name: checkFactName(name), value, ...this.#cause(actor, reason) };
    if (!Number.isFinite(value)) throw new DtaError('usage', `a fact cannot be ${value}`);
    checkRoom('facts', (await store.facts()).filter((one) => one.name !== name).length);
    await store.putFact(fact);
    this.#tell('soon', fact, 'fact set');
    return fact;
  }

  /** Removes a fact: it is unknown then. */
  async removeFact(name: string, actor: string, reason: string): Promise<void> {
    const cause = this.#cause(actor, reason);
    const isGone = await this.#options.store.removeFact(checkFactName(name));
    if (!isGone) throw absent(`fact \`${name}\``, 'dta fact list');
    this.#tell('soon', { name, ...cause }, 'fact removed');
  }

  facts(): Promise<StoredFact[]> {
    return this.#options.store.facts();
  }

  /** Takes a measured value; one that was observed earlier than the known one changes nothing. */
  async report(report: SignalReport, actor: string): Promise<StoredSignal> {
    const { store, clock } = this.#options;
    const { value, maxAgeMs } = report;
    const nowMs = clock();
    const { attribute } = checkSignal(report.name, value);
    const observedAtMs = report.observedAtMs ?? nowMs;
    if (observedAtMs > nowMs + clockSkewMs) {
      throw new DtaError('usage', '`observedAtMs` lies in the future', {
        help: 'compare the clocks of the reporter and of the controller',
      });
    }
    const subject = checkSubject(report.subject);
    const signal = { subject, attribute, value, observedAtMs, maxAgeMs, actor };
    const known = await store.signals(nowMs);
    const others = known.filter((s) => s.subject !== subject || s.attribute !== attribute);
    checkRoom('signals', others.length);
    await store.putSignal(signal);
    this.#tell('soon', signal, 'signal reported');
    return signal;
  }

  /** Removes a signal: it is unknown then. */
  async removeSignal(subject: string, name: string, actor: string): Promise<void> {
    const { attribute } = checkSignal(name, 0);
    const isGone = await this.#options.store.removeSignal(checkSubject(subject), attribute);
    if (!isGone) throw absent(`signal \`${name}\` of \`${subject}\``, 'dta signal list');
    this.#tell('soon', { subject, attribute, actor }, 'signal removed');
  }

  /** Those that are young enough to count. */
  signals(): Promise<StoredSignal[]> {
    return this.#options.store.signals(this.#options.clock());
  }

  /** Everything that counts now, for a state. */
  async current(): Promise<LiveNow> {
    const [signals, facts, bands, restrictions] = await Promise.all([
      this.signals(),
      this.facts(),
      this.bands(),
      this.restrictions(),
    ]);
    return { signals: [...signals, ...facts.map(asSignal)], bands, restrictions };
  }

  /** Calls `listener` after each change that was committed; returns the end of the subscription. */
  onChange(listener: (change: LiveChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Removes restrictions that ended long ago. */
  async forgetEnded(): Promise<void> {
    await this.#options.store.forgetRestrictions(this.#options.clock() - evidenceMs);
  }

  #cause(actor: string, reason: string): Cause {
    return { atMs: this.#options.clock(), actor, reason: checkReason(reason) };
  }

  #tell(change: LiveChange, fields: object, message: string): void {
    this.#options.log.info({ ...fields }, message);
    for (const listener of this.#listeners) listener(change);
  }
}

/** A fact ages with the state only: it is as old as the operator says it is. */
function asSignal({ name, value, atMs }: StoredFact): SignalValue {
  const attribute = Attribute.EnvironmentFact;
  return { subject: name, attribute, value, observedAtMs: atMs, maxAgeMs: 0 };
}

function checkRoom(what: keyof typeof mostOf, others: number): void {
  if (others < mostOf[what]) return;
  throw new DtaError('usage', `there are ${others} ${what} already, which is the most`, {
    help: 'remove some: the state of a proxy has to hold them all',
  });
}

function absent(what: string, list: string): DtaError {
  return new DtaError('notFound', `there is no ${what}`, {
    help: `\`${list}\` shows what there is`,
  });
}

/**
 * With the longest names these are 730 KB of the megabyte that a state has: no value may keep revocations from being
 * sent.
 */
const mostOf = { signals: 2_048, facts: 256, bands: 2_048, restrictions: 512 } as const;
const clockSkewMs = 60_000;
/** How long ended restrictions stay in the store. */
const evidenceMs = 90 * 86_400_000;
