/** Cards, accounts and national numbers, by the oracle of the detectors. */
import { type Atom, isAlnum, sticky } from './detect-atoms.ts';
import {
  codice,
  digitNumbers,
  dni,
  hetu,
  luhn,
  mod97,
  nir,
  nric,
  resident,
} from './detect-checks.ts';
import type { KindName } from './detect-kernel.ts';

/** Country codes of IBANs with their lengths, as the SWIFT registry and its users have them. */
const ibanLengths = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
    'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 ' +
    'LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 ' +
    'PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 ' +
    'YE30 AO25 BF28 BJ28 CF27 CG27 CI28 CM27 CV25 DZ26 GA27 GQ27 GW25 IR26 KM27 MA28 MG27 ML28 MZ25 NE28 SN28 TD27 TG28'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** The digits from a position on and, for each, whether a separator stands before it and which. */
function groupsAt(text: string, start: number): { places: number[]; breaks: Map<number, string> } {
  const places = [start];
  const breaks = new Map<number, string>();
  for (let at = start + 1; places.length < 21; ) {
    const gap = sticky(String.raw`(\x01*)([ ./_-]?)(\x01*)(?=\d)`, text, at);
    if (!gap || (gap[1] ?? '').length + (gap[3] ?? '').length > 3) break;
    if (gap[2]) breaks.set(places.length, gap[2]);
    places.push(at + gap[0].length);
    at += gap[0].length + 1;
  }
  return { places, breaks };
}

/** Cards, and national numbers of digits. */
export function* digitAtoms(text: string, at: number): Generator<Atom> {
  if (!/\d/.test(text[at] ?? '') || /\d/.test(text[at - 1] ?? '')) return;
  const { places, breaks } = groupsAt(text, at);
  for (let n = 6; n <= 19; n++) {
    if (n > places.length || !(breaks.has(n) || n === places.length)) continue;
    const end = (places[n - 1] ?? 0) + 1;
    const digits = places
      .slice(0, n)
      .map((place) => text[place])
      .join('');
    const inside = [...breaks].filter(([place]) => place < n);
    const bounds = [0, ...inside.map(([place]) => place), n];
    const lengths = bounds.slice(1).map((bound, i) => bound - (bounds[i] ?? 0));
    const isWeak = inside.some(([, separator]) => './_'.includes(separator));
    const isCardShape = lengths.every((length, i) =>
      i === 0 ? length === 4 : length <= 6 && (length >= 4 || i === lengths.length - 1),
    );
    if (n >= 12 && luhn(digits) && (!isWeak || isCardShape)) {
      yield { kind: 'Card', start: at, end };
    }
    if (isAlnum(text[at - 1])) continue;
    if (!isAlnum(text[end])) {
      for (const [kind, { groups, isValid }] of Object.entries(digitNumbers)) {
        if (kind === 'Ssn' && isWeak) continue;
        if (!(groups as readonly string[]).includes(lengths.join(',')) || !isValid(digits))
          continue;
        yield { kind: kind as KindName, start: at, end };
      }
    }
    const plus = (n === 6 || n === 8) && inside.length === 0 && text[end] === '+';
    const rest = plus && wordAt(text, end + 1, 4, []);
    if (rest && /^\d+$/.test(rest.word)) {
      if (digitNumbers.SePersonnummer.isValid(digits + rest.word)) {
        yield { kind: 'SePersonnummer', start: at, end: rest.end };
      }
    }
  }
}

/** `count` letters and digits with separators where they may be, in capitals. */
function wordAt(
  text: string,
  start: number,
  count: number,
  breaks: readonly number[],
): { word: string; end: number } | undefined {
  let word = '';
  let at = start;
  for (let i = 0; i < count; i++) {
    const gap = sticky(String.raw`(\x01*)([ ./-]?)(\x01*)(?=[A-Za-z0-9])`, text, at);
    if (!gap || (gap[1] ?? '').length + (gap[3] ?? '').length > 3) return undefined;
    if (gap[2] && !breaks.includes(i)) return undefined;
    at += gap[0].length;
    word += text[at++];
  }
  return isAlnum(text[at]) ? undefined : { word: word.toUpperCase(), end: at };
}

