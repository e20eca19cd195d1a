/** The vocabulary in which layouts are written: little-endian structs with natural alignment, and enums. */

/** Width in bytes of each field type. `str` is an offset and a length (u32 each) into the strings section. */
export const FIELD_BYTES = {
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  f64: 8,
  str: 8,
  b16: 16,
  b32: 32,
} as const;

export type FieldType = keyof typeof FIELD_BYTES;

/** One field: name, type, meaning (with unit and range where it has them). */
export type Field = readonly [name: string, type: FieldType, doc: string];

export interface Struct {
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly Field[];
}

/** One enum member: name, number on the wire, meaning. Numbers are never used again once given away. */
export type Member = readonly [name: string, value: number, doc: string];

export interface Enum {
  readonly name: string;
  readonly doc: string;
  readonly members: readonly Member[];
}

/** A named number with the reason for it. */
export type Constant = readonly [name: string, value: number, doc: string];

/** Where a field lies. */
export interface PlacedField {
  readonly name: string;
  readonly type: FieldType;
  readonly doc: string;
  readonly offset: number;
}

/**
 * Gives every field its offset.
 * Throws when a field is not aligned to its own width or the struct is no multiple of 8 bytes: the layout says its
 * padding, it is never implied.
 */
export function placeFields(struct: Struct): { fields: PlacedField[]; size: number } {
  let offset = 0;
  const fields = struct.fields.map(([name, type, doc]): PlacedField => {
    const align = type === 'str' ? 4 : Math.min(FIELD_BYTES[type], 8);
    if (offset % align !== 0)
      throw new Error(`${struct.name}.${name} at ${offset} is not aligned to ${align}`);
    const placed = { name, type, doc, offset };
    offset += FIELD_BYTES[type];
    return placed;
  });
  if (offset % 8 !== 0)
    throw new Error(`${struct.name} has ${offset} bytes, expected a multiple of 8`);
  return { fields, size: offset };
}
