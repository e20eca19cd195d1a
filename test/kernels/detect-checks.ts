/** Check digits of cards, accounts and national numbers, written down anew for the oracle of the detectors. */

const digitsOf = (text: string): number[] => [...text].map(Number);
const dot = (text: string, weights: readonly number[]): number =>
  weights.reduce((sum, weight, i) => sum + weight * Number(text[i]), 0);
const isSame = (text: string): boolean => new Set(text).size === 1;
const number = (text: string, start: number, end: number): number => Number(text.slice(start, end));

/** Whether a month, given as a number, has the day; February has 29. */
export function hasDay(month: number, day: number): boolean {
  const days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

/** Luhn's formula. */
export function luhn(text: string): boolean {
  const terms = digitsOf(text)
    .reverse()
    .map((digit, i) => (i % 2 === 0 ? digit : Math.floor((2 * digit) / 10) + ((2 * digit) % 10)));
  return terms.reduce((sum, term) => sum + term, 0) % 10 === 0;
}

/** ISO 13616: the number as it is written, without what stands between, has remainder 1. */
export function mod97(iban: string): boolean {
  const moved = iban.slice(4) + iban.slice(0, 4);
  const spelled = [...moved].map((char) => Number.parseInt(char, 36)).join('');
  return BigInt(spelled) % 97n === 1n;
}

function verhoeff(text: string): boolean {
  // Elements of D5 as functions on the corners of a pentagon: r^k for 0 to 4, then with a reflection.
  const multiply = (a: number, b: number): number => {
    const turn = a < 5 ? (a + b) % 5 : (a - b + 10) % 5;
    return a < 5 === b < 5 ? turn : 5 + turn;
  };
  const permute = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
  let check = 0;
  for (const [place, digit] of digitsOf(text).reverse().entries()) {
    let value = digit;
    for (let i = 0; i < place; i++) value = permute[value] ?? 0;
    check = multiply(check, value);
  }
  return check === 0;
}

function mod1110(text: string): boolean {
  let rest = 10;
  for (const digit of digitsOf(text.slice(0, 10))) {
    const sum = (digit + rest) % 10 || 10;
    rest = (2 * sum) % 11;
  }
  return (11 - rest) % 10 === Number(text[10]);
}

function steuerId(text: string): boolean {
  const times = [...'0123456789'].map((digit) => text.slice(0, 10).split(digit).length - 1);
  const repeated = times.filter((count) => count > 1);
  return text[0] !== '0' && repeated.length === 1 && (repeated[0] ?? 9) <= 3 && mod1110(text);
}

function cpf(text: string): boolean {
  const check = (length: number): number => {
    const weights = Array.from({ length }, (_, i) => length + 1 - i);
    const rest = dot(text, weights) % 11;
    return rest < 2 ? 0 : 11 - rest;
  };
  return !isSame(text) && check(9) === Number(text[9]) && check(10) === Number(text[10]);
}

function kimlik(text: string): boolean {
  const d = digitsOf(text);
  const odd = d.filter((_, i) => i < 9 && i % 2 === 0).reduce((a, b) => a + b, 0);
  const even = d.filter((_, i) => i < 9 && i % 2 === 1).reduce((a, b) => a + b, 0);
  const tenth = (((7 * odd - even) % 10) + 10) % 10;
  return d[0] !== 0 && d[9] === tenth && d[10] === (odd + even + tenth) % 10;
}

function fodselsnummer(text: string): boolean {
  const control = (weights: number[]): number => (11 - (dot(text, weights) % 11)) % 11;
  const day = number(text, 0, 2);
  const month = number(text, 2, 4);
  const plainMonth = month > 80 ? month - 80 : month > 40 ? month - 40 : month;
  if (!hasDay(plainMonth, day > 40 ? day - 40 : day)) return false;
  return (
    control([3, 7, 6, 1, 8, 9, 4, 5, 2]) === Number(text[9]) &&
    control([5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) === Number(text[10])
  );
}

function personnummer(text: string): boolean {
  const short = text.slice(-10);
  if (text.length === 12 && !['18', '19', '20'].includes(text.slice(0, 2))) return false;
  const day = number(short, 4, 6);
  return hasDay(number(short, 2, 4), day > 60 ? day - 60 : day) && luhn(short);
}

/** NIR with its department as it is written, 2A and 2B included. */
export function nir(text: string): boolean {
  const month = number(text, 3, 5);
  const isMonth = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50;
  const value = BigInt(text.slice(0, 13).replace('2A', '19').replace('2B', '18'));
  return (
    '123478'.includes(text[0] ?? '') && isMonth && 97n - (value % 97n) === BigInt(text.slice(13))
  );
}

function rijksregister(text: string): boolean {
  const month = number(text, 2, 4);
  if (month > 52 || month % 20 > 12 || number(text, 4, 6) > 31) return false;
  const check = number(text, 9, 11);
  return [text.slice(0, 9), `2${text.slice(0, 9)}`].some((n) => 97 - (Number(n) % 97) === check);
}

/** Resident identity number of China. */
export function resident(text: string): boolean {
  const provinces =
    '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83';
  if (!provinces.split(' ').includes(text.slice(0, 2))) return false;
  const century = number(text, 6, 8);
  if (century < 18 || century > 20) return false;
  if (!hasDay(number(text, 10, 12), number(text, 12, 14))) return false;
  const sum = dot(
    text,
    Array.from({ length: 17 }, (_, i) => 2 ** (17 - i) % 11),
  );
  return '10X98765432'[sum % 11] === text[17];
}

/** Letter of a DNI or NIE, whose first letter counts as 0, 1 or 2. */
export function dni(text: string): boolean {
  const value = Number(text.slice(0, 8).replace('X', '0').replace('Y', '1').replace('Z', '2'));
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[value % 23] === text[8];
}

/** NRIC and FIN. */
export function nric(text: string): boolean {
  const offset = { S: 0, T: 4, F: 0, G: 4, M: 3 }[text[0] ?? ''] ?? 0;
  const rest = (dot(text.slice(1), [2, 7, 6, 5, 4, 3, 2]) + offset) % 11;
  if (text[0] === 'M') return 'KLJNPQRTUWX'[rest] === text[8];
  return ('ST'.includes(text[0] ?? '') ? 'JZIHGFEDCBA' : 'XWUTRQPNMLK')[rest] === text[8];
}

/** Codice fiscale, in capitals. */
export function codice(text: string): boolean {
  const form =
    /^[A-Z]{6}[\dLMNPQRSTUV]{2}[ABCDEHLMPRST][\dLMNPQRSTUV]{2}[A-Z][\dLMNPQRSTUV]{3}[A-Z]$/;
  if (!form.test(text) || !/\d/.test(text)) return false;
  const plain = [...text].map((char, i) =>
    [6, 7, 9, 10, 12, 13, 14].includes(i) && /[A-Z]/.test(char)
      ? String('LMNPQRSTUV'.indexOf(char))
      : char,
  );
  const day = Number(plain.slice(9, 11).join(''));
  if (!hasDay('ABCDEHLMPRST'.indexOf(text[8] ?? '') + 1, day > 40 ? day - 40 : day)) return false;
  const odd = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
  ];
  let sum = 0;
  for (const [i, char] of [...text.slice(0, 15)].entries()) {
    const value = /\d/.test(char) ? Number(char) : char.charCodeAt(0) - 65;
    sum += i % 2 === 0 ? (odd[value] ?? 0) : value;
  }
  return String.fromCharCode(65 + (sum % 26)) === text[15];
}

/** Check character of a Finnish number; the sign is left out. */
export function hetu(text: string): boolean {
  const rest = Number(text.slice(0, 9)) % 31;
  return (
    hasDay(number(text, 2, 4), number(text, 0, 2)) &&
    '0123456789ABCDEFHJKLMNPRSTUVWXY'[rest] === text[9]
  );
}

/** Numbers of digits alone: the kinds, the groups they are written in, and the check. */
export const digitNumbers = {
  Ssn: {
    groups: ['3,2,4'],
    isValid: (t: string) =>
      !/^(000|666|9)/.test(t) && t.slice(3, 5) !== '00' && t.slice(5) !== '0000',
  },
  BrCpf: { groups: ['11', '3,3,3,2', '9,2'], isValid: cpf },
  PlPesel: {
    groups: ['11'],
    isValid: (t: string) =>
      number(t, 2, 4) < 93 &&
      hasDay(number(t, 2, 4) % 20, number(t, 4, 6)) &&
      (10 - (dot(t, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === Number(t[10]),
  },
  NlBsn: {
    groups: ['9', '3,3,3', '4,2,3'],
    isValid: (t: string) => !isSame(t) && dot(t, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
  },
  SePersonnummer: { groups: ['10', '6,4', '12', '8,4'], isValid: personnummer },
  InAadhaar: {
    groups: ['12', '4,4,4'],
    isValid: (t: string) => /^[2-9]/.test(t) && !isSame(t) && verhoeff(t),
  },
  TrKimlik: { groups: ['11'], isValid: kimlik },
  ZaId: {
    groups: ['13', '6,4,3'],
    isValid: (t: string) =>
      hasDay(number(t, 2, 4), number(t, 4, 6)) && /^.{10}[012]/.test(t) && luhn(t),
  },
  KrRrn: {
    groups: ['13', '6,7'],
    isValid: (t: string) =>
      hasDay(number(t, 2, 4), number(t, 4, 6)) &&
      (11 - (dot(t, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10 === Number(t[12]),
  },
  DeSteuerId: { groups: ['11', '2,3,3,3'], isValid: steuerId },
  BeRijksregister: { groups: ['11', '2,2,2,3,2', '6,3,2'], isValid: rijksregister },
  GbNhs: {
    groups: ['10', '3,3,4'],
    isValid: (t: string) =>
      !isSame(t) && (11 - (dot(t, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === Number(t[9]),
  },
  AuTfn: {
    groups: ['9', '3,3,3'],
    isValid: (t: string) => !isSame(t) && dot(t, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
  },
  CaSin: { groups: ['9', '3,3,3'], isValid: (t: string) => !/^[08]/.test(t) && luhn(t) },
  NoFodselsnummer: { groups: ['11', '6,5'], isValid: fodselsnummer },
  FrNir: { groups: ['15', '13,2', '1,2,2,2,3,3,2', '1,2,2,2,3,5'], isValid: nir },
} as const;
