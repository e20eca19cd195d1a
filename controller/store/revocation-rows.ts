/** What revoking an instance or a certificate does to their rows. */
import type { Revocation, RevocationCause } from '../identity/model.ts';
import type { Database, Row } from './database.ts';

/**
 * Revokes an instance, and every other that was proved by the same evidence: whoever could join with
 * it has them all. Inside a transaction; undefined if there is none of that UUID.
 */
export function revokeInstance(
  db: Database,
  uuid: string,
  cause: RevocationCause,
): Revocation | undefined {
  const before = db.row('SELECT evidence, revoked_at_ms FROM instance WHERE uuid = ?', uuid);
  if (!before) return undefined;
  const taken = takeInstances(db, uuid, String(before.evidence), cause);
  const row = db.row('SELECT * FROM instance WHERE uuid = ?', uuid) ?? before;
  const digests = [...new Set([uuid, ...taken])].flatMap((each) => liveDigests(db, each, cause));
  return {
    kind: 'instance',
    instance: uuid,
    instances: taken,
    digests: digests.sort(),
    repeated: before.revoked_at_ms !== null,
    ...toCause(row),
  };
}

/** Revokes one certificate. Inside a transaction; undefined if there is none of that digest. */
export function revokeCertificate(
  db: Database,
  sha256: string,
  cause: RevocationCause,
): Revocation | undefined {
  const changed = db.run(
    `UPDATE certificate SET revoked_at_ms = ?, revoked_reason = ?, revoked_by = ?
     WHERE sha256 = ? AND revoked_at_ms IS NULL`,
    ...[cause.atMs, cause.reason, cause.actor, sha256],
  );
  const row = db.row('SELECT * FROM certificate WHERE sha256 = ?', sha256);
  if (!row) return undefined;
  return {
    kind: 'certificate',
    instance: String(row.instance),
    instances: changed === 0 ? [] : [String(row.instance)],
    digests: Number(row.not_after_ms) > cause.atMs ? [sha256] : [],
    repeated: changed === 0,
    ...toCause(row),
  };
}

function takeInstances(
  db: Database,
  uuid: string,
  evidence: string,
  cause: RevocationCause,
): string[] {
  // Without evidence nothing says who is the same: such an instance is alone.
  const where = evidence === '' ? 'uuid = ?' : `evidence = ? AND evidence <> ''`;
  const rows = db.rows(
    `UPDATE instance SET revoked_at_ms = ?, revoked_reason = ?, revoked_by = ?
     WHERE ${where} AND revoked_at_ms IS NULL RETURNING uuid`,
    ...[cause.atMs, cause.reason, cause.actor, evidence === '' ? uuid : evidence],
  );
  return rows.map((row) => String(row.uuid)).sort();
}

function liveDigests(db: Database, uuid: string, { atMs }: RevocationCause): string[] {
  const sql = 'SELECT sha256 FROM certificate WHERE instance = ? AND not_after_ms > ?';
  return db.rows(sql, uuid, atMs).map(({ sha256 }) => String(sha256));
}

function toCause(row: Row): RevocationCause {
  return {
    atMs: Number(row.revoked_at_ms),
    reason: String(row.revoked_reason),
    actor: String(row.revoked_by),
  };
}
