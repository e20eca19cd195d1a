/** Schema 2: audit records and, for each filter VM, what came of them. */

export const auditSchema = `
CREATE TABLE audit_vm (
  number INTEGER PRIMARY KEY,
  reporter TEXT NOT NULL,
  vm_id TEXT NOT NULL,
  stored INTEGER NOT NULL,
  highest_seq INTEGER NOT NULL,
  dropped INTEGER NOT NULL,
  UNIQUE (reporter, vm_id)
) STRICT;

CREATE TABLE audit_record (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  vm INTEGER NOT NULL REFERENCES audit_vm (number),
  seq INTEGER NOT NULL,
  received_at_ms INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  decision INTEGER NOT NULL,
  direction TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  band TEXT NOT NULL,
  bundle_version INTEGER NOT NULL,
  state_epoch INTEGER NOT NULL,
  clearance INTEGER NOT NULL,
  masked_request INTEGER NOT NULL,
  masked_response INTEGER NOT NULL,
  source TEXT NOT NULL,
  rule TEXT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  body_reason TEXT,
  cut_by_revocation INTEGER NOT NULL,
  UNIQUE (vm, seq)
) STRICT;

CREATE INDEX audit_record_source ON audit_record (source, id);
CREATE INDEX audit_record_verdict ON audit_record (verdict, id);
`;
