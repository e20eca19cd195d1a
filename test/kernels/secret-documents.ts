/**
 * Random documents with secrets planted in every encoding that JSON allows, and what a receiver may decode from each. Made
 * from a seed by a generator of its own, which is fast enough for a million.
 */
import type { Profile, RuleSpec } from './mask-blob.ts';
import { isCard } from './mask-oracle-cards.ts';

/** A value that a receiver has to decode to: JSON, or one of these. */
export type Expected =
  | { kind: 'same'; value: unknown }
  | { kind: 'masked'; operator: RuleSpec['operator'] }
  | { kind: 'text'; card: string }
  | { kind: 'any' }
  | { kind: 'array'; items: Expected[] }
  | { kind: 'object'; members: Map<string, Expected> }
  | { kind: 'document'; document: Expected };

/** A value as it is written, and what it has to become. */
export interface Planted {
  text: string;
  expected: Expected;
}

/** A source of numbers. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = (seed ^ 0x9e37_79b9) >>> 0 || 1;
    for (let i = 0; i < 4; i++) this.below(2);
  }

  /** An integer from 0 to `count` - 1 (xorshift32). */
  below(count: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x >>> 0;
    return this.state % count;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(all: readonly T[]): T {
    return all[this.below(all.length)] as T;
  }

  times<T>(count: number, make: (index: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => make(i));
  }
}

/** What a field secret is made of. */
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
const words = [
  'plain',
  'ships',
  '\u00fcber',
  'a/b',
  '\u20ac',
  '\u{1f600}',
  'tab\there',
  'q"q',
  '\\',
];
const benignNames = ['id', 'note', 'total', 'Stra\u00dfe', '\u{1f511}', 'a b', '', 'x"y', 'k\\k'];
const tens = [0x30, 0xff10, 0x660, 0x966, 0x1d7ce, 0x1d7f6];
const gaps = ['', ' ', '-', '\u00a0', '\u2011', '.', '/', '_', '\u3000'];
const invisible = ['\u200b', '\u200d', '\u00ad', '\ufeff'];
const strong: RuleSpec[] = [
  { operator: 'KeepLast', keep: 4 },
  { operator: 'KeepFirst', keep: 4 },
  { operator: 'Truncate', keep: 4 },
  { operator: 'Redact' },
  { operator: 'Null' },
  { operator: 'Drop' },
  { operator: 'Replace', text: 'gone "for" \\ good' },
  { operator: 'Hash', param: 16 },
  { operator: 'Token' },
  { operator: 'FormatPreserving', param: 62 },
  { operator: 'DateShift', param: 30 },
  { operator: 'Bucket', param: 10 },
];

/** Where a secret may stand: the name as it is configured, and the rule's place in the profile. */
interface Target {
  path?: string;
  name?: string;
  mode: 'Exact' | 'AnyCase' | 'Words';
  key: string;
}

const targets: readonly Target[] = [
  { path: '$.**.deep', mode: 'Exact', key: 'deep' },
  { path: '$.**.c\u00e9\u{1f511}', mode: 'Exact', key: 'c\u00e9\u{1f511}' },
  { name: 'apiKey', mode: 'Exact', key: 'apiKey' },
  { name: 'tasks', mode: 'AnyCase', key: 'tasks' },
  { name: 'cardnumber', mode: 'Words', key: 'cardnumber' },
];

/** Writes documents of one profile. */
export class SecretWriter {
  readonly profile: Profile;
  /** texts of which none may be decoded from the output */
  secrets: string[] = [];
  private readonly random: Random;
  private readonly rules: RuleSpec[];
  private readonly cardRule: RuleSpec;

  constructor(random: Random) {
    this.random = random;
    this.rules = targets.map(() => ({ ...random.pick(strong) }));
    this.cardRule = { ...random.pick(strong.filter(({ operator }) => operator !== 'Bucket')) };
    if (this.cardRule.operator === 'FormatPreserving') this.cardRule.param = 10;
    this.profile = {
      paths: targets.flatMap(({ path }, i) => (path ? [{ path, rule: this.ruleAt(i) }] : [])),
      names: targets.flatMap(({ name, mode }, i) =>
        name ? [{ name, mode, rule: this.ruleAt(i) }] : [],
      ),
      card: this.cardRule,
    };
  }

