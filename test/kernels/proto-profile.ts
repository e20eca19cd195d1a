/** The protobuf messages that the kernel tests mask, and how they are read back. */
import type { Profile, RuleSpec } from './mask-blob.ts';
import type { Schema } from './proto-wire.ts';

/** A rule. */
export const rule = (operator: RuleSpec['operator'], rest: Partial<RuleSpec> = {}): RuleSpec => ({
  operator,
  ...rest,
});
const redact = rule('Redact');
const keep = rule('KeepLast', { keep: 4 });

/** Rules on many kinds of fields. */
export const profile: Profile = {
  messages: [
    [
      { number: 1, kind: 'Text', rule: redact },
      { number: 2, kind: 'Text', rule: keep },
      { number: 3, kind: 'Varint', rule: redact },
      { number: 4, kind: 'Fixed64', rule: redact },
      { number: 5, kind: 'Fixed32', rule: redact },
      { number: 6, kind: 'Bytes', rule: redact },
      { number: 7, kind: 'PackedVarint', rule: redact },
      { number: 8, kind: 'PackedFixed32', rule: redact },
      { number: 9, kind: 'Message', message: 1 },
      { number: 10, kind: 'Message', rule: redact, message: 2 },
      { number: 11, kind: 'Group', message: 1 },
      { number: 12, kind: 'Message', rule: redact },
      { number: 13, kind: 'Text', rule: keep },
      { number: 13, kind: 'Text', rule: redact },
      { number: 14, kind: 'Text', rule: rule('KeepFirst', { keep: 2 }) },
      { number: 15, kind: 'Text', rule: rule('Truncate', { keep: 2 }) },
      { number: 16, kind: 'Text', rule: rule('Hash', { param: 16 }) },
      { number: 17, kind: 'Text', rule: rule('FormatPreserving', { param: 10 }) },
      { number: 18, kind: 'Text', rule: rule('DateShift', { param: 30 }) },
      { number: 19, kind: 'Text', rule: rule('Token') },
      { number: 20, kind: 'Text', rule: rule('Replace', { text: 'abc' }) },
      { number: 21, kind: 'Text', rule: rule('Bucket', { param: 10 }) },
    ],
    [
      { number: 1, kind: 'Text', rule: keep },
      { number: 2, kind: 'Message', message: 1 },
    ],
    [
      { number: 1, kind: 'Text' },
      { number: 2, kind: 'Bytes' },
      { number: 3, kind: 'Message', message: 2 },
      { number: 4, kind: 'PackedVarint' },
    ],
  ],
};
/** The same, and cards wherever they are. */
export const detecting: Profile = { ...profile, card: keep };
/** What is in the fields. */
export const schema: Schema = {
  1: 'text',
  2: 'text',
  9: { 1: 'text', 2: { 1: 'text' }, 3: 'text' },
  10: { 1: 'text', 3: { 1: 'text', 2: 'bytes' }, 5: 'text' },
  11: { 1: 'text' },
  12: { 1: { 1: 'text' }, 5: 'text' },
};
for (const number of [13, 14, 15, 16, 17, 18, 19, 20, 21, 30]) schema[number] = 'text';
