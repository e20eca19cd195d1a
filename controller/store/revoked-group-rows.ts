/** Rows of revoked groups, and what revoking one does to instances and certificates. */
import type { RevocationCause, SignedCertificate } from '../identity/model.ts';
import type {
  GroupKind,
  GroupRevocation,
  GroupTarget,
  RevokedGroup,
} from '../identity/revoked-groups.ts';
import { nextCount } from './counters.ts';
import type { Database, Row } from './database.ts';

/** Whether the service, team or domain of a registration is revoked. Inside the transaction that lets somebody in. */
export function isBlocked(db: Database, registrationId: string): boolean {
  const row = db.row(
    `SELECT 1 FROM registration r JOIN revoked_group g ON g.lifted_at_ms IS NULL AND (
         (g.kind = 'service' AND g.name = r.environment || '/' || r.service)
      OR (g.kind = 'team' AND g.name = r.team)
      OR (g.kind = 'domain' AND g.name = r.trust_domain))
     WHERE r.id = ? LIMIT 1`,
    registrationId,
  );
  return row !== undefined;
}

/**
 * Whether the key that signed a certificate was revoked while the certificate was on its way here.
 * An active key goes on signing after everything that it had signed was revoked: what it signs from
 * then on is good. Inside the transaction that stores the certificate.
 */
export function isSignerRevoked(db: Database, certificate: SignedCertificate): boolean {
  const { issuer = null, keyRevision: revision } = certificate;
  const gone = `SELECT 1 FROM issuer WHERE id = ? AND state IN ('revoked', 'gone')`;
  if (db.row(gone, issuer)) return true;
  if (revision === keyRevision(db)) return false;
  return (
    db.row(`SELECT 1 FROM revoked_group WHERE kind = 'key' AND name = ?`, issuer) !== undefined
  );
}

/** Rises whenever everything that a key signed is revoked, also when that is repeated. */
export function keyRevision(db: Database): number {
  return Number(db.row('SELECT value FROM counter WHERE name = ?', keyRevisionName)?.value ?? 0);
}

/** Revokes what belongs to the group and remembers it. Inside a transaction. */
export function revokeGroup(
  db: Database,
  id: string,
  target: GroupTarget,
  cause: RevocationCause,
): GroupRevocation {
  const { kind, name } = target;
  const { atMs, reason, actor } = cause;
  const inForce = db.row(
    'SELECT * FROM revoked_group WHERE kind = ? AND name = ? AND lifted_at_ms IS NULL',
    kind,
    name,
  );
  if (!inForce) {
    db.run(
      'INSERT INTO revoked_group (id, kind, name, at_ms, reason, actor) VALUES (?, ?, ?, ?, ?, ?)',
      ...[id, kind, name, atMs, reason, actor],
    );
  }
  if (kind === 'key') nextCount(db, keyRevisionName, 0);
  const taken =
    kind === 'key' ? takeCertificates(db, name, cause) : takeInstances(db, target, cause);
  const group = inForce ? toGroup(inForce) : { id, kind, name, atMs, reason, actor };
  return { ...group, ...taken, repeated: inForce !== undefined };
}

/** Ends a block. Inside a transaction. */
export function liftGroup(
  db: Database,
  id: string,
  { atMs, reason, actor }: RevocationCause,
): RevokedGroup | undefined {
  const changed = db.run(
    `UPDATE revoked_group SET lifted_at_ms = ?, lift_reason = ?, lifted_by = ?
     WHERE id = ? AND lifted_at_ms IS NULL`,
    ...[atMs, reason, actor, id],
  );
  const row = changed > 0 ? db.row('SELECT * FROM revoked_group WHERE id = ?', id) : undefined;
  return row && toGroup(row);
}

/** Those in force, oldest first. */
export function readGroups(db: Database): RevokedGroup[] {
  const sql = 'SELECT * FROM revoked_group WHERE lifted_at_ms IS NULL ORDER BY at_ms, id';
  return db.rows(sql).map(toGroup);
}

interface Taken {
  readonly instances: readonly string[];
  readonly certificates: number;
}

function takeInstances(db: Database, target: GroupTarget, cause: RevocationCause): Taken {
  const { where, value } = memberOf(target);
  const members = `SELECT i.uuid FROM instance i JOIN registration r ON r.id = i.registration_id
     WHERE ${where} AND i.revoked_at_ms IS NULL`;
  const count = db.row(
    `SELECT count(*) AS n FROM certificate WHERE not_after_ms > ? AND instance IN (${members})`,
    cause.atMs,
    value,
  );
  const rows = db.rows(
    `UPDATE instance SET revoked_at_ms = ?, revoked_reason = ?, revoked_by = ?
     WHERE uuid IN (${members}) RETURNING uuid`,
    ...[cause.atMs, cause.reason, cause.actor, value],
  );
  return { instances: rows.map(({ uuid }) => String(uuid)).sort(), certificates: Number(count?.n) };
}

function takeCertificates(db: Database, issuer: string, cause: RevocationCause): Taken {
  const rows = db.rows(
    `SELECT DISTINCT instance FROM certificate
     WHERE issuer = ? AND revoked_at_ms IS NULL AND not_after_ms > ? ORDER BY instance`,
    ...[issuer, cause.atMs],
  );
  const certificates = db.run(
    `UPDATE certificate SET revoked_at_ms = ?, revoked_reason = ?, revoked_by = ?
     WHERE issuer = ? AND revoked_at_ms IS NULL AND not_after_ms > ?`,
    ...[cause.atMs, cause.reason, cause.actor, issuer, cause.atMs],
  );
  return { instances: rows.map(({ instance }) => String(instance)), certificates };
}

function memberOf({ kind, name }: GroupTarget): { where: string; value: string } {
  if (kind === 'service') return { where: `r.environment || '/' || r.service = ?`, value: name };
  return { where: kind === 'team' ? 'r.team = ?' : 'r.trust_domain = ?', value: name };
}

function toGroup(row: Row): RevokedGroup {
  const text = (value: unknown) => (value === null ? undefined : String(value));
  return {
    id: String(row.id),
    kind: String(row.kind) as GroupKind,
    name: String(row.name),
    atMs: Number(row.at_ms),
    reason: String(row.reason),
    actor: String(row.actor),
    liftedAtMs: row.lifted_at_ms === null ? undefined : Number(row.lifted_at_ms),
    liftedBy: text(row.lifted_by),
    liftReason: text(row.lift_reason),
  };
}

const keyRevisionName = 'key-revision';
