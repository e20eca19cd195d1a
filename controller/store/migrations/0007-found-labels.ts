/** Schema 7: records say which labels were found in what passed. */

export const foundLabelsSchema = `
ALTER TABLE audit_record ADD COLUMN labels INTEGER NOT NULL DEFAULT 0;
`;
