/** Counters that only rise, whatever the clock and the backups do. */
import type { Database } from './database.ts';

/** max(last + 1, `nowMs`) of the named counter, durable when this returns. */
export function nextCount(db: Database, name: string, nowMs: number): bigint {
  const [row] = db.bigRows(
    `INSERT INTO counter (name, value) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET value = max(value + 1, excluded.value) RETURNING value`,
    name,
    BigInt(Math.max(1, Math.floor(nowMs))),
  );
  if (typeof row?.value !== 'bigint') throw new TypeError(`counter ${name} gave no value`);
  return row.value;
}
