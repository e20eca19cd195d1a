/** Published policy sets and bundle versions in SQLite. */
import { createHash } from 'node:crypto';

import { DtaError } from '../errors.ts';
import { nextCount } from './counters.ts';
import type { Database, Row } from './database.ts';
import type { BundleStore, PolicyFile, Publication } from './publications.ts';

/** Implements `BundleStore`; files with the same content are kept once. */
export class SqliteBundleStore implements BundleStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async publish(
    files: readonly PolicyFile[],
    publishedAtMs: number,
    actor: string,
  ): Promise<Publication> {
    const sorted = sortFiles(files);
    const text = JSON.stringify(sorted);
    const digest = createHash('sha256').update(text).digest('hex');
    return this.#db.transaction(() => {
      this.#db.run('INSERT OR IGNORE INTO policy_set VALUES (?, ?)', digest, text);
      const row = this.#db.row(
        `INSERT INTO publication (digest, published_at_ms, actor) VALUES (?, ?, ?)
         RETURNING number`,
        digest,
        publishedAtMs,
        actor,
      );
      return { number: Number(row?.number), digest, publishedAtMs, actor, files: sorted };
    });
  }

  async currentPolicySet(): Promise<Publication | undefined> {
    const row = this.#db.row(
      'SELECT * FROM publication JOIN policy_set USING (digest) ORDER BY number DESC LIMIT 1',
    );
    return row && { ...toPublication(row), files: toFiles(String(row.files)) };
  }

  async publications(limit: number): Promise<Omit<Publication, 'files'>[]> {
    const sql = 'SELECT * FROM publication ORDER BY number DESC LIMIT ?';
    return this.#db.rows(sql, limit).map(toPublication);
  }

  async nextVersion(bundleId: string, nowMs: number): Promise<bigint> {
    return nextCount(this.#db, `bundle-version/${bundleId}`, nowMs);
  }
}

function sortFiles(files: readonly PolicyFile[]): PolicyFile[] {
  const sorted = files.map(({ name, text }) => ({ name, text }));
  sorted.sort((a, b) => (a.name < b.name ? -1 : 1));
  const twice = sorted.find((file, i) => file.name === sorted[i + 1]?.name);
  if (twice) throw new DtaError('usage', `two files are called \`${twice.name}\``);
  return sorted;
}

function toPublication(row: Row): Omit<Publication, 'files'> {
  return {
    number: Number(row.number),
    digest: String(row.digest),
    publishedAtMs: Number(row.published_at_ms),
    actor: String(row.actor),
  };
}

function toFiles(text: string): PolicyFile[] {
  const files: unknown = JSON.parse(text);
  if (!Array.isArray(files)) throw new TypeError('files of a policy set are no list');
  return files.map(({ name, text }) => ({ name: String(name), text: String(text) }));
}
