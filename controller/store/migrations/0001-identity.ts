/** Schema 1: registrations, tokens, instances and certificates. */

export const identitySchema = `
CREATE TABLE authority (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  trust_domain TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE registration (
  id TEXT PRIMARY KEY,
  trust_domain TEXT NOT NULL,
  environment TEXT NOT NULL,
  team TEXT NOT NULL,
  service TEXT NOT NULL,
  labels TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  UNIQUE (trust_domain, environment, team, service, labels)
) STRICT;

CREATE TABLE token (
  id TEXT PRIMARY KEY,
  secret_sha256 TEXT NOT NULL,
  registration_id TEXT NOT NULL REFERENCES registration (id),
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  consumed_at_ms INTEGER
) STRICT;

CREATE TABLE instance (
  uuid TEXT PRIMARY KEY,
  registration_id TEXT NOT NULL REFERENCES registration (id),
  spiffe_id TEXT NOT NULL UNIQUE,
  joined_at_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER,
  revoked_reason TEXT,
  revoked_by TEXT
) STRICT;

CREATE TABLE certificate (
  sha256 TEXT PRIMARY KEY,
  serial TEXT NOT NULL UNIQUE,
  instance TEXT NOT NULL REFERENCES instance (uuid),
  not_before_ms INTEGER NOT NULL,
  not_after_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER,
  revoked_reason TEXT,
  revoked_by TEXT
) STRICT;

CREATE INDEX certificate_of_instance ON certificate (instance, not_before_ms);
CREATE INDEX certificate_end ON certificate (not_after_ms);
`;
