/** Writes and reads protobuf messages for the kernel tests; reading is done by @bufbuild/protobuf. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A field: a number is a varint, a bigint a fixed64, `f32` a fixed32, an array a message, `group` a group. */
export type Value =
  | number
  | bigint
  | string
  | Buffer
  | { f32: number }
  | { group: Field[] }
  | Field[];
export type Field = [number: number, value: Value];

/** The bytes of a message. */
export function writeMessage(fields: readonly Field[]): Buffer {
  const writer = new BinaryWriter();
  for (const [number, value] of fields) {
    if (typeof value === 'number') writer.tag(number, WireType.Varint).uint32(value);
    else if (typeof value === 'bigint') writer.tag(number, WireType.Bit64).fixed64(value);
    else if (typeof value === 'string') writer.tag(number, WireType.LengthDelimited).string(value);
    else if (Buffer.isBuffer(value)) writer.tag(number, WireType.LengthDelimited).bytes(value);
    else if (Array.isArray(value))
      writer.tag(number, WireType.LengthDelimited).bytes(writeMessage(value));
    else if ('f32' in value) writer.tag(number, WireType.Bit32).fixed32(value.f32);
    else
      writer
        .tag(number, WireType.StartGroup)
        .raw(writeMessage(value.group))
        .tag(number, WireType.EndGroup);
  }
  return Buffer.from(writer.finish());
}

/** A schema for reading: what is in a length-delimited field. */
export interface Schema {
  [number: number]: 'text' | 'bytes' | Schema;
}

/** Reads a message; throws when it is none. Fields that the schema does not have come as bytes. */
export function readMessage(bytes: Uint8Array, schema: Schema, group?: BinaryReader): Field[] {
  const reader = group ?? new BinaryReader(bytes);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    if (wire === WireType.EndGroup) return fields;
    const kind = schema[number];
    if (wire === WireType.Varint) fields.push([number, Number(reader.uint64())]);
    else if (wire === WireType.Bit64) fields.push([number, BigInt(reader.fixed64())]);
    else if (wire === WireType.Bit32) fields.push([number, { f32: reader.fixed32() }]);
    else if (wire === WireType.StartGroup) {
      const inner = typeof kind === 'object' ? kind : {};
      fields.push([number, { group: readMessage(bytes, inner, reader) }]);
    } else fields.push([number, readContent(reader.bytes(), kind)]);
  }
  return fields;
}

/** A gRPC frame. */
export function frame(payload: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag);
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

function readContent(bytes: Uint8Array, kind: 'text' | 'bytes' | Schema | undefined): Value {
  if (typeof kind === 'object') return readMessage(bytes, kind);
  if (kind === 'text') return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  return Buffer.from(bytes);
}
