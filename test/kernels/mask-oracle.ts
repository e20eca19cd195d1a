/**
 * What the kernel must write, computed the slow and obvious way: a document is walked as a whole, each rule is tried on each
 * value and everything around it, and a string that is a document is walked in its turn.
 */
import { type Profile, parsePath, type RuleSpec, type StepSpec, strengthOf } from './mask-blob.ts';
import { type Found, findCards, isCardNumber } from './mask-oracle-cards.ts';
import {
  applyOperator,
  bucketOf,
  type Piece,
  preserveInteger,
  wholeSubject,
} from './mask-oracle-operators.ts';
import { jsonText, normalByte, type Unit } from './mask-oracle-text.ts';

/** For whom a document is masked. */
export interface Caller {
  clearance?: bigint;
  band?: number;
}

/** A string with its quotes as they are written. */
interface Quoted {
  open: string;
  units: Unit[];
  close: string;
}

type Place = readonly (string | number)[];

const constants = ['Redact', 'Null', 'Replace', 'Drop'];
const WHOLE_MAX = 1024;
const NUMBER_MAX = 256;

/** The masked document. */
export function maskByOracle(profile: Profile, text: string, caller: Caller = {}): string {
  const cells = [...text].map((char) => ({ raw: char, char }));
  return new Oracle(new Rules(profile, caller), cells, [], false).document();
}

/** The rules of a profile that are in force for a caller; a rule is as strong as its place among all. */
class Rules {
  readonly sorted: RuleSpec[];
  /** strength of the strongest detector */
  readonly detectorStrength: number;
  private readonly profile: Profile;
  private readonly caller: Caller;

  constructor(profile: Profile, caller: Caller) {
    this.profile = profile;
    this.caller = caller;
    const detectors = [
      ...(profile.detectors ?? []).map(({ rule }) => rule),
      ...(profile.card ? [profile.card] : []),
    ];
    const fields = [...(profile.paths ?? []), ...(profile.names ?? [])].map(({ rule }) => rule);
    this.sorted = [...new Set([...fields, ...detectors])].sort(
      (a, b) => strengthOf(a) - strengthOf(b),
    );
    this.detectorStrength = this.strongest(detectors);
  }

  find(bytes: readonly number[]): Found[] {
    return this.detectorStrength === 0 ? [] : findCards(bytes, this.detectorStrength);
  }

  /** Strength of the rule on the value or anything around it, 0 for none. */
  at(place: Place): number {
    const rules: RuleSpec[] = [];
    for (let len = 0; len <= place.length; len++) {
      const around = place.slice(0, len);
      const last = around.at(-1);
      for (const { path, rule } of this.profile.paths ?? []) {
        if (matches(parsePath(path), around)) rules.push(rule);
      }
      for (const { name, ignoreCase, mode, rule } of this.profile.names ?? []) {
        const how = mode ?? (ignoreCase ? 'AnyCase' : 'Exact');
        if (typeof last === 'string' && spellings[how](last) === name) rules.push(rule);
      }
    }
    return this.strongest(rules);
  }

  of(strength: number): RuleSpec {
    return this.sorted[strength - 1] as RuleSpec;
  }

  private strongest(rules: readonly RuleSpec[]): number {
    const { clearance = 0n, band = 0 } = this.caller;
    const inForce = rules.filter(
      ({ labels = 0n, minBand = 0 }) =>
        band >= minBand && (labels === 0n || (labels & ~clearance) !== 0n),
    );
    return Math.max(0, ...inForce.map((rule) => this.sorted.indexOf(rule) + 1));
  }
}

class Oracle {
  private readonly rules: Rules;
  private readonly cells: readonly Unit[];
  private readonly root: Place;
  private readonly isInner: boolean;
  private at = 0;

  constructor(rules: Rules, cells: readonly Unit[], root: Place, isInner: boolean) {
    this.rules = rules;
    this.cells = cells;
    this.root = root;
    this.isInner = isInner;
  }

  document(): string {
    return this.space() + this.value(this.root) + this.space();
  }

  private get char(): string {
    return this.cells[this.at]?.char ?? '';
  }

  private take(): Unit {
    const cell = this.cells[this.at++];
    if (!cell) throw new Error('oracle: the document is not whole');
    return cell;
  }

