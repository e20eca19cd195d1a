/** Protobuf messages in mask blobs of the kernel tests. */
import { FieldKind, MaskField, MaskHeader, MaskMessage, NONE } from '../../controller/layout.ts';

/** A field of a protobuf message, with a rule as the caller says it; those of one message by rising number. */
export interface FieldSpec<Rule> {
  number: number;
  kind: keyof typeof FieldKind;
  rule?: Rule;
  message?: number;
}

/** The blob with tables of messages behind it. */
export function appendMessages<Rule>(
  blob: Buffer,
  messages: readonly (readonly FieldSpec<Rule>[])[],
  rules: { indexOf(rule: Rule): number },
): Buffer {
  const fields = messages.flat();
  const table = Buffer.alloc(messages.length * MaskMessage.SIZE + fields.length * MaskField.SIZE);
  const fieldOff = messages.length * MaskMessage.SIZE;
  let start = 0;
  messages.forEach((message, i) => {
    table.writeUInt32LE(start, i * MaskMessage.SIZE + MaskMessage.fieldStart);
    table.writeUInt32LE(message.length, i * MaskMessage.SIZE + MaskMessage.fieldCount);
    start += message.length;
  });
  fields.forEach((field, i) => {
    const at = fieldOff + i * MaskField.SIZE;
    table.writeUInt32LE(field.number, at + MaskField.number);
    table.writeUInt32LE(FieldKind[field.kind], at + MaskField.kind);
    table.writeUInt32LE(field.rule ? rules.indexOf(field.rule) : NONE, at + MaskField.rule);
    table.writeUInt32LE(field.message ?? NONE, at + MaskField.message);
  });
  const all = Buffer.concat([blob, table], Math.ceil((blob.length + table.length) / 8) * 8);
  const header: [number, number][] = [
    [MaskHeader.totalLen, all.length],
    [MaskHeader.messageOff, blob.length],
    [MaskHeader.messageCount, messages.length],
    [MaskHeader.fieldOff, blob.length + fieldOff],
    [MaskHeader.fieldCount, fields.length],
  ];
  for (const [field, value] of header) all.writeUInt32LE(value, field);
  return all;
}
