/** Generations of masking keys, and the evidence of reveals, in SQLite. */
import type {
  MaskedKind,
  MaskingKeyRecord,
  PrivacyStore,
  RevealQuery,
  RevealRecord,
  RevealResult,
  StoredReveal,
} from '../privacy/model.ts';
import type { Database, Row } from './database.ts';

/** Implements `PrivacyStore`. Nothing changes or removes a row. */
export class SqlitePrivacyStore implements PrivacyStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async maskingKeys(): Promise<MaskingKeyRecord[]> {
    return this.#db.rows('SELECT * FROM masking_key ORDER BY key_id').map((row) => ({
      keyId: Number(row.key_id),
      secretSha256: String(row.secret_sha256),
      madeAtMs: Number(row.made_at_ms),
      actor: String(row.actor),
      reason: String(row.reason),
    }));
  }

  async addMaskingKey(record: MaskingKeyRecord): Promise<void> {
    const { keyId, secretSha256, madeAtMs, actor, reason } = record;
    const sql = 'INSERT INTO masking_key VALUES (?, ?, ?, ?, ?)';
    this.#db.run(sql, keyId, secretSha256, madeAtMs, actor, reason);
  }

  async addReveals(records: readonly RevealRecord[]): Promise<void> {
    this.#db.transaction(() => {
      for (const { atMs, actor, cleared, kind, keyId, valueSha256, reason, result } of records) {
        this.#db.run(
          'INSERT INTO reveal VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)',
          ...[atMs, actor, cleared ?? null, kind, keyId ?? null, valueSha256, reason, result],
        );
      }
    });
  }

  async reveals({ limit, afterId }: RevealQuery): Promise<StoredReveal[]> {
    if (afterId !== undefined) {
      const sql = 'SELECT * FROM reveal WHERE id > ? ORDER BY id LIMIT ?';
      return this.#db.rows(sql, afterId, limit).map(toReveal);
    }
    const newest = this.#db.rows('SELECT * FROM reveal ORDER BY id DESC LIMIT ?', limit);
    return newest.map(toReveal).reverse();
  }
}

function toReveal(row: Row): StoredReveal {
  return {
    id: Number(row.id),
    atMs: Number(row.at_ms),
    actor: String(row.actor),
    cleared: row.cleared === null ? undefined : String(row.cleared),
    kind: String(row.kind) as MaskedKind,
    keyId: row.key_id === null ? undefined : Number(row.key_id),
    valueSha256: String(row.value_sha256),
    reason: String(row.reason),
    result: String(row.result) as RevealResult,
  };
}