  /** A document with new secrets. */
  document(): Planted {
    this.secrets = [];
    // Strings are looked into one level deep.
    if (this.random.chance(8)) return this.embed(this.object(3, false));
    return this.random.chance(85) ? this.object(3, true) : this.array(3, true);
  }

  private ruleAt(index: number): RuleSpec {
    return this.rules[index] as RuleSpec;
  }

  private value(depth: number, mayEmbed: boolean): Planted {
    const how = this.random.below(depth > 0 ? 12 : 7);
    if (how < 2) return this.benignString();
    if (how < 3) return this.benignScalar();
    if (how < 5) return this.cardText();
    if (how < 7) return this.random.chance(50) ? this.cardNumber() : this.nearCard();
    if (how < 8 && mayEmbed) return this.embed(this.object(depth - 1, false));
    return how < 10 ? this.array(depth - 1, mayEmbed) : this.object(depth - 1, mayEmbed);
  }

  private object(depth: number, mayEmbed: boolean): Planted {
    const members = new Map<string, Expected>();
    const texts: string[] = [];
    for (let left = this.random.below(5); left > 0; left--) {
      const name = this.random.pick(benignNames) + '+'.repeat(left);
      const { text, expected } = this.value(depth, mayEmbed);
      members.set(name, expected);
      texts.push(`"${this.spell(name)}"${this.space()}:${this.space()}${text}`);
    }
    if (this.random.chance(60)) this.plantField(members, texts);
    const all = texts.map((text) => `${this.space()}${text}${this.space()}`).join(',');
    return { text: `{${all}}`, expected: { kind: 'object', members } };
  }

  private array(depth: number, mayEmbed: boolean): Planted {
    const items = this.random.times(this.random.below(4), () => this.value(depth, mayEmbed));
    return {
      text: `[${this.space()}${items.map(({ text }) => text).join(`${this.space()},`)}]`,
      expected: { kind: 'array', items: items.map(({ expected }) => expected) },
    };
  }

  /** A member whose value is secret, sometimes twice under one name. */
  private plantField(members: Map<string, Expected>, texts: string[]): void {
    const index = this.random.below(targets.length);
    const target = targets[index] as Target;
    const { operator } = this.ruleAt(index);
    const name = this.vary(target);
    for (let left = this.random.chance(20) ? 2 : 1; left > 0; left--) {
      const { text, expected } = this.secretValue(operator);
      const at = this.random.below(texts.length + 1);
      texts.splice(at, 0, `"${this.spell(name)}"${this.space()}:${this.space()}${text}`);
      // Of two that stay a receiver takes the last, or the first.
      const isSecond = left === 1 && members.has(name) && operator !== 'Drop';
      members.set(name, isSecond ? { kind: 'any' } : expected);
    }
  }

  /** Another name that a receiver, or the way of comparing, takes for the same. */
  private vary({ key, mode }: Target): string {
    if (mode === 'Exact') return key;
    const cased = [...key].map((char) => {
      if (this.random.chance(50)) return char;
      if (char === 's' && this.random.chance(50)) return '\u017f';
      return char === 'k' && this.random.chance(50) ? '\u212a' : char.toUpperCase();
    });
    if (mode === 'AnyCase') return cased.join('');
    return cased.map((char) => this.random.pick(['', '', '', '_', '-', '.', ' ']) + char).join('');
  }

  private secretValue(operator: RuleSpec['operator']): Planted {
    const secret = this.random.times(12, () => this.random.pick([...letters])).join('');
    this.secrets.push(secret);
    const quoted = `"${this.spell(secret)}"`;
    const masked: Expected = { kind: 'masked', operator };
    switch (this.random.below(6)) {
      case 0:
        return this.dropped(operator, `[${quoted}, ${quoted}]`, {
          kind: 'array',
          items: [masked, masked],
        });
      case 1:
        return this.dropped(operator, `{"x":${quoted}}`, {
          kind: 'object',
          members: new Map([['x', masked]]),
        });
      case 2:
        return { text: `"${this.spell(`{"x":"${secret}"}`)}"`, expected: masked };
      default:
        return { text: quoted, expected: masked };
    }
  }

  /** A member that is dropped goes with everything in it. */
  private dropped(operator: RuleSpec['operator'], text: string, expected: Expected): Planted {
    return { text, expected: operator === 'Drop' ? { kind: 'masked', operator } : expected };
  }

  private benignString(): Planted {
    const value = this.random.times(this.random.below(5), () => this.random.pick(words)).join(' ');
    return { text: `"${this.spell(value)}"`, expected: { kind: 'same', value } };
  }

