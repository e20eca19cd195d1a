/** Windows of local time as operators write them: `Mon-Fri 09:00-18:00`, `22:00-06:00`, several with commas. */
import { Problem, quoted } from './problem.ts';

/**
 * A span of the wall clock, `startMinute <= now < endMinute`, counted from the midnight of each of its days.
 * `days` has a bit per weekday, Monday is bit 0. It never reaches over midnight: such a window becomes two.
 */
export interface Window {
  readonly days: number;
  readonly startMinute: number;
  readonly endMinute: number;
}

/** Reads a list of windows. A window over midnight belongs to the day on which it starts. */
export function parseWindows(text: string): Window[] | Problem {
  const windows: Window[] = [];
  let offset = 0;
  for (const part of text.split(',')) {
    const parsed = parseWindow(part.trim());
    if (parsed instanceof Problem) {
      return new Problem(
        parsed.message,
        parsed.help,
        offset + part.length - part.trimStart().length,
      );
    }
    windows.push(...parsed);
    offset += part.length + 1;
  }
  return windows;
}

/** The problem with a time zone name, or undefined when the runtime's time-zone data knows it. */
export function checkTimeZone(zone: string): Problem | undefined {
  if (knownZones.has(zone)) return undefined;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
  } catch {
    return new Problem(
      `unknown time zone ${quoted(zone)}`,
      'write an IANA name such as `Europe/Paris` or `UTC`',
    );
  }
  if (knownZones.size < KNOWN_ZONES_MAX) knownZones.add(zone);
  return undefined;
}

function parseWindow(text: string): Window[] | Problem {
  const match = windowShape.exec(text);
  if (match === null) return new Problem(`${quoted(text)} is not a time window`, windowHelp);
  const [, first, last, startHour, startMinutes, endHour, endMinutes] = match;
  const startMinute = minuteOf(startHour, startMinutes);
  const endMinute = minuteOf(endHour, endMinutes);
  if (startMinute >= MINUTES_PER_DAY || endMinute > MINUTES_PER_DAY) {
    return new Problem(
      `${quoted(text)} is not a time window`,
      'hours run from 00:00 to 23:59, an end may be 24:00',
    );
  }
  if (startMinute === endMinute) {
    return new Problem(`time window \`${text}\` is empty`, 'write `00:00-24:00` for a whole day');
  }
  const days = daysOf(first, last);
  if (days instanceof Problem) return days;
  if (startMinute < endMinute) return [{ days, startMinute, endMinute }];
  const evening = { days, startMinute, endMinute: MINUTES_PER_DAY };
  const morning = { days: nextDays(days), startMinute: 0, endMinute };
  return endMinute === 0 ? [evening] : [evening, morning];
}

function daysOf(first: string | undefined, last: string | undefined): number | Problem {
  if (first === undefined) return EVERY_DAY;
  const from = WEEKDAYS.indexOf(first.toLowerCase());
  const to = last === undefined ? from : WEEKDAYS.indexOf(last.toLowerCase());
  const bad = from < 0 ? first : to < 0 ? last : undefined;
  if (bad !== undefined) return new Problem(`${quoted(bad)} is not a weekday`, windowHelp);
  let days = 1 << from;
  for (let day = from; day !== to; ) {
    day = (day + 1) % 7;
    days |= 1 << day;
  }
  return days;
}

function nextDays(days: number): number {
  return ((days << 1) | (days >> 6)) & EVERY_DAY;
}

function minuteOf(hours: string | undefined, minutes: string | undefined): number {
  const minute = Number(minutes);
  return minute > 59 ? Number.POSITIVE_INFINITY : Number(hours) * 60 + minute;
}

/** Minutes of a day on the wall clock. */
export const MINUTES_PER_DAY = 1440;
const EVERY_DAY = 0b111_1111;
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const windowShape = /^(?:([A-Za-z]+)(?:-([A-Za-z]+))? +)?(\d\d):(\d\d)-(\d\d):(\d\d)$/;
const windowHelp = 'write for example `Mon-Fri 09:00-18:00` or `22:00-06:00`, several with commas';
// Asking Intl takes 30 microseconds, and sets name the same few zones again and again.
const knownZones = new Set<string>();
const KNOWN_ZONES_MAX = 1000;
