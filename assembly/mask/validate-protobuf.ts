/** Checks what a mask blob says of protobuf messages. They may hold each other: the depth is bounded when they are read. */
import { FieldKind, MaskField, MaskHeader, MaskMessage, MaskMethod, NONE } from '../layout';
import {
  KEY_LEN_MAX,
  isIndexOrNone,
  isTextInside,
  tableAt,
  tableCount,
  textAt,
  textLen,
} from './blob-bounds';

/** Greatest field number of protobuf. */
const FIELD_NUMBER_MAX: u32 = 0x1fff_ffff;
const SLASH: u8 = 0x2f;

/** Whether methods, messages and fields lead to each other, and messages have their fields by rising number. */
export function isProtobufValid(blob: usize): bool {
  return areMethodsValid(blob) && areMessagesValid(blob);
}

function areMethodsValid(blob: usize): bool {
  const messages = tableCount(blob, MaskHeader.messageOff);
  let method = tableAt(blob, MaskHeader.methodOff);
  for (let left = tableCount(blob, MaskHeader.methodOff); left > 0; left--) {
    const path = method + MaskMethod.path;
    if (!isTextInside(blob, path, KEY_LEN_MAX) || textLen(path) == 0) return false;
    if (load<u8>(textAt(blob, path)) != SLASH) return false;
    if (!isIndexOrNone(load<u32>(method, MaskMethod.message), messages)) return false;
    if (load<u32>(method, MaskMethod.isStreamed) > 1) return false;
    method += MaskMethod.SIZE;
  }
  return true;
}

/** The fields of a message follow those of the one before it, so that each is looked at once. */
function areMessagesValid(blob: usize): bool {
  const fields = tableCount(blob, MaskHeader.fieldOff);
  let message = tableAt(blob, MaskHeader.messageOff);
  let next: u32 = 0;
  for (let left = tableCount(blob, MaskHeader.messageOff); left > 0; left--) {
    const count = load<u32>(message, MaskMessage.fieldCount);
    if (load<u32>(message, MaskMessage.fieldStart) != next || count > fields - next) return false;
    if (!areFieldsValid(blob, next, count)) return false;
    next += count;
    message += MaskMessage.SIZE;
  }
  return next == fields;
}

function areFieldsValid(blob: usize, start: u32, count: u32): bool {
  const rules = tableCount(blob, MaskHeader.ruleOff);
  const messages = tableCount(blob, MaskHeader.messageOff);
  let field = tableAt(blob, MaskHeader.fieldOff) + <usize>start * MaskField.SIZE;
  let least: u32 = 1;
  for (let left = count; left > 0; left--) {
    const number = load<u32>(field, MaskField.number);
    if (number < least || number > FIELD_NUMBER_MAX) return false;
    least = number;
    const kind = load<u32>(field, MaskField.kind);
    const message = load<u32>(field, MaskField.message);
    if (kind > <u32>FieldKind.PackedFixed32) return false;
    if (!isIndexOrNone(load<u32>(field, MaskField.rule), rules)) return false;
    if (kind == <u32>FieldKind.Message || kind == <u32>FieldKind.Group) {
      if (!isIndexOrNone(message, messages)) return false;
    } else if (message != NONE) return false;
    field += MaskField.SIZE;
  }
  return true;
}