  private takeWhile(pattern: RegExp): Unit[] {
    const taken: Unit[] = [];
    while (this.at < this.cells.length && pattern.test(this.char)) taken.push(this.take());
    return taken;
  }

  private space(): string {
    return raw(this.takeWhile(/^[ \t\r\n]$/));
  }

  /** What the masker writes itself. */
  private write(text: string): string {
    return this.isInner ? jsonText(text) : text;
  }

  private pieces(pieces: readonly Piece[]): string {
    return pieces
      .map((one) => (typeof one === 'string' ? this.write(jsonText(one)) : one.raw))
      .join('');
  }

  private quoted(pieces: readonly Piece[]): string {
    return this.write('"') + this.pieces(pieces) + this.write('"');
  }

  private value(place: Place): string {
    if (this.char === '{') return this.object(place);
    if (this.char === '[') return this.array(place);
    const strength = this.rules.at(place);
    if (this.char === '"') return this.string(place, strength);
    const scalar = this.takeWhile(/^[-+.0-9a-zA-Z]$/);
    const text = scalar.map(({ char }) => char).join('');
    if (text === 'null') return raw(scalar);
    if (text !== 'true' && text !== 'false') return this.number(scalar, text, strength);
    return strength === 0 ? raw(scalar) : this.constant(this.rules.of(strength));
  }

  private constant(rule: RuleSpec): string {
    if (rule.operator === 'Null' || rule.operator === 'Drop') return 'null';
    return this.quoted([rule.operator === 'Replace' ? (rule.text ?? '') : '***']);
  }

  private array(place: Place): string {
    let out = raw([this.take()]) + this.space();
    for (let index = 0; this.char !== ']'; index++) {
      out += this.value([...place, index]) + this.space();
      if (this.char === ',') out += raw([this.take()]) + this.space();
    }
    return out + raw([this.take()]);
  }

  private object(place: Place): string {
    let out = raw([this.take()]) + this.space();
    let isFirst = true;
    let comma = '';
    let gap = '';
    while (this.char !== '}') {
      const name = this.stringUnits();
      const inner = [...place, name.units.map(({ char }) => char).join('')];
      const member =
        name.open +
        raw(name.units) +
        name.close +
        this.space() +
        raw([this.take()]) +
        this.space() +
        this.value(inner);
      const strength = this.rules.at(inner);
      if (strength === 0 || this.rules.of(strength).operator !== 'Drop') {
        out += (isFirst ? '' : comma) + gap + member;
        isFirst = false;
      }
      out += this.space();
      if (this.char !== ',') continue;
      comma = raw([this.take()]);
      gap = this.space();
    }
    return out + raw([this.take()]);
  }

  private stringUnits(): Quoted {
    const open = this.take().raw;
    const units: Unit[] = [];
    while (this.char !== '"') units.push(this.stringUnit());
    return { open, units, close: this.take().raw };
  }

  private stringUnit(): Unit {
    const cells = [this.take()];
    const more = (count: number): void => {
      for (let i = 0; i < count; i++) cells.push(this.take());
    };
    if (cells[0]?.char === '\\') {
      more(1);
      if (cells[1]?.char === 'u') more(4);
      const high = textOf(cells);
      const next = textOf(this.cells.slice(this.at, this.at + 6));
      if (/^\\ud[89ab]/i.test(high) && /^\\ud[c-f][0-9a-f]{2}$/i.test(next)) more(6);
    }
    const text = textOf(cells);
    return { raw: raw(cells), char: text[0] === '\\' ? JSON.parse(`"${text}"`) : text };
  }

  private string(place: Place, strength: number): string {
    const { open, units, close } = this.stringUnits();
    if (strength !== 0 && constants.includes(this.rules.of(strength).operator)) {
      return this.constant(this.rules.of(strength));
    }
    return open + this.characters(place, strength, units) + close;
  }

