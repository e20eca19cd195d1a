/** Rows of rotation orders. A certificate knows the newest order that was there when it was stored. */
import type { RevocationCause } from '../identity/model.ts';
import type { RotationOrder, RotationTarget } from '../identity/rotations.ts';
import type { Database, Row } from './database.ts';

/** Number of the newest order; 0: there is none. */
export function newestOrder(db: Database): number {
  return Number(db.row('SELECT ifnull(max(number), 0) AS n FROM rotation_order')?.n ?? 0);
}

/** Stores an order and counts whom it concerns. Inside a transaction. */
export function addOrder(
  db: Database,
  { kind, name }: RotationTarget,
  spreadMs: number,
  { atMs, reason, actor }: RevocationCause,
): { order: RotationOrder; concerned: number } {
  db.run(
    `INSERT INTO rotation_order (kind, name, at_ms, spread_ms, reason, actor)
     VALUES (?, ?, ?, ?, ?, ?)`,
    ...[kind, name, atMs, spreadMs, reason, actor],
  );
  const number = newestOrder(db);
  const count = db.row(
    `SELECT count(*) AS n FROM (${openCertificates}) WHERE number = ?`,
    atMs,
    number,
  );
  const order = { number, kind, name, spreadMs, atMs, reason, actor };
  return { order, concerned: Number(count?.n) };
}

/** The newest order that a certificate has still to follow. */
export function findDue(db: Database, sha256: string): RotationOrder | undefined {
  const row = db.row(
    `SELECT o.* FROM certificate c JOIN instance i ON i.uuid = c.instance
     JOIN registration r ON r.id = i.registration_id
     JOIN rotation_order o ON o.number > c.rotation AND ${concerns}
     WHERE c.sha256 = ? ORDER BY o.number DESC LIMIT 1`,
    sha256,
  );
  return row && toOrder(row);
}

/** Instances that have not followed. */
export function readOpen(db: Database, nowMs: number): string[] {
  return db
    .rows(`SELECT DISTINCT uuid FROM (${openCertificates}) ORDER BY uuid`, nowMs)
    .map(({ uuid }) => String(uuid));
}

function toOrder(row: Row): RotationOrder {
  return {
    number: Number(row.number),
    kind: String(row.kind) as RotationOrder['kind'],
    name: String(row.name),
    spreadMs: Number(row.spread_ms),
    atMs: Number(row.at_ms),
    reason: String(row.reason),
    actor: String(row.actor),
  };
}

const concerns = `(
     o.kind = 'all'
  OR (o.kind = 'instance' AND o.name = i.uuid)
  OR (o.kind = 'key' AND o.name = c.issuer)
  OR (o.kind = 'service' AND o.name = r.environment || '/' || r.service))`;

/** Newest certificates of instances that are not revoked, unexpired at `?`, with the orders they have not followed. */
const openCertificates = `
  SELECT i.uuid, o.number FROM instance i JOIN registration r ON r.id = i.registration_id
  JOIN certificate c ON c.rowid = (
    SELECT rowid FROM certificate WHERE instance = i.uuid
    ORDER BY not_before_ms DESC, rowid DESC LIMIT 1)
  JOIN rotation_order o ON o.number > c.rotation AND ${concerns}
  WHERE i.revoked_at_ms IS NULL AND c.not_after_ms > ?`;
