/** Dates as operators write them in `onDate`: `2026-12-25`, every year `12-25`, spans `2026-12-24..2027-01-01`. */
import { Problem, quoted } from './problem.ts';

/** A day of the calendar; `year` absent: of every year. Months and days from 1. */
export interface CalendarDay {
  readonly year?: number | undefined;
  readonly month: number;
  readonly day: number;
}

/** A span of days, both included. Both or neither have a year; a span without years may run over New Year. */
export interface DateSpan {
  readonly first: CalendarDay;
  readonly last: CalendarDay;
}

/** Reads a day or a span of days, in the years 1970 to 9999. `02-29` is a day of leap years only. */
export function parseDate(text: string): DateSpan | Problem {
  const dots = text.indexOf('..');
  const first = parseDay(dots < 0 ? text : text.slice(0, dots));
  if (first instanceof Problem) return first;
  if (dots < 0) return { first, last: first };
  const last = parseDay(text.slice(dots + 2));
  if (last instanceof Problem) return last.movedBy(dots + 2);
  if ((first.year === undefined) !== (last.year === undefined)) {
    const help = 'write the year at both ends, or at none for every year';
    return new Problem(`one end of ${quoted(text)} has a year`, help, dots + 2);
  }
  if (first.year !== undefined && compareDays(first, last) > 0) {
    return new Problem(`${quoted(text)} ends before it starts`, 'write the earlier day first');
  }
  return { first, last };
}

/** True when the calendar has the day; `year` 2000 for days of every year. */
export function isDayOfMonth(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 && isLeap ? 29 : (daysOfMonths[month - 1] ?? 0));
}

/** True when a day with a year lies in the span. */
export function spanHolds({ first, last }: DateSpan, day: CalendarDay): boolean {
  const isFromFirst = compareDays(first, day) <= 0;
  const isToLast = compareDays(day, last) <= 0;
  // Without years `12-24..01-01` runs over New Year: what is behind its start or before its end.
  const isOverNewYear = first.year === undefined && compareDays(first, last) > 0;
  return isOverNewYear ? isFromFirst || isToLast : isFromFirst && isToLast;
}

function parseDay(text: string): CalendarDay | Problem {
  const match = dayShape.exec(text);
  if (match === null) return new Problem(`${quoted(text)} is not a date`, dateHelp);
  const year = match[1] === undefined ? undefined : Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  if (year !== undefined && year < 1970) {
    return new Problem(`${quoted(text)} is before 1970`, dateHelp);
  }
  if (!isDayOfMonth(year ?? LEAP_YEAR, month, day)) {
    const help = year === undefined ? 'write a day that some year has' : 'write a day of that year';
    return new Problem(`there is no ${quoted(text)}`, help);
  }
  return { ...(year === undefined ? {} : { year }), month, day };
}

// Years count only when both days have one.
function compareDays(a: CalendarDay, b: CalendarDay): number {
  const years = a.year === undefined || b.year === undefined ? 0 : a.year - b.year;
  return years || a.month - b.month || a.day - b.day;
}

const LEAP_YEAR = 2000;
const daysOfMonths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const dayShape = /^(?:(\d{4})-)?(\d\d)-(\d\d)$/;
const dateHelp = 'write for example `2026-12-25`, `12-25` for every year, or `12-24..01-01`';