  private characters(place: Place, strength: number, units: readonly Unit[]): string {
    const bytes = units.map(({ char }) => normalByte(char));
    if (strength === 0) {
      if (!this.isInner && isDocument(textOf(units))) return this.embedded(place, units);
      return this.detected(units, bytes);
    }
    const rule = this.rules.of(strength);
    const isCombined = this.rules.detectorStrength > strength;
    const isHeld = ['Token', 'FormatPreserving', 'DateShift', 'Bucket'].includes(rule.operator);
    const subject = wholeSubject(units, isCombined || isHeld ? bytes : units.map(plainByte));
    if ((isCombined || isHeld) && subject.text.length > WHOLE_MAX) return '***';
    const found = isCombined ? this.rules.find(bytes) : [];
    const strongest = Math.max(strength, ...found.map((one) => one.strength));
    return this.pieces(applyOperator(this.rules.of(strongest), subject));
  }

  private embedded(place: Place, units: readonly Unit[]): string {
    // Half a surrogate pair has no UTF-8 that the inner document could be read from.
    const cells = units.map((unit) =>
      /^[\ud800-\udfff]$/.test(unit.char) ? { ...unit, char: '\ufffd' } : unit,
    );
    return new Oracle(this.rules, cells, place, true).document();
  }

  /** What is found is masked; everything else stays. */
  private detected(units: readonly Unit[], bytes: readonly number[]): string {
    let out = '';
    let at = 0;
    for (const { start, end, strength } of this.rules.find(bytes)) {
      const part = bytes.slice(start, end);
      const subject = { units: units.slice(start, end), bytes: part, text: Buffer.from(part) };
      out += raw(units.slice(at, start));
      out += this.pieces(applyOperator(this.rules.of(strength), subject));
      at = end;
    }
    return out + raw(units.slice(at));
  }

  private number(cells: readonly Unit[], text: string, own: number): string {
    const first = own === 0 ? undefined : this.rules.of(own);
    if (first && constants.includes(first.operator)) return this.constant(first);
    const { detectorStrength } = this.rules;
    const isLong = text.length > NUMBER_MAX;
    const isFound = detectorStrength > own && (isLong || isCardNumber(text));
    const strength = isFound ? detectorStrength : own;
    if (strength === 0) return raw(cells);
    const rule = this.rules.of(strength);
    if (constants.includes(rule.operator)) return this.constant(rule);
    if (isLong) return this.quoted(['***']);
    const number = keptNumber(rule, text);
    if (number !== undefined) return number;
    return this.quoted(applyOperator(rule, wholeSubject(cells, [...Buffer.from(text)])));
  }
}

/** What Bucket and FormatPreserving leave of a number as a number. */
function keptNumber(rule: RuleSpec, text: string): string | undefined {
  const param = rule.param ?? 0;
  if (rule.operator === 'Bucket') return param < 0x8000_0000 ? bucketOf(text, param) : undefined;
  if (rule.operator !== 'FormatPreserving' || param !== 10) return undefined;
  const [, sign = '', digits] = /^(-?)(\d+)$/.exec(text) ?? [];
  const kept = digits === undefined ? undefined : preserveInteger(digits);
  return kept === undefined ? undefined : sign + kept;
}

const raw = (units: readonly Unit[]): string => units.map((unit) => unit.raw).join('');
const textOf = (units: readonly Unit[]): string => units.map(({ char }) => char).join('');
const plainByte = ({ char }: Unit): number => Math.min(char.codePointAt(0) ?? 0, 0x80);

/** Whether a text is an object or array. */
function isDocument(text: string): boolean {
  if (!/^[ \t\r\n]*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function matches(steps: StepSpec[], place: Place): boolean {
  const [step, ...rest] = steps;
  if (step === undefined) return place.length === 0;
  if (step === '**') {
    return place.some((_, i) => matches(rest, place.slice(i))) || matches(rest, []);
  }
  const first = place[0];
  if (first === undefined) return false;
  return fits(step, first) && matches(rest, place.slice(1));
}

function fits(step: Exclude<StepSpec, '**'>, first: string | number): boolean {
  if (step === '[*]') return typeof first === 'number';
  if (step === '*') return typeof first === 'string';
  return first === ('member' in step ? step.member : step.element);
}

const fold = (name: string): string =>
  name.replace(
    /[A-Z\u017f\u212a]/g,
    (c) => ({ '\u017f': 's', '\u212a': 'k' })[c] ?? c.toLowerCase(),
  );
const spellings = {
  Exact: (name: string): string => name,
  AnyCase: fold,
  Words: (name: string): string => fold(name).replace(/[-_. ]/g, ''),
};