/** IBANs, and national numbers with letters. */
export function* wordAtoms(text: string, at: number): Generator<Atom> {
  if (!isAlnum(text[at]) || isAlnum(text[at - 1])) return;
  const forms: [KindName, number, number[], RegExp, (word: string) => boolean][] = [
    ['EsDni', 9, [2, 5, 8], /^\d{8}[A-Z]$/, dni],
    ['EsDni', 9, [1, 8], /^[XYZ]\d{7}[A-Z]$/, dni],
    ['SgNric', 9, [], /^[STFGM]\d{7}[A-Z]$/, nric],
    ['ItCodiceFiscale', 16, [3, 6, 11], /^[A-Z]{6}/, codice],
    ['CnResident', 18, [6, 14], /^\d{17}[\dX]$/, resident],
    ['FrNir', 15, [1, 3, 5, 7, 10, 13], /^\d{5}2[AB]\d{8}$/, nir],
  ];
  for (const [kind, count, breaks, form, isValid] of forms) {
    const found = wordAt(text, at, count, breaks);
    if (!found || !form.test(found.word) || !isValid(found.word)) continue;
    if (kind === 'ItCodiceFiscale' && !/\d/.test(text.slice(at, at + 16))) continue;
    // The digits at its beginning are whole groups.
    const ends = { EsDni: [8], CnResident: [17, 18], FrNir: [6] }[kind as string] ?? [];
    if (/^\d/.test(found.word) && !ends.some((n) => isGroupEnd(text, at, n))) continue;
    yield { kind, start: at, end: found.end };
  }
  const date = hetuDate(text, at);
  if (date && /^\d{6}$/.test(date.word) && /[-+A-FU-Ya-fu-y]/.test(text[date.end] ?? '')) {
    const rest = wordAt(text, date.end + 1, 4, []);
    if (rest && /^\d{3}/.test(rest.word) && hetu(date.word + rest.word)) {
      yield { kind: 'FiHetu', start: at, end: rest.end };
    }
  }
  const iban = ibanEnd(text, at);
  if (iban) yield { kind: 'Iban', start: at, end: iban };
}

function isGroupEnd(text: string, at: number, count: number): boolean {
  const { places, breaks } = groupsAt(text, at);
  return breaks.has(count) || places.length === count;
}

/** A group of six digits. */
function hetuDate(text: string, at: number): { word: string; end: number } | undefined {
  const { places, breaks } = groupsAt(text, at);
  const isWhole = breaks.has(6) || places.length === 6;
  if (!/\d/.test(text[at] ?? '') || !isWhole || [1, 2, 3, 4, 5].some((n) => breaks.has(n))) {
    return undefined;
  }
  const six = places.slice(0, 6);
  return { word: six.map((place) => text[place]).join(''), end: (six[5] ?? 0) + 1 };
}

function ibanEnd(text: string, at: number): number | undefined {
  const country = wordStart(text, at, 2, false);
  const length = country && ibanLengths.get(country.word);
  if (!length) return undefined;
  const whole = wordStart(text, at, length, true);
  if (!whole || !/^[A-Z]{2}\d{2}/.test(whole.word) || isAlnum(text[whole.end])) return undefined;
  return mod97(whole.word) ? whole.end : undefined;
}

function wordStart(
  text: string,
  start: number,
  count: number,
  hasBreaks: boolean,
): { word: string; end: number } | undefined {
  let word = '';
  let at = start;
  for (let i = 0; i < count; i++) {
    const gap = sticky(String.raw`(\x01*)([ .-]?)(\x01*)(?=[A-Za-z0-9])`, text, at);
    if (!gap || (gap[1] ?? '').length + (gap[3] ?? '').length > 3) return undefined;
    if (gap[2] && (!hasBreaks || (i < 4 && i !== 2))) return undefined;
    at += gap[0].length;
    word += text[at++];
  }
  return { word: word.toUpperCase(), end: at };
}
