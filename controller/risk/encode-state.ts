/** Encodes the state of a proxy: revocations, signal values, risk bands and restrictions (docs/formats.md, State). */
import { DtaError } from '../errors.ts';
import {
  type Attribute,
  type Band,
  RESERVED_BYTES,
  Restriction,
  RestrictionFlag,
  type RestrictionSide,
  RevokedDigest,
  RevokedInstance,
  RiskBand,
  Section,
  Signal,
  STATE_MAGIC,
  STATE_MAX_BYTES,
  StateHeader,
  StateSection,
  Verdict,
} from '../layout.ts';
import {
  align8,
  Records,
  type SectionData,
  type Span,
  StringTable,
  writeSectionFile,
} from '../section-file.ts';

/**
 * A measured value. `subject` is `<environment>/<service>`, the UUID of an instance or the name of an environment fact;
 * `maxAgeMs` 0 never ages.
 */
export interface SignalValue {
  readonly subject: string;
  readonly attribute: Attribute;
  readonly value: number;
  readonly observedAtMs: number;
  readonly maxAgeMs: number;
}

/** The risk band of `<environment>/<service>`. */
export interface ServiceBand {
  readonly subject: string;
  readonly band: Band;
}

/** A verdict that takes something from calls, and does not deny them for good. */
export type RestrictingVerdict = Exclude<Verdict, typeof Verdict.Deny | typeof Verdict.Allow>;

/**
 * What is taken from the calls of `<environment>/<service>`, or from the calls to it. `readOnly` and `noClearance`
 * belong to Degrade. A rate (requests a second of one caller to one destination, in all workers of an Envoy) has a burst of
 * at least 1, and belongs to Throttle, and to Degrade as a cap; 0: none. `retryAfterSeconds` is at least 1 for Break and
 * Throttle, else 0. `untilMs` 0 ends when it is released.
 */
export interface ServiceRestriction {
  readonly subject: string;
  readonly side: RestrictionSide;
  readonly verdict: RestrictingVerdict;
  readonly readOnly: boolean;
  readonly noClearance: boolean;
  readonly ratePerSecond: number;
  readonly burst: number;
  readonly retryAfterSeconds: number;
  readonly untilMs: number;
}

/** What the states of all proxies say alike. Digests are SHA-256 of DER certificates; instances UUIDs. */
export interface SharedContent {
  readonly mesh: string;
  readonly epoch: bigint;
  readonly nowMs: number;
  readonly revokedDigests: readonly Uint8Array[];
  readonly revokedInstances: readonly string[];
  readonly signals: readonly SignalValue[];
  readonly bands: readonly ServiceBand[];
  readonly restrictions: readonly ServiceRestriction[];
}

/** What a proxy's state says. `self` is the proxy's SPIFFE ID. */
export interface StateContent extends SharedContent {
  readonly self: string;
  /** Subject of that proxy's certificate as RFC 2253 text, for its labels; absent: no labels. */
  readonly selfSubject?: string;
}

/**
 * The bytes of a state, reserved bytes included; order and repetition of the input do not matter, of two signals with
 * one subject and attribute the later observed counts. Throws DtaError for values that the format cannot hold.
 */
export function encodeState(content: StateContent): Uint8Array<ArrayBuffer> {
  return new StateMold(content).encode(content.self, content.selfSubject ?? '');
}

/** A state, and where the proxy's name lies in it. */
interface Model {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly selfLen: number;
  readonly selfAt: number;
}

/**
 * The states of one epoch: what they share is sorted and encoded once, because a revocation has to reach a thousand
 * proxies in a tenth of a second. The constructor throws DtaError for values that the format cannot hold.
 */
export class StateMold {
  readonly #content: SharedContent;
  readonly #strings = new StringTable();
  readonly #sections: readonly SectionData[];
  readonly #mesh: Span;
  /** By subject: a state whose copy needs another name only. */
  readonly #models = new Map<string, Model>();

