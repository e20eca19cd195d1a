/** Schema 5: records say whether shadow rules would have decided otherwise. */

export const shadowDiffersSchema = `
ALTER TABLE audit_record ADD COLUMN shadow_differs INTEGER NOT NULL DEFAULT 0;
`;
