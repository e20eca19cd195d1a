/** Windows and dates on the wall clock of a zone. */

/** True when the wall clock of the zone stands in one of the windows; a window over midnight belongs to its first day. */
export function isWithin(windows: string, zone: string, timeMs: number): boolean {
  const { weekday, clock: now } = wallClock(zone, timeMs);
  const today = weekdays.indexOf(weekday);
  const yesterday = (today + 6) % 7;
  return windows.split(',').some((window) => {
    const words = window.trim().split(/ +/);
    const [start = '', end = ''] = (words.at(-1) ?? '').split('-');
    const days = words.length > 1 ? daysIn(words[0] ?? '') : [0, 1, 2, 3, 4, 5, 6];
    if (start < end) return days.includes(today) && start <= now && now < end;
    return (days.includes(today) && start <= now) || (days.includes(yesterday) && now < end);
  });
}

/** True when the calendar of the zone shows one of the dates: `2026-12-25`, `12-25`, or two of them with `..` between. */
export function isOnDate(dates: readonly string[], zone: string, timeMs: number): boolean {
  const { date } = wallClock(zone, timeMs);
  return dates.some((written) => {
    const [first = '', last = first] = written.split('..');
    // Dates are written so that they sort as texts; those without a year are compared without it.
    const today = date.slice(-first.length);
    if (first <= last) return first <= today && today <= last;
    return first <= today || today <= last;
  });
}

interface WallClock {
  readonly weekday: string;
  /** `hh:mm` */
  readonly clock: string;
  /** `yyyy-mm-dd` */
  readonly date: string;
}

function wallClock(zone: string, timeMs: number): WallClock {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(timeMs).map((p) => [p.type, p.value]));
  const { weekday = '', year, month, day, hour, minute } = parts;
  return { weekday, clock: `${hour}:${minute}`, date: `${year}-${month}-${day}` };
}

function daysIn(text: string): number[] {
  const [first = '', last = first] = text.split('-');
  const days: number[] = [];
  for (let day = weekdays.indexOf(first); ; day = (day + 1) % 7) {
    days.push(day);
    if (day === weekdays.indexOf(last)) return days;
  }
}

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
// Making one takes longer than a hundred questions.
const formats = new Map<string, Intl.DateTimeFormat>();
