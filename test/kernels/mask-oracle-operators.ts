/** What each operator makes of a text, computed the slow and obvious way. */
import { createCipheriv, createHmac } from 'node:crypto';

import { encryptByOracle } from './ff1-oracle.ts';
import { type RuleSpec, testKeys } from './mask-blob.ts';
import { type Unit, utf8Of } from './mask-oracle-text.ts';

/** A piece of output: units as they were written, or text of the masker's own. */
export type Piece = Unit | string;

/** Character values that count for KeepLast and KeepFirst. */
const isCounted = (byte: number): boolean =>
  byte >= 0x80 || /[0-9A-Za-z*]/.test(String.fromCharCode(byte));
const stars: Piece[] = ['***'];
const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Texts and units that an operator works on. */
export interface Subject {
  readonly units: readonly Unit[];
  /** one byte for each unit: what is counted, encrypted and read as dates */
  readonly bytes: readonly number[];
  /** what is hashed and sealed */
  readonly text: Buffer;
}

/** A subject that is a whole value. */
export function wholeSubject(units: readonly Unit[], bytes: readonly number[]): Subject {
  return { units, bytes, text: utf8Of(units.map(({ char }) => char)) };
}

/** What stands for a subject. */
export function applyOperator(rule: RuleSpec, subject: Subject): Piece[] {
  const keep = rule.keep ?? 0;
  const { units, bytes, text } = subject;
  switch (rule.operator) {
    case 'KeepLast':
      return keepPart(subject, (place, count) => place >= count - keep, keep);
    case 'KeepFirst':
      return keepPart(subject, (place) => place < keep, keep);
    case 'Truncate':
      return units.slice(0, keep);
    case 'Hash':
      return [createHmac('sha256', testKeys.hash).update(text).digest('hex').slice(0, rule.param)];
    case 'Token':
      return text.length > 1024 ? stars : [tokenOf(text)];
    case 'FormatPreserving':
      return preserve(subject, rule.param ?? 10) ?? stars;
    case 'DateShift':
      return shiftDate(subject, rule.param ?? 1) ?? stars;
    case 'Bucket': {
      const bucket = bucketOf(Buffer.from(bytes).toString('latin1'), rule.param ?? 1);
      return bucket === undefined ? stars : [bucket];
    }
    default:
      return [rule.operator === 'Replace' ? (rule.text ?? '') : '***'];
  }
}

/** The bucket of a number or date, if the text is one. */
export function bucketOf(text: string, param: number): string | undefined {
  if (param < 0x8000_0000) {
    const [, sign, integer = '', fraction = ''] = /^(-?)(\d{1,15})(?:\.(\d+))?$/.exec(text) ?? [];
    if (integer === '') return undefined;
    const width = BigInt(param);
    if (sign === '') return String((BigInt(integer) / width) * width);
    const over = BigInt(integer) + (/[1-9]/.test(fraction) ? 1n : 0n);
    return String(-((over + width - 1n) / width) * width);
  }
  const date = readDate(text);
  if (!date) return undefined;
  const year = String(date.year).padStart(4, '0');
  if (param === 0x8000_0003) return `${year.slice(0, 3)}0`;
  return param === 0x8000_0002 ? year : `${year}-${String(date.month).padStart(2, '0')}`;
}

/** An integer of six digits or more as another one that begins with no zero. */
export function preserveInteger(digits: string): string | undefined {
  if (digits.length < 6 || digits.length > 56 || digits.startsWith('0')) return undefined;
  let next = [...digits].map(Number);
  do next = encryptByOracle({ key: testKeys.fpe, tweak: Buffer.alloc(0), radix: 10 }, next);
  while (next[0] === 0);
  return next.join('');
}

function keepPart(
  { units, bytes }: Subject,
  isKept: (place: number, count: number) => boolean,
  keep: number,
): Piece[] {
  const count = bytes.filter(isCounted).length;
  let place = 0;
  return units.map((unit, i) => {
    if (!isCounted(bytes[i] ?? 0)) return unit;
    return count > keep && isKept(place++, count) ? unit : '*';
  });
}

