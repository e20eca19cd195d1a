/** Schema 4: signals, facts, bands and restrictions. */

export const liveValuesSchema = `
CREATE TABLE signal (
  subject TEXT NOT NULL,
  attribute INTEGER NOT NULL,
  value REAL NOT NULL,
  observed_at_ms INTEGER NOT NULL,
  max_age_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  PRIMARY KEY (subject, attribute)
) STRICT, WITHOUT ROWID;

CREATE TABLE fact (
  name TEXT PRIMARY KEY,
  value REAL NOT NULL,
  set_at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE band (
  subject TEXT PRIMARY KEY,
  band INTEGER NOT NULL,
  set_at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE restriction (
  id TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  side INTEGER NOT NULL,
  verdict INTEGER NOT NULL,
  read_only INTEGER NOT NULL,
  no_clearance INTEGER NOT NULL,
  rate_per_second REAL NOT NULL,
  burst INTEGER NOT NULL,
  retry_after_seconds INTEGER NOT NULL,
  set_at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  until_ms INTEGER NOT NULL,
  released_at_ms INTEGER,
  released_by TEXT,
  release_reason TEXT
) STRICT;

CREATE INDEX restriction_in_force ON restriction (set_at_ms) WHERE released_at_ms IS NULL;
`;
