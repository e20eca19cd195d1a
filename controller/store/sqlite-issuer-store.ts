/** The certificate authority's record and its issuing keys in SQLite. */
import { DtaError } from '../errors.ts';
import type {
  AuthorityRecord,
  IssuerChange,
  IssuerLeaves,
  IssuerRecord,
  IssuerState,
  IssuerStore,
} from '../identity/model.ts';
import { nextCount } from './counters.ts';
import type { Database, Row } from './database.ts';

/** Implements `IssuerStore`; each method is one transaction. */
export class SqliteIssuerStore implements IssuerStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async authority(): Promise<AuthorityRecord | undefined> {
    const row = this.#db.row('SELECT * FROM authority');
    return (
      row && {
        trustDomain: String(row.trust_domain),
        keyHash: String(row.key_hash),
        createdAtMs: Number(row.created_at_ms),
      }
    );
  }

  async recordAuthority(
    record: AuthorityRecord,
    first: Omit<IssuerRecord, 'generation'>,
  ): Promise<void> {
    const { trustDomain, keyHash, createdAtMs } = record;
    this.#db.transaction(() => {
      const sql = 'INSERT OR IGNORE INTO authority VALUES (1, ?, ?, ?)';
      if (this.#db.run(sql, trustDomain, keyHash, createdAtMs) !== 1) {
        throw new DtaError('conflict', 'the store belongs to a certificate authority already');
      }
      this.#insert(first);
    });
  }

  async issuers(): Promise<{ records: IssuerRecord[]; generation: number }> {
    const rows = this.#db.rows('SELECT * FROM issuer ORDER BY made_at_ms, id');
    const counter = this.#db.row('SELECT value FROM counter WHERE name = ?', generationName);
    return { records: rows.map(toIssuer), generation: Number(counter?.value ?? 0) };
  }

  async addIssuer(record: Omit<IssuerRecord, 'generation'>): Promise<number> {
    return this.#db.transaction(() => this.#insert(record));
  }

  async changeIssuers(changes: readonly IssuerChange[]): Promise<number> {
    return this.#db.transaction(() => {
      for (const { id, state, cause } of changes) {
        const { atMs, reason, actor } = cause;
        this.#db.run(
          'UPDATE issuer SET state = ?, changed_at_ms = ?, reason = ?, actor = ? WHERE id = ?',
          state,
          atMs,
          reason,
          actor,
          id,
        );
        if (state !== 'revoked') continue;
        this.#db.run(
          `UPDATE certificate SET revoked_at_ms = ?, revoked_reason = ?, revoked_by = ?
           WHERE issuer = ? AND not_after_ms > ? AND revoked_at_ms IS NULL`,
          atMs,
          reason,
          actor,
          id,
          atMs,
        );
      }
      const ends = changes.filter(({ state }) => state === 'revoked' || state === 'gone');
      const last = this.#db.row('SELECT value FROM counter WHERE name = ?', generationName);
      return ends.length > 0 ? this.#nextGeneration(ends[0]?.cause.atMs ?? 0) : Number(last?.value);
    });
  }

  async issuerLeaves(id: string, nowMs: number): Promise<IssuerLeaves> {
    const row = this.#db.row(
      `SELECT count(*) AS live, count(DISTINCT CASE WHEN NOT EXISTS (
           SELECT 1 FROM certificate newer WHERE newer.instance = c.instance
             AND (newer.not_before_ms, newer.rowid) > (c.not_before_ms, c.rowid)
         ) THEN c.instance END) AS instances
       FROM certificate c JOIN instance i ON i.uuid = c.instance
       WHERE c.issuer = ? AND c.not_after_ms > ?
         AND c.revoked_at_ms IS NULL AND i.revoked_at_ms IS NULL`,
      id,
      nowMs,
    );
    return { live: Number(row?.live ?? 0), instances: Number(row?.instances ?? 0) };
  }

  async adoptCertificates(id: string): Promise<number> {
    return this.#db.run('UPDATE certificate SET issuer = ? WHERE issuer IS NULL', id);
  }

  #insert(record: Omit<IssuerRecord, 'generation'>): number {
    const generation = this.#nextGeneration(record.madeAtMs);
    const added = this.#db.run(
      'INSERT OR IGNORE INTO issuer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      record.id,
      record.keyHash,
      record.rootKeyHash,
      record.state,
      generation,
      record.madeAtMs,
      record.changedAtMs,
      record.notAfterMs,
      record.reason,
      record.actor,
    );
    if (added === 1) return generation;
    throw new DtaError('conflict', `issuing key \`${record.id}\` is known already`, {
      help: 'a key that was used once is never used again: make a new one',
    });
  }

  #nextGeneration(nowMs: number): number {
    return Number(nextCount(this.#db, generationName, nowMs));
  }
}

function toIssuer(row: Row): IssuerRecord {
  return {
    id: String(row.id),
    keyHash: String(row.key_hash),
    rootKeyHash: String(row.root_key_hash),
    state: String(row.state) as IssuerState,
    generation: Number(row.generation),
    madeAtMs: Number(row.made_at_ms),
    changedAtMs: Number(row.changed_at_ms),
    notAfterMs: Number(row.not_after_ms),
    reason: String(row.reason),
    actor: String(row.actor),
  };
}

const generationName = 'trust-generation';