function preserve({ units, bytes }: Subject, radix: number): Piece[] | undefined {
  const values = bytes.map((byte) => {
    const value = byte < 0x80 ? alphabet.indexOf(String.fromCharCode(byte)) : -1;
    return value < radix ? value : -1;
  });
  const isSeparator = (byte: number): boolean => ' ()+-./:_'.includes(String.fromCharCode(byte));
  if (bytes.some((byte, i) => values[i] === -1 && !isSeparator(byte))) return undefined;
  const numerals = values.filter((value) => value !== -1);
  if (numerals.length < (radix === 10 ? 6 : 4) || numerals.length > 56) return undefined;
  const next = encryptByOracle({ key: testKeys.fpe, tweak: Buffer.alloc(0), radix }, numerals);
  return units.map((unit, i) => (values[i] === -1 ? unit : (alphabet[next.shift() ?? 0] ?? '')));
}

function readDate(
  text: string,
): { year: number; month: number; day: number; len: number } | undefined {
  const time = /^[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?(?:[Zz]|[+-]\d\d(?::?\d\d)?))?$/
    .source;
  const hyphened = new RegExp(`^(\\d{4})-(\\d\\d)-(\\d\\d)(?:${time.slice(1, -1)})?$`).exec(text);
  const found = hyphened ?? /^(\d{4})(\d\d)(\d\d)$/.exec(text);
  if (!found) return undefined;
  const [year = 0, month = 0, day = 0] = found.slice(1, 4).map(Number);
  const date = utcDate(year, month, day);
  if (year < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return { year, month, day, len: hyphened ? 10 : 8 };
}

function utcDate(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date;
}

function shiftDate({ units, bytes }: Subject, range: number): Piece[] | undefined {
  const date = readDate(Buffer.from(bytes).toString('latin1'));
  if (!date) return undefined;
  const drawn = Number(testKeys.dateShift % BigInt(2 * range)) - range;
  const moved = utcDate(date.year, date.month, date.day + (drawn < 0 ? drawn : drawn + 1));
  const year = moved.getUTCFullYear();
  if (year < 1 || year > 9999) return undefined;
  const parts = [
    String(year).padStart(4, '0'),
    String(moved.getUTCMonth() + 1).padStart(2, '0'),
    String(moved.getUTCDate()).padStart(2, '0'),
  ];
  return [parts.join(date.len === 10 ? '-' : ''), ...units.slice(date.len)];
}

function tokenOf(text: Buffer): string {
  const start = `dtk1.${testKeys.id.toString(16).padStart(4, '0')}`;
  return `${start}.${sealByOracle(Buffer.from(start), text).toString('base64url')}`;
}

/** AES-SIV with one associated text (RFC 5297, section 2.6). */
function sealByOracle(associated: Buffer, text: Buffer): Buffer {
  const macKey = testKeys.siv.subarray(0, 16);
  const zero = Buffer.alloc(16);
  let d = xor(double(cmac(macKey, zero)), cmac(macKey, associated));
  if (text.length >= 16) {
    const end = Buffer.from(text);
    xor(text.subarray(-16), d).copy(end, text.length - 16);
    d = cmac(macKey, end);
  } else {
    const padded = Buffer.alloc(16);
    text.copy(padded);
    padded[text.length] = 0x80;
    d = cmac(macKey, xor(double(d), padded));
  }
  const counter = Buffer.from(d);
  counter[8] = (counter[8] ?? 0) & 0x7f;
  counter[12] = (counter[12] ?? 0) & 0x7f;
  const cipher = createCipheriv('aes-128-ctr', testKeys.siv.subarray(16), counter);
  return Buffer.concat([d, cipher.update(text)]);
}

/** RFC 4493. */
function cmac(key: Buffer, message: Buffer): Buffer {
  const sub = double(encryptBlock(key, Buffer.alloc(16)));
  const whole = message.length > 0 && message.length % 16 === 0;
  const padded = Buffer.alloc(Math.max(16, Math.ceil(message.length / 16) * 16));
  message.copy(padded);
  if (!whole) padded[message.length] = 0x80;
  const last = xor(padded.subarray(-16), whole ? sub : double(sub));
  let mac: Buffer = Buffer.alloc(16);
  for (let at = 0; at < padded.length - 16; at += 16) {
    mac = encryptBlock(key, xor(mac, padded.subarray(at, at + 16)));
  }
  return encryptBlock(key, xor(mac, last));
}

function encryptBlock(key: Buffer, block: Buffer): Buffer {
  return createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block);
}

function double(block: Buffer): Buffer {
  const value = BigInt(`0x${block.toString('hex')}`) << 1n;
  const carry = value >> 128n;
  const reduced = (value & ((1n << 128n) - 1n)) ^ (carry === 0n ? 0n : 0x87n);
  return Buffer.from(reduced.toString(16).padStart(32, '0'), 'hex');
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));
}
