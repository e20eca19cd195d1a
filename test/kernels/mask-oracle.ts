/**
 * The masking rules once more, as slow and plain as can be: the oracle of the differential tests. It reads a valid
 * document as a whole and writes the bytes that the kernel has to write.
 */
import { type Profile, parsePath, type RuleSpec, type StepSpec } from './mask-blob.ts';

/** Where a value stands: member names and array positions from the document down. */
type Place = readonly (string | number)[];

/** A character with the way it is written. */
interface Unit {
  raw: string;
  char: string;
}

const strength = (rule: RuleSpec): number =>
  ({ KeepLast: 16 - (rule.keep ?? 0), Redact: 100, Null: 200 })[rule.operator];

/** The masked text of a valid document. */
export function maskByOracle(profile: Profile, text: string, clearance = 0n): string {
  return new Oracle(profile, text, clearance).document();
}

class Oracle {
  private readonly profile: Profile;
  private readonly text: string;
  private readonly clearance: bigint;
  private at = 0;

  constructor(profile: Profile, text: string, clearance: bigint) {
    this.profile = profile;
    this.text = text;
    this.clearance = clearance;
  }

  document(): string {
    return this.space() + this.value([]) + this.space();
  }

  private take(pattern: RegExp): string {
    const sticky = new RegExp(pattern.source, 'suy');
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text)?.[0];
    if (found === undefined) throw new Error(`oracle: ${pattern} is not at ${this.at}`);
    this.at += found.length;
    return found;
  }

  private space(): string {
    return this.take(/[ \t\r\n]*/);
  }

  private value(place: Place): string {
    const first = this.text[this.at];
    if (first === '{') return this.container(place, '}');
    if (first === '[') return this.container(place, ']');
    const rule = this.ruleFor(place);
    if (first === '"') return this.string(rule);
    const scalar = this.take(/[-+.0-9a-zA-Z]+/);
    if (scalar === 'null') return scalar;
    if (rule?.operator === 'Null') return 'null';
    const isNumber = scalar !== 'true' && scalar !== 'false';
    if (rule?.operator === 'Redact' || (rule && !isNumber)) return '"***"';
    if (rule) return `"${keepLast(unitsOf(scalar), this.keepOf(rule))}"`;
    const card = this.cardRule();
    if (isNumber && card && isCardNumber(scalar))
      return `"${keepLast(unitsOf(scalar), cardKeep(card))}"`;
    return scalar;
  }

  private container(place: Place, end: string): string {
    let out = this.take(/[{[]/) + this.space();
    for (let index = 0; this.text[this.at] !== end; index++) {
      let step: string | number = index;
      if (end === '}') {
        const key = this.take(/"(?:\\.|[^"\\])*"/);
        step = JSON.parse(key) as string;
        out += key + this.space() + this.take(/:/) + this.space();
      }
      out += this.value([...place, step]) + this.space();
      if (this.text[this.at] === ',') out += this.take(/,/) + this.space();
    }
    return out + this.take(/[}\]]/);
  }

  private string(rule: RuleSpec | undefined): string {
    const raw = this.take(/"(?:\\.|[^"\\])*"/);
    if (rule?.operator === 'Null') return 'null';
    if (rule?.operator === 'Redact') return '"***"';
    const units = unitsOf(raw.slice(1, -1));
    if (rule) return `"${keepLast(units, this.keepOf(rule))}"`;
    const card = this.cardRule();
    return card ? `"${maskCards(units, cardKeep(card))}"` : raw;
  }

  private inForce(rule: RuleSpec | undefined): boolean {
    const labels = rule?.labels ?? 0n;
    return rule !== undefined && (labels === 0n || (labels & ~this.clearance) !== 0n);
  }

  private cardRule(): RuleSpec | undefined {
    return this.inForce(this.profile.card) ? this.profile.card : undefined;
  }

  private keepOf(rule: RuleSpec): number {
    const card = this.cardRule();
    return card && (rule.keep ?? 0) >= 12 ? cardKeep(card) : (rule.keep ?? 0);
  }

  /** The strongest rule on the value or anything around it. */
  private ruleFor(place: Place): RuleSpec | undefined {
    const rules: RuleSpec[] = [];
    for (let len = 0; len <= place.length; len++) {
      const around = place.slice(0, len);
      const last = around.at(-1);
      for (const { path, rule } of this.profile.paths ?? []) {
        if (matches(parsePath(path), around)) rules.push(rule);
      }
      for (const { name, ignoreCase, rule } of this.profile.names ?? []) {
        if (typeof last === 'string' && (ignoreCase ? fold(last) : last) === name) rules.push(rule);
      }
    }
    return rules.filter((rule) => this.inForce(rule)).sort((a, b) => strength(b) - strength(a))[0];
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
  const fits =
    step === '[*]'
      ? typeof first === 'number'
      : step === '*'
        ? typeof first === 'string'
        : first === step.member;
  return fits && matches(rest, place.slice(1));
}

