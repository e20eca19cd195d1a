/** Values that change faster than policy: signals, facts, bands and restrictions, as the store keeps them. */
import type { ServiceBand, ServiceRestriction, SignalValue } from './encode-state.ts';

/** Who changed a value, when, and why. */
export interface Cause {
  readonly atMs: number;
  readonly actor: string;
  readonly reason: string;
}

/** A measured value of a service or an instance. */
export interface StoredSignal extends SignalValue {
  readonly actor: string;
}

/** A fact about the environment, for `environment.<name>`; it holds until it is removed. */
export interface StoredFact extends Cause {
  readonly name: string;
  readonly value: number;
}

/** The risk band of a service; it holds until it is cleared. */
export interface StoredBand extends ServiceBand, Cause {}

/** A restriction with the name by which it is released. */
export interface StoredRestriction extends ServiceRestriction, Cause {
  readonly id: string;
}

/** Where live values are kept. Each method is one transaction, durable when its promise resolves. */
export interface LiveValueStore {
  /** Puts a signal in the place of the one with its subject and attribute, unless that was observed later. */
  putSignal(signal: StoredSignal): Promise<void>;
  /** False when there was none. */
  removeSignal(subject: string, attribute: number): Promise<boolean>;
  /** Those that are not older than their greatest age; the others are forgotten. */
  signals(nowMs: number): Promise<StoredSignal[]>;
  putFact(fact: StoredFact): Promise<void>;
  removeFact(name: string): Promise<boolean>;
  facts(): Promise<StoredFact[]>;
  putBand(band: StoredBand): Promise<void>;
  removeBand(subject: string): Promise<boolean>;
  bands(): Promise<StoredBand[]>;
  addRestriction(restriction: StoredRestriction): Promise<void>;
  /** Ends a restriction that is in force and gives it back; undefined when there is none of this id. */
  releaseRestriction(id: string, cause: Cause): Promise<StoredRestriction | undefined>;
  /** Those in force, oldest first. Ended ones stay in the store as evidence. */
  restrictions(nowMs: number): Promise<StoredRestriction[]>;
  /** Removes restrictions that ended before `beforeMs`. */
  forgetRestrictions(beforeMs: number): Promise<number>;
}
