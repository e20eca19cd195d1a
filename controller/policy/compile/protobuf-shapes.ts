/** Protobuf messages as field paths see them: each field with its way down and how it is encoded. */
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';

import { FieldKind } from '../../layout.ts';

/**
 * How a value relates to the message that its field is in, in the JSON form of protobuf (protobuf.dev, "ProtoJSON"):
 * `member` and `elements` of a list by the names of the field; `map` is an object of its own whose entries hold `mapValue`
 * under names that are not known; `same` is no step at all, `element` a step into a list; `opaque` cannot be looked into.
 */
export type Way = 'member' | 'elements' | 'map' | 'mapValue' | 'same' | 'element' | 'opaque';

/** A field. `message` is what it holds, for messages. */
export interface ShapeField {
  readonly number: number;
  readonly kind: FieldKind;
  readonly names: readonly string[];
  readonly way: Way;
  readonly message: Shape | undefined;
}

/** A message. Types may hold themselves, so fields are read when they are asked for. */
export interface Shape {
  /** Unique: the full name of the type; of a map's entry, that of its field behind it. */
  readonly name: string;
  fields(): readonly ShapeField[];
}

/** The shape of a message type. Keys of maps are no values, as names of members are none. */
export function shapeOf(type: DescMessage): Shape {
  return { name: type.typeName, fields: () => type.fields.map((field) => fieldOf(type, field)) };
}

function fieldOf(type: DescMessage, field: DescField): ShapeField {
  const message = field.message === undefined ? undefined : shapeOf(field.message);
  return {
    number: field.number,
    kind: kindOf(field),
    names: [...new Set([field.name, field.jsonName])],
    way: wayOf(type, field),
    message: field.fieldKind === 'map' ? entryOf(type, field, message) : message,
  };
}

function entryOf(
  type: DescMessage,
  field: Extract<DescField, { fieldKind: 'map' }>,
  message: Shape | undefined,
): Shape {
  const kind = field.mapKind === 'scalar' ? scalarKind(field.scalar) : mapKinds[field.mapKind];
  const value: ShapeField = { number: 2, kind, names: [], way: 'mapValue', message };
  return { name: `${type.typeName} ${field.name}`, fields: () => [value] };
}

function wayOf({ typeName }: DescMessage, { name, fieldKind }: DescField): Way {
  const known = wellKnown.get(`${typeName}.${name}`);
  if (known !== undefined) return known;
  if (valueTypes.has(typeName)) return 'same';
  if (fieldKind === 'map') return 'map';
  return fieldKind === 'list' ? 'elements' : 'member';
}

function kindOf(field: DescField): FieldKind {
  switch (field.fieldKind) {
    case 'map':
      return FieldKind.Message;
    case 'message':
      return field.delimitedEncoding ? FieldKind.Group : FieldKind.Message;
    case 'enum':
      return FieldKind.Varint;
    case 'scalar':
      return scalarKind(field.scalar);
    case 'list':
      if (field.listKind === 'message') {
        return field.delimitedEncoding ? FieldKind.Group : FieldKind.Message;
      }
      // Senders may pack numbers or not, whatever the descriptor says: readers take both.
      return packedKind(field.listKind === 'enum' ? FieldKind.Varint : scalarKind(field.scalar));
  }
}

function scalarKind(type: ScalarType): FieldKind {
  switch (type) {
    case ScalarType.STRING:
      return FieldKind.Text;
    case ScalarType.BYTES:
      return FieldKind.Bytes;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return FieldKind.Fixed64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return FieldKind.Fixed32;
    default:
      return FieldKind.Varint;
  }
}

function packedKind(kind: FieldKind): FieldKind {
  if (kind === FieldKind.Varint) return FieldKind.PackedVarint;
  if (kind === FieldKind.Fixed64) return FieldKind.PackedFixed64;
  return kind === FieldKind.Fixed32 ? FieldKind.PackedFixed32 : kind;
}

const mapKinds = { enum: FieldKind.Varint, message: FieldKind.Message } as const;

// Types that are a JSON value of their own.
const valueTypes: ReadonlySet<string> = new Set([
  'google.protobuf.Value',
  ...['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'].map(
    (name) => `google.protobuf.${name}Value`,
  ),
]);
const wellKnown: ReadonlyMap<string, Way> = new Map([
  ['google.protobuf.Struct.fields', 'same'],
  ['google.protobuf.ListValue.values', 'element'],
  ['google.protobuf.Any.value', 'opaque'],
]);
