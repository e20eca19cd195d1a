/** Conditions on the time: `within`, `onDate`, and comparisons with `timestamp`. */
import { nearestName } from '../nearest-name.ts';
import { Problem } from '../problem.ts';
import { parseDate } from '../time-dates.ts';
import { checkTimeZone, parseWindows } from '../time-windows.ts';
import type { Condition } from './condition.ts';
import type { Expression, TextLiteral } from './expression.ts';
import { negate } from './join-conditions.ts';
import { gather, insideText, refuse } from './refusals.ts';
import type { ComparisonSign } from './signal-comparison.ts';
import { subjectOf } from './subject.ts';
import { parseTimestamp } from './timestamp.ts';

type Call = Extract<Expression, { kind: 'call' }>;

/** The condition of `request.time sign timestamp("...")`. Throws Problem. */
export function compareTime(sign: ComparisonSign, constant: Expression, source: string): Condition {
  const [text, ...more] = constant.kind === 'call' ? constant.args : [];
  const isTimestamp = constant.kind === 'call' && constant.name === 'timestamp' && !constant.of;
  if (!isTimestamp || text?.kind !== 'text' || more.length > 0) {
    const near = constant.kind === 'call' ? nearestName(constant.name, ['timestamp']) : undefined;
    const help = near === undefined ? timeHelp : `did you mean \`timestamp\`? ${timeHelp}`;
    throw refuse(constant, '`request.time` is compared with a timestamp', help);
  }
  const time = parseTimestamp(text.value);
  if (time instanceof Problem) throw insideText(time, text, source);
  switch (sign) {
    case '<':
      return { kind: 'before', timeMs: time.ceilingMs };
    case '<=':
      return { kind: 'before', timeMs: time.floorMs + 1 };
    case '>':
      return negate({ kind: 'before', timeMs: time.floorMs + 1 });
    case '>=':
      return negate({ kind: 'before', timeMs: time.ceilingMs });
    default:
      throw new Problem(`\`${sign}\` is not for \`request.time\``, timeHelp, constant.at);
  }
}

/** The condition of `within(request.time, windows, zone)`. Throws Problem. */
export function readWithin(call: Call, source: string): Condition {
  const { text, zone } = timeArguments(call, withinHelp, 'the windows');
  if (text.kind !== 'text')
    throw refuse(text, '`within` takes the windows as one text', withinHelp);
  const [windows, zoneName] = both(
    () => windowsOf(text, source),
    () => zoneOf(zone),
  );
  return { kind: 'within', windows, zone: zoneName };
}

/** The condition of `onDate(request.time, date or dates, zone)`. Throws Problem. */
export function readOnDate(call: Call, source: string): Condition {
  const { text, zone } = timeArguments(call, onDateHelp, 'dates');
  const items = text.kind === 'list' ? text.items : [text];
  if (items.length === 0) throw new Problem('the list of dates is empty', onDateHelp, text.at);
  const readDates = items.map((item) => () => {
    if (item.kind !== 'text') throw refuse(item, 'a date is a text', onDateHelp);
    const span = parseDate(item.value);
    if (span instanceof Problem) throw insideText(span, item, source);
    return span;
  });
  const [dates, zoneName] = both(
    () => gather(readDates),
    () => zoneOf(zone),
  );
  return { kind: 'dates', dates, zone: zoneName };
}

function timeArguments(
  call: Call,
  help: string,
  what: string,
): { text: Expression; zone: TextLiteral } {
  const [time, text, zone, ...more] = call.args;
  const isTime = time !== undefined && subjectOf(time)?.kind === 'time';
  if (!isTime || text === undefined || zone?.kind !== 'text' || more.length > 0) {
    const message = `\`${call.name}\` takes the time, ${what} and the time zone`;
    throw new Problem(message, help, call.at);
  }
  return { text, zone };
}

function windowsOf(text: TextLiteral, source: string) {
  const windows = parseWindows(text.value);
  if (windows instanceof Problem) throw insideText(windows, text, source);
  return windows;
}

// What is wrong with one hides nothing of the other.
function both<A, B>(readFirst: () => A, readSecond: () => B): [A, B] {
  let first: A | undefined;
  let second: B | undefined;
  gather([
    () => {
      first = readFirst();
    },
    () => {
      second = readSecond();
    },
  ]);
  return [first as A, second as B];
}

function zoneOf(zone: TextLiteral): string {
  const problem = checkTimeZone(zone.value);
  if (problem !== undefined) throw problem.movedBy(zone.at);
  return zone.value;
}

const withinHelp = 'write `within(request.time, "Mon-Fri 09:00-18:00", "Europe/Paris")`';
const onDateHelp = 'write `onDate(request.time, ["2026-12-25", "12-26"], "Europe/Paris")`';
const timeHelp =
  'write `request.time < timestamp("2026-12-01T00:00:00Z")`, with <, <=, > or >=; `within` and `onDate` know zones';
