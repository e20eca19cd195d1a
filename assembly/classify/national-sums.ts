/**
 * The check digits of national numbers that are digits alone. Each function takes the address of
 * the digits' values, one byte each, as many as the number has; none reads behind them.
 */
import { luhnTerm } from './luhn';

/** Weights of PESEL, the last one for the check digit. */
const PESEL_WEIGHTS = memory.data<u8>([1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]);
/** Weights modulo 11 of the tax file number. */
const TFN_WEIGHTS = memory.data<u8>([1, 4, 3, 7, 5, 8, 6, 9, 10]);
/** Weights modulo 11 of the burgerservicenummer; the last one is -1. */
const BSN_WEIGHTS = memory.data<u8>([9, 8, 7, 6, 5, 4, 3, 2, 10]);
const NHS_WEIGHTS = memory.data<u8>([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
const FIRST_NO_WEIGHTS = memory.data<u8>([3, 7, 6, 1, 8, 9, 4, 5, 2, 1]);
const SECOND_NO_WEIGHTS = memory.data<u8>([5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
const FIRST_CPF_WEIGHTS = memory.data<u8>([10, 9, 8, 7, 6, 5, 4, 3, 2]);
const SECOND_CPF_WEIGHTS = memory.data<u8>([11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
const RRN_WEIGHTS = memory.data<u8>([2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
/** Verhoeff's products in the dihedral group D5, and his permutation. */
const D5 = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 0, 6, 7, 8, 9, 5, 2, 3, 4, 0, 1, 7, 8, 9, 5, 6, 3, 4, 0,
  1, 2, 8, 9, 5, 6, 7, 4, 0, 1, 2, 3, 9, 5, 6, 7, 8, 5, 9, 8, 7, 6, 0, 4, 3, 2, 1, 6, 5, 9, 8, 7, 1,
  0, 4, 3, 2, 7, 6, 5, 9, 8, 2, 1, 0, 4, 3, 8, 7, 6, 5, 9, 3, 2, 1, 0, 4, 9, 8, 7, 6, 5, 4, 3, 2, 1,
  0,
]);
const PERMUTATION = memory.data<u8>([1, 5, 7, 6, 2, 8, 3, 0, 9, 4]);

/** Cadastro de pessoas físicas, 11 digits. */
export function isCpf(d: usize): bool {
  if (isRepeated(d, 11)) return false;
  const first = ((weigh(d, FIRST_CPF_WEIGHTS, 9) * 10) % 11) % 10;
  const second = ((weigh(d, SECOND_CPF_WEIGHTS, 10) * 10) % 11) % 10;
  return first == digit(d, 9) && second == digit(d, 10);
}

/** Burgerservicenummer, 9 digits. */
export function isBsn(d: usize): bool {
  return !isRepeated(d, 9) && weigh(d, BSN_WEIGHTS, 9) % 11 == 0;
}

/** Tax file number, 9 digits. */
export function isTfn(d: usize): bool {
  return !isRepeated(d, 9) && weigh(d, TFN_WEIGHTS, 9) % 11 == 0;
}

/** Social insurance number, 9 digits; none begins with 0 or 8. */
export function isSin(d: usize): bool {
  return digit(d, 0) != 0 && digit(d, 0) != 8 && isLuhn(d, 9);
}

/** NHS number, 10 digits. */
export function isNhs(d: usize): bool {
  return !isRepeated(d, 10) && weigh(d, NHS_WEIGHTS, 10) % 11 == 0;
}

/** PESEL, 11 digits: the century is in the month. */
export function isPesel(d: usize): bool {
  const month = pair(d, 2);
  return isDay(month % 20, pair(d, 4)) && month < 93 && weigh(d, PESEL_WEIGHTS, 11) % 10 == 0;
}

/** T.C. kimlik numarası, 11 digits. */
export function isKimlik(d: usize): bool {
  let odd: u32 = 0;
  let even: u32 = 0;
  for (let i: u32 = 0; i < 9; i += 2) odd += digit(d, i);
  for (let i: u32 = 1; i < 8; i += 2) even += digit(d, i);
  // 80 keeps the difference above zero and is a multiple of ten.
  const tenth = (odd * 7 + 80 - even) % 10;
  return (
    digit(d, 0) != 0 && tenth == digit(d, 9) && (odd + even + digit(d, 9)) % 10 == digit(d, 10)
  );
}

/**
 * Steuerliche Identifikationsnummer, 11 digits: ISO 7064 MOD 11,10; of the first ten one is there
 * two or three times.
 */
export function isSteuerId(d: usize): bool {
  if (digit(d, 0) == 0) return false;
  let product: u32 = 10;
  let counts: u64 = 0;
  for (let i: u32 = 0; i < 10; i++) {
    const value = digit(d, i);
    counts += u64(1) << u64(value << 2);
    const sum = (value + product) % 10;
    product = ((sum == 0 ? 10 : sum) * 2) % 11;
  }
  let repeated: u32 = 0;
  for (let rest = counts; rest != 0; rest >>= 4) {
    const times = <u32>(rest & 15);
    if (times > 3) return false;
    if (times > 1) repeated++;
  }
  return repeated == 1 && (11 - product) % 10 == digit(d, 10);
}

/** Rijksregisternummer, 11 digits; parts of the date may be unknown, and months be raised by 20 or 40. */
export function isRijksregister(d: usize): bool {
  const month = pair(d, 2);
  if (month > 52 || month % 20 > 12 || pair(d, 4) > 31) return false;
  const number = numberOf(d, 0, 9);
  const check = <u64>pair(d, 9);
  return 97 - (number % 97) == check || 97 - ((number + 2_000_000_000) % 97) == check;
}

/**
 * Fødselsnummer and D-number, 11 digits; days are raised by 40 in the latter, months in numbers for
 * tests.
 */
export function isFodselsnummer(d: usize): bool {
  const day = pair(d, 0);
  const month = pair(d, 2);
  if (!isDay(month > 80 ? month - 80 : month % 40, day > 40 ? day - 40 : day)) return false;
  return weigh(d, FIRST_NO_WEIGHTS, 10) % 11 == 0 && weigh(d, SECOND_NO_WEIGHTS, 11) % 11 == 0;
}

/** Personnummer and samordningsnummer (day raised by 60), 10 digits or 12 with the century. */
export function isPersonnummer(d: usize, n: u32): bool {
  const short = d + <usize>(n - 10);
  if (n == 12 && pair(d, 0) - 18 > 2) return false;
  const day = pair(short, 4);
  return isDay(pair(short, 2), day > 60 ? day - 60 : day) && isLuhn(short, 10);
}

/** Aadhaar, 12 digits, the first of which is 2 to 9: Verhoeff's check. */
export function isAadhaar(d: usize): bool {
  if (digit(d, 0) < 2 || isRepeated(d, 12)) return false;
  let check: u32 = 0;
  for (let place: u32 = 0; place < 12; place++) {
    let value = digit(d, 11 - place);
    for (let turn = place & 7; turn != 0; turn--) {
      value = <u32>load<u8>(PERMUTATION + <usize>value);
    }
    check = <u32>load<u8>(D5 + <usize>(check * 10 + value));
  }
  return check == 0;
}

/** South African identity number, 13 digits. */
export function isZaId(d: usize): bool {
  return isDay(pair(d, 2), pair(d, 4)) && digit(d, 10) < 3 && isLuhn(d, 13);
}

/**
 * Resident registration number, 13 digits. Those given out since October 2020 need not have this
 * check digit.
 */
export function isRrn(d: usize): bool {
  if (!isDay(pair(d, 2), pair(d, 4))) return false;
  return (11 - (weigh(d, RRN_WEIGHTS, 12) % 11)) % 10 == digit(d, 12);
}

/**
 * Numéro d'inscription au répertoire, 15 digits; `shift` is what a department of letters lowers its
 * number by.
 */
export function isNir(d: usize, shift: u64): bool {
  const sex = digit(d, 0);
  if (sex == 0 || sex == 5 || sex == 6 || sex == 9) return false;
  const month = pair(d, 3);
  if (month == 0 || (month > 12 && month < 20) || (month > 42 && month < 50)) return false;
  return 97 - ((numberOf(d, 0, 13) - shift) % 97) == <u64>pair(d, 13);
}

/** Social security number, 9 digits: areas, groups and serial numbers that are never given out. */
export function isSsn(d: usize): bool {
  const area = numberOf(d, 0, 3);
  if (area == 0 || area == 666 || area >= 900) return false;
  return pair(d, 3) != 0 && numberOf(d, 5, 9) != 0;
}

/** Whether a month has the day; February has 29. */
export function isDay(month: u32, day: u32): bool {
  if (month - 1 >= 12 || day == 0) return false;
  if (month == 2) return day <= 29;
  return day <= 30 + ((month ^ (month >> 3)) & 1);
}

/** Two digits as a number. */
// @ts-ignore: decorator
@inline
export function pair(d: usize, at: u32): u32 {
  return digit(d, at) * 10 + digit(d, at + 1);
}

/** The digits `start` to `end` as a number. */
export function numberOf(d: usize, start: u32, end: u32): u64 {
  let value: u64 = 0;
  for (let i = start; i < end; i++) value = value * 10 + <u64>digit(d, i);
  return value;
}

/** Sum of `n` digits, each times its weight. */
export function weigh(d: usize, weights: usize, n: u32): u32 {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < n; i++) sum += digit(d, i) * <u32>load<u8>(weights + <usize>i);
  return sum;
}

// @ts-ignore: decorator
@inline
function digit(d: usize, at: u32): u32 {
  return <u32>load<u8>(d + <usize>at);
}

function isLuhn(d: usize, n: u32): bool {
  let sum: u32 = 0;
  for (let place: u32 = 0; place < n; place++) sum += luhnTerm(digit(d, n - 1 - place), place);
  return sum % 10 == 0;
}

function isRepeated(d: usize, n: u32): bool {
  for (let i: u32 = 1; i < n; i++) {
    if (digit(d, i) != digit(d, 0)) return false;
  }
  return true;
}