const fold = (name: string): string =>
  name.replace(
    /[A-Z\u017f\u212a]/g,
    (c) => ({ '\u017f': 's', '\u212a': 'k' })[c] ?? c.toLowerCase(),
  );

function unitsOf(raw: string): Unit[] {
  const pattern = /\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|./gsu;
  return (raw.match(pattern) ?? []).map((one) => ({
    raw: one,
    char: JSON.parse(`"${one}"`) as string,
  }));
}

function keepLast(units: Unit[], keep: number): string {
  const counted = units.filter(({ char }) => /[0-9A-Za-z*\u0080-\u{10ffff}]/u.test(char));
  const kept = new Set(counted.length <= keep ? [] : counted.slice(counted.length - keep));
  return units.map((unit) => (!counted.includes(unit) || kept.has(unit) ? unit.raw : '*')).join('');
}

const cardKeep = (rule: RuleSpec): number => (rule.operator === 'KeepLast' ? (rule.keep ?? 0) : 0);

/** Every window of whole groups is tried. */
function maskCards(units: Unit[], keep: number): string {
  const code = units
    .map(({ char }) =>
      /^[0-9]$/.test(char)
        ? 'd'
        : /^[ \-\u00a0\u2000-\u200a\u2010-\u2015\u202f\u2212]$/.test(char)
          ? '-'
          : 'x',
    )
    .join('');
  const masked = new Set<number>();
  const groups = [...code.matchAll(/d+/g)].map((m) => ({
    start: m.index,
    end: m.index + m[0].length,
  }));
  groups.forEach((_, i) => {
    const digits: number[] = [];
    for (let j = i; j < groups.length; j++) {
      const { start, end } = groups[j] as { start: number; end: number };
      const before = groups[j - 1];
      if (j > i && before && (start - before.end !== 1 || code[before.end] !== '-')) break;
      for (let k = start; k < end; k++) digits.push(k);
      if (digits.length > 19) break;
      const number = digits.map((k) => units[k]?.char).join('');
      if (!isCard(number)) continue;
      for (const k of number.length > keep ? digits.slice(0, number.length - keep) : digits)
        masked.add(k);
    }
  });
  return units.map((unit, i) => (masked.has(i) ? '*' : unit.raw)).join('');
}

/** Whether digits are 12 to 19 and end in their Luhn digit. */
export function isCard(digits: string): boolean {
  if (digits.length < 12 || digits.length > 19) return false;
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const term = Number(digit) * (i % 2 === 0 ? 1 : 2);
    return total + (term > 9 ? term - 9 : term);
  }, 0);
  return sum % 10 === 0;
}

function isCardNumber(text: string): boolean {
  const [, integer = '', fraction = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  if (isCard(integer)) return true;
  const shift = Number(exponent) - fraction.length;
  if (Math.abs(shift) > 1000) return false;
  const mantissa = BigInt(integer + fraction);
  const value = shift >= 0 ? mantissa * 10n ** BigInt(shift) : mantissa / 10n ** BigInt(-shift);
  return isCard(String(value));
}
