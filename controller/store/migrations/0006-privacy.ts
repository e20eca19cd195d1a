/** Schema 6: generations of masking keys, and who asked for clear values. */

export const privacySchema = `
CREATE TABLE masking_key (
  key_id INTEGER PRIMARY KEY,
  secret_sha256 TEXT NOT NULL,
  made_at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;

CREATE TABLE reveal (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  cleared TEXT,
  kind TEXT NOT NULL,
  key_id INTEGER,
  value_sha256 TEXT NOT NULL,
  reason TEXT NOT NULL,
  result TEXT NOT NULL
) STRICT;
`;
