/** Timestamps of RFC 3339: `2026-12-01T00:00:00Z`, `2026-12-01T01:00:00.5+01:00`. */
import { Problem, quoted } from '../problem.ts';
import { isDayOfMonth } from '../time-dates.ts';

/** A moment, as the Unix milliseconds around it: equal unless it lies between two. */
export interface Moment {
  readonly floorMs: number;
  readonly ceilingMs: number;
}

/** Reads a timestamp with its offset, in the years 1970 to 9999. Leap seconds are refused: Unix time has none. */
export function parseTimestamp(text: string): Moment | Problem {
  const match = shape.exec(text);
  if (match === null) return new Problem(`${quoted(text)} is not a timestamp`, timestampHelp);
  const [, date = '', time = '', fraction = '', sign, offsetHours, offsetMinutes] = match;
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  const [hour = 0, minute = 0, second = 0] = time.split(':').map(Number);
  if (year < 1970 || !isDayOfMonth(year, month, day)) {
    return new Problem(`${quoted(date)} is not a day from 1970 on`, timestampHelp);
  }
  if (hour > 23 || minute > 59 || second > 59) {
    return new Problem(`${quoted(time)} is not a time of day`, timestampHelp, date.length + 1);
  }
  if (Number(offsetHours ?? 0) > 23 || Number(offsetMinutes ?? 0) > 59) {
    const at = text.length - 6;
    return new Problem(`${quoted(text.slice(at))} is not an offset`, timestampHelp, at);
  }
  const offsetMs = (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0)) * 60_000;
  const wholeMs =
    Date.UTC(year, month - 1, day, hour, minute, second) - (sign === '-' ? -offsetMs : offsetMs);
  const floorMs = wholeMs + Number(fraction.padEnd(3, '0').slice(0, 3));
  return { floorMs, ceilingMs: /[1-9]/.test(fraction.slice(3)) ? floorMs + 1 : floorMs };
}

const shape = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const timestampHelp = 'write for example `2026-12-01T00:00:00Z` or `2026-12-01T01:00:00+01:00`';
