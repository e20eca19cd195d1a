/** Schema 7: records say which labels were found, and what became of bodies that could not be read. */

export const bodyOutcomesSchema = `
ALTER TABLE audit_record ADD COLUMN labels INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit_record ADD COLUMN body_passed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit_record ADD COLUMN body_redacted INTEGER NOT NULL DEFAULT 0;
`;
