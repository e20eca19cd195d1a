/** Signals, facts, bands and restrictions in SQLite. */
import type { Attribute, Band, RestrictionSide } from '../layout.ts';
import type { RestrictingVerdict } from '../risk/encode-state.ts';
import type {
  Cause,
  LiveValueStore,
  StoredBand,
  StoredFact,
  StoredRestriction,
  StoredSignal,
} from '../risk/live-values.ts';
import type { Database, Row } from './database.ts';

/** Implements `LiveValueStore`. */
export class SqliteLiveValueStore implements LiveValueStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async putSignal(signal: StoredSignal): Promise<void> {
    const { subject, attribute, value, observedAtMs, maxAgeMs, actor } = signal;
    this.#db.run(
      `INSERT INTO signal VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (subject, attribute) DO UPDATE SET value = excluded.value,
         observed_at_ms = excluded.observed_at_ms, max_age_ms = excluded.max_age_ms,
         actor = excluded.actor
       WHERE excluded.observed_at_ms >= observed_at_ms`,
      ...[subject, attribute, value, observedAtMs, maxAgeMs, actor],
    );
  }

  async removeSignal(subject: string, attribute: number): Promise<boolean> {
    const sql = 'DELETE FROM signal WHERE subject = ? AND attribute = ?';
    return this.#db.run(sql, subject, attribute) > 0;
  }

  async signals(nowMs: number): Promise<StoredSignal[]> {
    return this.#db.transaction(() => {
      this.#db.run(
        'DELETE FROM signal WHERE max_age_ms > 0 AND observed_at_ms + max_age_ms <= ?',
        nowMs,
      );
      return this.#db.rows('SELECT * FROM signal ORDER BY subject, attribute').map(toSignal);
    });
  }

  async putFact({ name, value, atMs, actor, reason }: StoredFact): Promise<void> {
    this.#db.run(
      'INSERT OR REPLACE INTO fact VALUES (?, ?, ?, ?, ?)',
      name,
      value,
      atMs,
      actor,
      reason,
    );
  }

  async removeFact(name: string): Promise<boolean> {
    return this.#db.run('DELETE FROM fact WHERE name = ?', name) > 0;
  }

  async facts(): Promise<StoredFact[]> {
    const rows = this.#db.rows('SELECT * FROM fact ORDER BY name');
    return rows.map((row) => ({
      name: String(row.name),
      value: Number(row.value),
      ...toCause(row),
    }));
  }

  async putBand({ subject, band, atMs, actor, reason }: StoredBand): Promise<void> {
    const sql = 'INSERT OR REPLACE INTO band VALUES (?, ?, ?, ?, ?)';
    this.#db.run(sql, subject, band, atMs, actor, reason);
  }

  async removeBand(subject: string): Promise<boolean> {
    return this.#db.run('DELETE FROM band WHERE subject = ?', subject) > 0;
  }

  async bands(): Promise<StoredBand[]> {
    const rows = this.#db.rows('SELECT * FROM band ORDER BY subject');
    return rows.map((row) => ({
      subject: String(row.subject),
      band: Number(row.band) as Band,
      ...toCause(row),
    }));
  }

  async addRestriction(restriction: StoredRestriction): Promise<void> {
    const { id, subject, side, verdict, readOnly, noClearance } = restriction;
    const { ratePerSecond, burst, retryAfterSeconds, untilMs } = restriction;
    const { atMs, actor, reason } = restriction;
    this.#db.run(
      `INSERT INTO restriction VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)`,
      ...[id, subject, side, verdict, Number(readOnly), Number(noClearance)],
      ...[ratePerSecond, burst, retryAfterSeconds, atMs, actor, reason, untilMs],
    );
  }

  async releaseRestriction(id: string, cause: Cause): Promise<StoredRestriction | undefined> {
    const row = this.#db.row(
      `UPDATE restriction SET released_at_ms = ?, released_by = ?, release_reason = ?
       WHERE id = ? AND ${inForce} RETURNING *`,
      ...[cause.atMs, cause.actor, cause.reason, id, cause.atMs],
    );
    return row && toRestriction(row);
  }

  async restrictions(nowMs: number): Promise<StoredRestriction[]> {
    const sql = `SELECT * FROM restriction WHERE ${inForce} ORDER BY set_at_ms, id`;
    return this.#db.rows(sql, nowMs).map(toRestriction);
  }

  async forgetRestrictions(beforeMs: number): Promise<number> {
    return this.#db.run(
      `DELETE FROM restriction
       WHERE released_at_ms < ? OR (until_ms > 0 AND until_ms < ?)`,
      beforeMs,
      beforeMs,
    );
  }
}

/** Takes the time as its parameter. */
const inForce = 'released_at_ms IS NULL AND (until_ms = 0 OR until_ms > ?)';

function toSignal(row: Row): StoredSignal {
  return {
    subject: String(row.subject),
    attribute: Number(row.attribute) as Attribute,
    value: Number(row.value),
    observedAtMs: Number(row.observed_at_ms),
    maxAgeMs: Number(row.max_age_ms),
    actor: String(row.actor),
  };
}

function toRestriction(row: Row): StoredRestriction {
  return {
    id: String(row.id),
    subject: String(row.subject),
    side: Number(row.side) as RestrictionSide,
    verdict: Number(row.verdict) as RestrictingVerdict,
    readOnly: row.read_only === 1,
    noClearance: row.no_clearance === 1,
    ratePerSecond: Number(row.rate_per_second),
    burst: Number(row.burst),
    retryAfterSeconds: Number(row.retry_after_seconds),
    untilMs: Number(row.until_ms),
    ...toCause(row),
  };
}

function toCause(row: Row): Cause {
  return { atMs: Number(row.set_at_ms), actor: String(row.actor), reason: String(row.reason) };
}