  private benignScalar(): Planted {
    const text = this.random.pick(['true', 'false', 'null', '0', '-1.5', '42', '1e3', '99.25']);
    return { text, expected: { kind: 'same', value: JSON.parse(text) } };
  }

  private card(): string {
    const stem = this.random.pick(['4', '5', '37', '6011']);
    const length = 12 + this.random.below(8);
    const digits = this.random.times(length - 1 - stem.length, () => String(this.random.below(10)));
    const start = stem + digits.join('');
    return start + [...'0123456789'].find((digit) => isCard(start + digit));
  }

  /** A card in running text, in other digits, with separators and with what nobody sees. */
  private cardText(): Planted {
    const card = this.card();
    this.secrets.push(card);
    const ten = this.random.pick(tens);
    const gap = this.random.pick(gaps);
    // Dots, slashes and underscores stand between groups of four only.
    const size = /[./_]/.test(gap) ? 4 : 1 + this.random.below(5);
    const isShown = [...card].map((digit, i) => {
      const mark = i > 0 && i % size === 0 && card.length - i >= 1 ? gap : '';
      const hidden = i > 0 && this.random.chance(4) ? this.random.pick(invisible) : '';
      const base = this.random.chance(80) ? ten : this.random.pick(tens);
      return mark + hidden + String.fromCodePoint(base + Number(digit));
    });
    const before = this.random.pick(['', 'card ', '(', 'no.: ', '\u20ac']);
    const value = before + isShown.join('') + this.random.pick(['', ' paid', ')', '\u00fc']);
    return { text: `"${this.spell(value)}"`, expected: { kind: 'text', card } };
  }

  /** A card as a JSON number: with a fraction, with an exponent, with zeros without end. */
  private cardNumber(): Planted {
    const card = this.card();
    this.secrets.push(card);
    const zeros = '0'.repeat(
      this.random.chance(20) ? this.random.below(300) : this.random.below(4),
    );
    const sign = this.random.chance(20) ? '-' : '';
    const e = this.random.pick(['e', 'E', 'e+', 'E+0']);
    const shift = 1 + this.random.below(card.length - 1);
    const forms = [
      card,
      `${card}.${zeros}0`,
      `${card}.${zeros}25`,
      `${card}${zeros}e-${zeros.length}`,
      `${card.slice(0, shift)}.${card.slice(shift)}${zeros}${e}${card.length - shift}`,
      `0.${zeros}${card}${e}${card.length + zeros.length}`,
    ];
    const text = sign + this.random.pick(forms);
    return { text, expected: { kind: 'masked', operator: this.cardRule.operator } };
  }

  /** Sixteen digits that are no card, as text or as a number. */
  private nearCard(): Planted {
    const digits = `4${this.random.times(15, () => this.random.below(10)).join('')}`;
    const near = isCard(digits)
      ? `${digits.slice(0, -1)}${(Number(digits.at(-1)) + 1) % 10}`
      : digits;
    const text = this.random.chance(50) ? near : `"${near}"`;
    return { text, expected: { kind: 'same', value: JSON.parse(text) } };
  }

  private embed({ text, expected }: Planted): Planted {
    return { text: `"${this.spell(text)}"`, expected: { kind: 'document', document: expected } };
  }

  /** The body of a JSON string in one of its many spellings. */
  private spell(value: string): string {
    const density = this.random.pick([0, 0, 10, 50, 100]);
    let out = '';
    for (const char of value) {
      const short = { '"': '\\"', '\\': '\\\\', '/': '\\/', '\t': '\\t', '\n': '\\n' }[char];
      if (this.random.chance(density)) out += this.hexSpelling(char);
      else if (short !== undefined && (char !== '/' || this.random.chance(50))) out += short;
      else out += char < ' ' ? this.hexSpelling(char) : char;
    }
    return out;
  }

  private hexSpelling(char: string): string {
    let out = '';
    for (let i = 0; i < char.length; i++) {
      const hex = char.charCodeAt(i).toString(16).padStart(4, '0');
      out += `\\u${this.random.chance(50) ? hex : hex.toUpperCase()}`;
    }
    return out;
  }

  private space(): string {
    return this.random.chance(80) ? '' : this.random.pick([' ', '\n\t', '\r\n  ', ' '.repeat(40)]);
  }
}
