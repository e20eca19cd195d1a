/** Schema 10: issuing keys and which of them signed a certificate. */

export const issuersSchema = `
CREATE TABLE issuer (
  id TEXT PRIMARY KEY,
  key_hash TEXT NOT NULL UNIQUE,
  root_key_hash TEXT NOT NULL,
  state TEXT NOT NULL,
  generation INTEGER NOT NULL,
  made_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL,
  not_after_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL
) STRICT;

ALTER TABLE certificate ADD COLUMN issuer TEXT;

CREATE INDEX certificate_of_issuer ON certificate (issuer, not_after_ms);
`;
