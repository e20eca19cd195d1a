/** What commands print: tables for people, JSON for programs. */
import { Option } from 'commander';

/** `-o json` or `-o table`. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print')
    .choices(['table', 'json'])
    .default('table');
}

/** Prints a value as JSON; bigints as decimal strings. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v), 2));
}

/** Prints rows under headings, columns as wide as they need. */
export function printTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  for (const row of [headings, ...rows]) {
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** Unix milliseconds as UTC, to the second. */
export function showTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').slice(0, 19);
}
