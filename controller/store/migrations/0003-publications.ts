/** Schema 3: published policy sets, version counters of bundles and the epoch of the state. */

export const publicationsSchema = `
CREATE TABLE policy_set (
  digest TEXT PRIMARY KEY,
  files TEXT NOT NULL
) STRICT;

CREATE TABLE publication (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  digest TEXT NOT NULL REFERENCES policy_set (digest),
  published_at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL
) STRICT;

CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT;
`;