  constructor(content: SharedContent) {
    this.#content = content;
    this.#sections = [
      encodeDigests(content.revokedDigests).section(StateSection.RevokedDigests),
      encodeInstances(content.revokedInstances).section(StateSection.RevokedInstances),
      encodeSignals(content.signals, this.#strings).section(StateSection.Signals),
      encodeBands(content.bands, this.#strings).section(StateSection.Bands),
      encodeRestrictions(content.restrictions, this.#strings).section(StateSection.Restrictions),
    ];
    this.#mesh = this.#strings.intern(content.mesh);
  }

  /** The bytes of one proxy's state, as `encodeState`. Throws DtaError when they are too many. */
  encode(self: string, selfSubject: string): Uint8Array<ArrayBuffer> {
    const model = this.#models.get(selfSubject);
    // Names of one service have one length: where everything lies stays the same.
    if (model && self.length === model.selfLen && !this.#strings.has(self) && isAscii(self)) {
      const bytes = model.bytes.slice();
      Buffer.from(bytes.buffer).write(self, model.selfAt, 'latin1');
      return bytes;
    }
    const own = this.#strings.extended([self, selfSubject]);
    const [selfAt = none, subjectAt = none] = own.spans;
    const bytes = writeSectionFile({
      what: `the state of \`${self}\``,
      magic: STATE_MAGIC,
      headerBytes: StateHeader.SIZE,
      header: (view) => this.#writeHeader(view, selfAt, subjectAt),
      sections: [
        { kind: StateSection.Strings, bytes: own.bytes, count: own.bytes.length },
        ...this.#sections,
      ],
      maxBytes: STATE_MAX_BYTES,
    });
    this.#keepModel(bytes, self, selfSubject, selfAt);
    return bytes;
  }

  #keepModel(
    bytes: Uint8Array<ArrayBuffer>,
    self: string,
    selfSubject: string,
    { off, len }: Span,
  ): void {
    // A name that is some other string of the state too has to stay the only one of its kind.
    if (len !== self.length || this.#strings.has(self) || this.#models.size >= modelsMax) return;
    const stringsAt =
      RESERVED_BYTES + StateHeader.SIZE + (this.#sections.length + 1) * Section.SIZE;
    this.#models.set(selfSubject, { bytes, selfLen: len, selfAt: align8(stringsAt) + off });
  }

  #writeHeader(view: DataView, self: Span, selfSubject: Span): void {
    const { epoch, nowMs } = this.#content;
    const putTime = (at: number, timeMs: number) => view.setBigUint64(at, BigInt(timeMs), true);
    view.setBigUint64(StateHeader.epoch, epoch, true);
    putTime(StateHeader.issuedAtMs, nowMs);
    putTime(StateHeader.softExpiryMs, nowMs + SOFT_LIFETIME_MS);
    putTime(StateHeader.hardExpiryMs, nowMs + HARD_LIFETIME_MS);
    view.setUint32(StateHeader.mesh, this.#mesh.off, true);
    view.setUint32(StateHeader.meshLen, this.#mesh.len, true);
    view.setUint32(StateHeader.self, self.off, true);
    view.setUint32(StateHeader.selfLen, self.len, true);
    view.setUint32(StateHeader.selfSubject, selfSubject.off, true);
    view.setUint32(StateHeader.selfSubjectLen, selfSubject.len, true);
  }
}

function encodeDigests(digests: readonly Uint8Array[]): Records {
  const bad = digests.find((digest) => digest.length !== RevokedDigest.SIZE);
  if (bad !== undefined) throw refused(`a certificate digest has ${bad.length} bytes`);
  return encodeBytes(digests, RevokedDigest.SIZE);
}

function encodeInstances(uuids: readonly string[]): Records {
  const bytes = uuids.map((uuid) => {
    if (!uuidShape.test(uuid)) throw refused(`\`${uuid}\` is not a UUID`);
    return Buffer.from(uuid.replaceAll('-', ''), 'hex');
  });
  return encodeBytes(bytes, RevokedInstance.SIZE);
}

function encodeBytes(values: readonly Uint8Array[], size: number): Records {
  const records = new Records(size);
  const sorted = [...values].sort(Buffer.compare);
  for (const [i, value] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before !== undefined && Buffer.compare(before, value) === 0) continue;
    records.add((view, at) => new Uint8Array(view.buffer).set(value, at));
  }
  return records;
}

function encodeSignals(signals: readonly SignalValue[], strings: StringTable): Records {
  const latest = new Map<string, SignalValue>();
  for (const signal of signals) {
    checkSignal(signal);
    const key = `${signal.attribute} ${signal.subject}`;
    const known = latest.get(key);
    if (known === undefined || isLater(signal, known)) latest.set(key, signal);
  }
  const records = new Records(Signal.SIZE);
  for (const signal of [...latest.values()].sort(bySubjectAndAttribute)) {
    records.add((view, at) => {
      strings.put(view, at + Signal.subject, signal.subject);
      view.setUint16(at + Signal.attribute, signal.attribute, true);
      view.setUint32(at + Signal.maxAgeMs, signal.maxAgeMs, true);
      view.setFloat64(at + Signal.value, signal.value, true);
      view.setBigUint64(at + Signal.observedAtMs, BigInt(signal.observedAtMs), true);
    });
  }
  return records;
}

function checkSignal({ subject, attribute, value, observedAtMs, maxAgeMs }: SignalValue): void {
  const what = `signal ${attribute} of \`${subject}\``;
  if (!Number.isFinite(value)) throw refused(`${what} is ${value}`);
  if (!Number.isSafeInteger(observedAtMs) || observedAtMs < 0) {
    throw refused(`${what} was observed at ${observedAtMs}`);
  }
  if (!isU32(maxAgeMs)) {
    throw refused(`${what} has a greatest age of ${maxAgeMs} ms`);
  }
}

// Equal times are settled by the value, so that the order of the input never shows.
function isLater(signal: SignalValue, known: SignalValue): boolean {
  if (signal.observedAtMs !== known.observedAtMs) return signal.observedAtMs > known.observedAtMs;
  return signal.value !== known.value
    ? signal.value > known.value
    : signal.maxAgeMs < known.maxAgeMs;
}

function encodeBands(bands: readonly ServiceBand[], strings: StringTable): Records {
  const worst = new Map<string, ServiceBand>();
  for (const band of bands) {
    const known = worst.get(band.subject);
    if (known === undefined || band.band > known.band) worst.set(band.subject, band);
  }
  const records = new Records(RiskBand.SIZE);
  for (const { subject, band } of [...worst.values()].sort(bySubject)) {
    records.add((view, at) => {
      strings.put(view, at + RiskBand.subject, subject);
      view.setUint32(at + RiskBand.band, band, true);
    });
  }
  return records;
}

function encodeRestrictions(
  restrictions: readonly ServiceRestriction[],
  strings: StringTable,
): Records {
  const records = new Records(Restriction.SIZE);
  let before: ServiceRestriction | undefined;
  for (const one of [...restrictions].sort(inOrder)) {
    checkRestriction(one);
    const isRepeated = before !== undefined && inOrder(before, one) === 0;
    before = one;
    if (isRepeated) continue;
    records.add((view, at) => {
      strings.put(view, at + Restriction.subject, one.subject);
      view.setUint8(at + Restriction.side, one.side);
      view.setUint8(at + Restriction.verdict, one.verdict);
      view.setUint8(at + Restriction.flags, flagsOf(one));
      view.setUint32(at + Restriction.retryAfterSeconds, one.retryAfterSeconds, true);
      view.setFloat64(at + Restriction.ratePerSecond, one.ratePerSecond, true);
      view.setUint32(at + Restriction.burst, one.burst, true);
      view.setBigUint64(at + Restriction.untilMs, BigInt(one.untilMs), true);
    });
  }
  return records;
}

function checkRestriction(one: ServiceRestriction): void {
  const { verdict, ratePerSecond, burst, retryAfterSeconds, untilMs } = one;
  const what = `restriction of \`${one.subject}\``;
  const waits = verdict === Verdict.Break || verdict === Verdict.Throttle;
  const isRated = ratePerSecond !== 0;
  if (!Number.isFinite(ratePerSecond) || ratePerSecond < 0) {
    throw refused(`${what} has a rate of ${ratePerSecond}`);
  }
  if (verdict === Verdict.Throttle ? !isRated : isRated && verdict !== Verdict.Degrade) {
    throw refused(`${what} has a rate of ${ratePerSecond} for verdict ${verdict}`);
  }
  if (!isU32(burst) || burst > 0 !== isRated) throw refused(`${what} has a burst of ${burst}`);
  if (!isU32(retryAfterSeconds) || retryAfterSeconds > 0 !== waits) {
    throw refused(`${what} is tried again after ${retryAfterSeconds} s`);
  }
  if (flagsOf(one) !== 0 && verdict !== Verdict.Degrade) {
    throw refused(`${what} has flags for verdict ${verdict}`);
  }
  if (!Number.isSafeInteger(untilMs) || untilMs < 0) throw refused(`${what} ends at ${untilMs}`);
}

function flagsOf({ readOnly, noClearance }: ServiceRestriction): number {
  const bit = (flag: RestrictionFlag, isSet: boolean) => (isSet ? 1 << flag : 0);
  return bit(RestrictionFlag.ReadOnly, readOnly) | bit(RestrictionFlag.NoClearance, noClearance);
}

// Equal keys are put into some order, so that the order of the input never shows.
function inOrder(a: ServiceRestriction, b: ServiceRestriction): number {
  return (
    bySubject(a, b) ||
    a.side - b.side ||
    a.verdict - b.verdict ||
    flagsOf(a) - flagsOf(b) ||
    a.retryAfterSeconds - b.retryAfterSeconds ||
    a.ratePerSecond - b.ratePerSecond ||
    a.burst - b.burst ||
    a.untilMs - b.untilMs
  );
}

function isU32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= U32_MAX;
}

function bySubjectAndAttribute(a: SignalValue, b: SignalValue): number {
  return bySubject(a, b) || a.attribute - b.attribute;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

// By bytes, as the reader searches; UTF-16 order differs beyond the basic plane.
function bySubject(a: { readonly subject: string }, b: { readonly subject: string }): number {
  return Buffer.compare(Buffer.from(a.subject), Buffer.from(b.subject));
}

function refused(message: string): DtaError {
  return new DtaError('internal', `state cannot hold this: ${message}`);
}

/** Subjects of which a model is kept: combinations of labels, not instances. */
const modelsMax = 256;
const none: Span = { off: 0, len: 0 };
const SOFT_LIFETIME_MS = 15 * 60 * 1000;
const HARD_LIFETIME_MS = 60 * 60 * 1000;
const U32_MAX = 0xffff_ffff;
const uuidShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
