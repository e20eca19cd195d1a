/** Schema 20: federated trust domains with their last good bundles. */

export const federationSchema = `
CREATE TABLE federated_domain (
  trust_domain TEXT PRIMARY KEY,
  source_kind TEXT NOT NULL,
  place TEXT NOT NULL,
  ca_pem TEXT,
  document TEXT NOT NULL,
  refreshed_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL,
  fault TEXT,
  failing_since_ms INTEGER,
  added_at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
