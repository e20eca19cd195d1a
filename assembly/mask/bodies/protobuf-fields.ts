/** Which rules hold for a protobuf field: the records of its message that the bundle has. */
import { MaskField, MaskHeader, MaskMessage, NONE } from '../../layout';
import { ruleStrength } from '../rules';
import { Masker } from '../state';

/** FieldKind of a field of which nothing is known. */
export const UNKNOWN_KIND: u32 = NONE;

/** FieldKind of the field that was looked up, or UNKNOWN_KIND. */
export let fieldKind: u32 = UNKNOWN_KIND;

/** Greatest strength of its rules in force, 0 when there is none. */
export let fieldStrength: u32 = 0;

/** MaskMessage of what is in it, or NONE. */
export let fieldMessage: u32 = NONE;

/** Looks field `number` of a MaskMessage up; of several records the strongest counts. */
export function findField(m: Masker, message: u32, number: u32): void {
  fieldKind = UNKNOWN_KIND;
  fieldStrength = 0;
  fieldMessage = NONE;
  if (message == NONE) return;
  const blob = m.blob;
  const record = blob + load<u32>(blob, MaskHeader.messageOff) + <usize>message * MaskMessage.SIZE;
  const first = load<u32>(record, MaskMessage.fieldStart);
  const end = first + load<u32>(record, MaskMessage.fieldCount);
  for (let i = lowerBound(blob, first, end, number); i < end; i++) {
    const field = fieldAt(blob, i);
    if (load<u32>(field, MaskField.number) != number) return;
    fieldKind = load<u32>(field, MaskField.kind);
    const inner = load<u32>(field, MaskField.message);
    if (inner != NONE) fieldMessage = inner;
    const strength = ruleStrength(blob, load<u32>(field, MaskField.rule), m.clearance, m.band);
    if (strength > fieldStrength) fieldStrength = strength;
  }
}

/** The first record from `first` on with at least this number. */
function lowerBound(blob: usize, first: u32, end: u32, number: u32): u32 {
  let low = first;
  let high = end;
  while (low < high) {
    const middle = low + ((high - low) >> 1);
    if (load<u32>(fieldAt(blob, middle), MaskField.number) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

function fieldAt(blob: usize, index: u32): usize {
  return blob + load<u32>(blob, MaskHeader.fieldOff) + <usize>index * MaskField.SIZE;
}
