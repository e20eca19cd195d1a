/** Federated trust domains in SQLite. */
import type { BundleSource, FederatedDomain, FederationStore } from '../federation/model.ts';
import type { Database, Row } from './database.ts';

/** Implements `FederationStore`; each method is one statement. */
export class SqliteFederationStore implements FederationStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async federatedDomains(): Promise<FederatedDomain[]> {
    return this.#db.rows('SELECT * FROM federated_domain ORDER BY trust_domain').map(toDomain);
  }

  async keepFederated(domain: FederatedDomain): Promise<void> {
    const { source } = domain;
    const isFile = source.kind === 'file';
    this.#db.run(
      'INSERT OR REPLACE INTO federated_domain VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      domain.trustDomain,
      source.kind,
      isFile ? source.path : source.url,
      isFile ? null : (source.caPem ?? null),
      domain.document,
      domain.refreshedAtMs,
      domain.changedAtMs,
      domain.fault ?? null,
      domain.failingSinceMs ?? null,
      domain.addedAtMs,
      domain.actor,
    );
  }

  async removeFederated(trustDomain: string): Promise<boolean> {
    return this.#db.run('DELETE FROM federated_domain WHERE trust_domain = ?', trustDomain) === 1;
  }
}

function toDomain(row: Row): FederatedDomain {
  return {
    trustDomain: String(row.trust_domain),
    source: toSource(row),
    document: String(row.document),
    refreshedAtMs: Number(row.refreshed_at_ms),
    changedAtMs: Number(row.changed_at_ms),
    fault: row.fault === null ? undefined : String(row.fault),
    failingSinceMs: row.failing_since_ms === null ? undefined : Number(row.failing_since_ms),
    addedAtMs: Number(row.added_at_ms),
    actor: String(row.actor),
  };
}

function toSource(row: Row): BundleSource {
  const place = String(row.place);
  if (row.source_kind === 'file') return { kind: 'file', path: place };
  const caPem = row.ca_pem === null ? undefined : String(row.ca_pem);
  return { kind: 'https_web', url: place, caPem };
}
