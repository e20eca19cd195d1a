/** Schema 15: named registrations with selectors, how instances were attested, revoked groups, forced rotations. */

export const serviceIdentitySchema = `
ALTER TABLE token ADD COLUMN host TEXT;
ALTER TABLE token ADD COLUMN agent TEXT;

ALTER TABLE instance ADD COLUMN method TEXT NOT NULL DEFAULT 'join_token';
ALTER TABLE instance ADD COLUMN evidence TEXT NOT NULL DEFAULT '';
CREATE INDEX instance_evidence ON instance (evidence) WHERE evidence <> '';
CREATE INDEX instance_registration ON instance (registration_id);

ALTER TABLE certificate ADD COLUMN rotation INTEGER NOT NULL DEFAULT 0;

CREATE TABLE service_registration (
  name TEXT PRIMARY KEY,
  registration_id TEXT NOT NULL REFERENCES registration (id),
  selectors TEXT NOT NULL,
  region TEXT,
  set_at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE revoked_group (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  lifted_at_ms INTEGER,
  lifted_by TEXT,
  lift_reason TEXT
) STRICT;
CREATE UNIQUE INDEX revoked_group_in_force ON revoked_group (kind, name) WHERE lifted_at_ms IS NULL;

CREATE TABLE rotation_order (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  spread_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL
) STRICT;

CREATE INDEX certificate_revoked ON certificate (not_after_ms) WHERE revoked_at_ms IS NOT NULL;
CREATE INDEX instance_revoked ON instance (uuid) WHERE revoked_at_ms IS NOT NULL;
`;
