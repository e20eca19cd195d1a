/** Rows of registrations: what instances join under, and what operators declared by name. */
import type { Labels, Registration } from '../identity/model.ts';
import type { StoredServiceRegistration } from '../identity/registrations.ts';
import type { Database, Row } from './database.ts';
import { toRegistration } from './identity-rows.ts';

/** The id of the registration with these names and labels, which is stored if there is none. Inside a transaction. */
export function findRegistrationId(db: Database, registration: Registration): string {
  const { id, trustDomain, environment, team, service, createdAtMs } = registration;
  const names = [trustDomain, environment, team, service, sortedJson(registration.labels)];
  db.run(
    'INSERT OR IGNORE INTO registration VALUES (?, ?, ?, ?, ?, ?, ?)',
    id,
    ...names,
    createdAtMs,
  );
  const row = db.row(
    `SELECT id FROM registration
     WHERE trust_domain = ? AND environment = ? AND team = ? AND service = ? AND labels = ?`,
    ...names,
  );
  return String(row?.id ?? id);
}

/** Stores a declaration in place of the one of its name. */
export function writeRegistration(
  db: Database,
  named: StoredServiceRegistration,
  registrationId: string,
): void {
  db.run(
    `INSERT OR REPLACE INTO service_registration
       (name, registration_id, selectors, region, set_at_ms, actor) VALUES (?, ?, ?, ?, ?, ?)`,
    named.name,
    registrationId,
    JSON.stringify(named.attest),
    named.region ?? null,
    named.setAtMs,
    named.actor,
  );
}

/** All declarations, by name. */
export function readRegistrations(db: Database): StoredServiceRegistration[] {
  const rows = db.rows(
    `SELECT s.name, s.registration_id, s.selectors, s.region, s.set_at_ms, s.actor, r.*
     FROM service_registration s JOIN registration r ON r.id = s.registration_id ORDER BY s.name`,
  );
  return rows.map(toNamed);
}

function toNamed(row: Row): StoredServiceRegistration {
  const { environment, team, service, labels, id } = toRegistration(row);
  const selectors: unknown = JSON.parse(String(row.selectors));
  if (!Array.isArray(selectors)) throw new TypeError('selectors of a registration are no list');
  return {
    name: String(row.name),
    registrationId: id,
    environment,
    team,
    service,
    labels,
    region: row.region === null ? undefined : String(row.region),
    attest: selectors.map(String),
    setAtMs: Number(row.set_at_ms),
    actor: String(row.actor),
  };
}

// Sorted, because the unique key of a registration compares the text.
function sortedJson(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
