/** The epoch of the state in SQLite. */
import { nextCount } from './counters.ts';
import type { Database } from './database.ts';
import type { StateStore } from './publications.ts';

/** Implements `StateStore`. */
export class SqliteStateStore implements StateStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async nextEpoch(nowMs: number): Promise<bigint> {
    return nextCount(this.#db, 'state-epoch', nowMs);
  }
}
