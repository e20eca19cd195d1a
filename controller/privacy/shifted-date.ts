/** Dates that were shifted: by the same number of days for every value of a mesh and of a policy's greatest shift. */
import type { MaskKeys } from '../mask-keys.ts';

/** Days by which the filter moves dates when the greatest shift is `maxShiftDays`: not 0. */
export function shiftDays(keys: Pick<MaskKeys, 'dateShift'>, maxShiftDays: number): number {
  const drawn = Buffer.from(keys.dateShift).readBigUInt64LE() % BigInt(2 * maxShiftDays);
  const shift = Number(drawn) - maxShiftDays;
  return shift < 0 ? shift : shift + 1;
}

/**
 * Moves a date (`2026-11-27` with or without a time behind it, or `20261127`) back; undefined when it is none, or leaves
 * the years 1 to 9999.
 */
export function unshiftDate(
  text: string,
  maxShiftDays: number,
  keys: Pick<MaskKeys, 'dateShift'>,
): string | undefined {
  const [, year, hyphen, month, day, rest = ''] = datePattern.exec(text) ?? [];
  if (year === undefined || (hyphen === '' && rest !== '')) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // A day that the month does not have would have moved on.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day))
    return undefined;
  date.setUTCDate(date.getUTCDate() - shiftDays(keys, maxShiftDays));
  const found = date.getUTCFullYear();
  if (found < 1 || found > 9999) return undefined;
  const parts: [number, number][] = [
    [found, 4],
    [date.getUTCMonth() + 1, 2],
    [date.getUTCDate(), 2],
  ];
  return parts.map(([part, digits]) => String(part).padStart(digits, '0')).join(hyphen) + rest;
}

const datePattern = /^(\d{4})(-?)(\d{2})\2(\d{2})([T ][^\p{Cc}]{0,40})?$/u;
