/**
 * Normalised paths (`assembly/context/path.ts`): they start with a slash, have no empty segment but the last, no dot
 * segments, at most 64 segments, and escapes only where they are needed, in capitals and as UTF-8.
 */
import { PATH_SEGMENTS_MAX } from '../../layout.ts';
import type { Grammar } from './grammars.ts';

// Where in a segment: before the path, at its start, behind `.` or `..`, further on. Escapes are numbers of their own.
const BEFORE = 0;
const START = 1;
const DOT = 2;
const DOTS = 3;
const INSIDE = 4;
/** Behind `%`: ESCAPE + pending. Behind `%h`: ESCAPE + PENDING_STATES * (1 + h) + pending. */
const ESCAPE = 8;
const PENDING_STATES = 16;
/** Between the escapes of one character: CONTINUED + pending. */
const CONTINUED = 1024;

/** What the next escape of a character may be, by the number that `pending` is: low, high, and what comes after. */
const pendings = [
  { low: 0x20, high: 0xf4, after: 0 },
  { low: 0x80, high: 0xbf, after: 0 },
  { low: 0x80, high: 0xbf, after: 1 },
  { low: 0x80, high: 0xbf, after: 2 },
  { low: 0xa0, high: 0xbf, after: 1 },
  { low: 0x80, high: 0x9f, after: 1 },
  { low: 0x90, high: 0xbf, after: 2 },
  { low: 0x80, high: 0x8f, after: 2 },
] as const;

export const normalisedPath: Grammar = {
  start: BEFORE,
  step,
  accepts: (state) => state === START || state === INSIDE,
  groups,
  lengthMax: Number.MAX_VALUE,
  levelChar: '/',
  levelsMax: PATH_SEGMENTS_MAX,
};

function step(state: number, char: string): number {
  if (state >= CONTINUED) return char === '%' ? ESCAPE + state - CONTINUED : -1;
  if (state >= ESCAPE) return stepEscape(state - ESCAPE, char);
  if (state === BEFORE) return char === '/' ? START : -1;
  if (char === '/') return state === INSIDE ? START : -1;
  if (char === '%') return ESCAPE;
  if (char === '.' && state !== INSIDE) return state + 1;
  if (char === ';' && (state === DOT || state === DOTS)) return -1;
  return plain.includes(char) ? INSIDE : -1;
}

function stepEscape(at: number, char: string): number {
  const digit = capitalDigits.indexOf(char);
  if (digit < 0) return -1;
  const pending = at % PENDING_STATES;
  if (at < PENDING_STATES) return ESCAPE + PENDING_STATES * (1 + digit) + pending;
  const byte = (Math.floor(at / PENDING_STATES) - 1) * 16 + digit;
  const { low, high, after } = pendings[pending] ?? pendings[0];
  if (byte < low || byte > high) return -1;
  if (pending !== 0) return after === 0 ? INSIDE : CONTINUED + after;
  if (byte < 0x80) return onlyEscaped.includes(String.fromCharCode(byte)) ? INSIDE : -1;
  const next = pendingAfterLead(byte);
  return next < 0 ? -1 : CONTINUED + next;
}

// RFC 3629, section 4.
function pendingAfterLead(byte: number): number {
  if (byte < 0xc2) return -1;
  if (byte === 0xe0) return 4;
  if (byte === 0xed) return 5;
  if (byte === 0xf0) return 6;
  if (byte === 0xf4) return 7;
  return byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
}

// Escapes are tried only where a shape names them: elsewhere a plain character does what an escape does.
function groups(state: number): readonly string[] {
  if (state >= CONTINUED) return ['%'];
  if (state >= ESCAPE) return [...capitalDigits];
  if (state === BEFORE) return ['/'];
  if (state === INSIDE) return ['/', plain];
  return state === START ? ['.', withoutDot] : ['/', '.', withoutDot];
}

const capitalDigits = '0123456789ABCDEF';
const withoutDot = "xabcdefghijklmnopqrstuvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~!$&'()*+,=:@";
const plain = `${withoutDot}.;`;
/** Printable, but no character of a path (RFC 3986, section 3.3). */
const onlyEscaped = ' "#<>?[]^`{|}';
