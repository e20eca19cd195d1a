/** Reads bundles and states back into plain records, by the layouts in schema/ and nothing else. */
import * as bundle from '../../schema/bundle.ts';
import * as common from '../../schema/common.ts';
import * as state from '../../schema/state.ts';
import { type FieldType, placeFields, type Struct } from '../../schema/struct.ts';

/** A record with its strings resolved. */
export type Fields = Readonly<Record<string, number | bigint | string>>;

/** A file: its header and its sections by name: records, u32 words as numbers, bytes. */
export interface SectionsFile {
  readonly header: Fields;
  readonly records: Readonly<Record<string, readonly Fields[]>>;
  readonly numbers: Readonly<Record<string, readonly number[]>>;
  readonly bytes: Readonly<Record<string, Uint8Array>>;
}

/** Reads a bundle. Throws when its structure is not what docs/formats.md says. */
export function readBundle(file: Uint8Array): SectionsFile {
  return readFile(file, 'BundleHeader', 'BundleSection', bundle);
}

/** Reads a state. Throws like readBundle. */
export function readState(file: Uint8Array): SectionsFile {
  return readFile(file, 'StateHeader', 'StateSection', state);
}

/** The string at `off` in the strings of a file, for records that have no `str` field for it. */
export function stringAt({ bytes }: SectionsFile, off: number, len: number): string {
  const strings = bytes.Strings ?? new Uint8Array();
  if (off + len > strings.length) throw new Error(`string at ${off} ends behind the strings`);
  return new TextDecoder('utf-8', { fatal: true }).decode(strings.subarray(off, off + len));
}

/** Records of a mask blob by name, its strings resolved. */
export function readMaskBlob(blob: Uint8Array): Readonly<Record<string, readonly Fields[]>> {
  const view = viewOf(blob);
  const structOf = (name: string): Struct => find(bundle.structs, name);
  const numberOf = (name: string): number => {
    const field = placeFields(structOf('MaskHeader')).fields.find((one) => one.name === name);
    return view.getUint32(field?.offset ?? -1, true);
  };
  const start = numberOf('stringOff');
  const strings = blob.subarray(start, start + numberOf('stringLen'));
  const header = readFields(view, 0, structOf('MaskHeader'), strings);
  const table = (name: string, off: string, count: string): Fields[] =>
    readRecords(view, Number(header[off]), Number(header[count]), structOf(name), strings);
  return {
    MaskHeader: [header],
    MaskNode: table('MaskNode', 'nodeOff', 'nodeCount'),
    MaskEdge: table('MaskEdge', 'edgeOff', 'edgeCount'),
    MaskName: table('MaskName', 'nameOff', 'nameCount'),
    MaskRule: table('MaskRule', 'ruleOff', 'ruleCount'),
    MaskDetector: table('MaskDetector', 'detectorOff', 'detectorCount'),
    MaskKey: table('MaskKey', 'keyOff', 'keyCount'),
    MaskValue: table('MaskValue', 'valueOff', 'valueCount'),
    MaskSegment: table('MaskSegment', 'segmentOff', 'segmentCount'),
    MaskPath: table('MaskPath', 'pathOff', 'pathCount'),
    MaskRoute: table('MaskRoute', 'routeOff', 'routeCount'),
    MaskMethod: table('MaskMethod', 'methodOff', 'methodCount'),
    MaskMessage: table('MaskMessage', 'messageOff', 'messageCount'),
    MaskField: table('MaskField', 'fieldOff', 'fieldCount'),
  };
}

function readFile(
  file: Uint8Array,
  headerName: string,
  sectionEnum: string,
  schema: Pick<typeof bundle, 'structs' | 'enums'>,
): SectionsFile {
  const reserved = constant('RESERVED_BYTES');
  if (file.subarray(0, reserved).some((byte) => byte !== 0)) throw new Error('reserved bytes set');
  const payload = file.subarray(reserved);
  const view = viewOf(payload);
  const headerStruct = find(schema.structs, headerName);
  const headerBytes = placeFields(headerStruct).size;
  const members = find(schema.enums, sectionEnum).members;
  const records: Record<string, readonly Fields[]> = {};
  const numbers: Record<string, readonly number[]> = {};
  const bytes: Record<string, Uint8Array> = {};
  let strings = new Uint8Array();
  let end = headerBytes + members.length * 16;
  // The text of a section's enum member says what it consists of.
  for (const [i, [name, kind, recordName]] of members.entries()) {
    const section = readFields(
      view,
      headerBytes + i * 16,
      find(common.structs, 'Section'),
      strings,
    );
    const [off, len, count] = [Number(section.off), Number(section.len), Number(section.count)];
    if (section.kind !== kind || off % 8 !== 0 || off < end || off - end > 7) {
      throw new Error(`section ${name} is out of place`);
    }
    end = off + len;
    const content = payload.subarray(off, end);
    if (name === 'Strings') strings = Uint8Array.from(content);
    if (recordName.startsWith('u32')) {
      if (len !== count * 4) throw new Error(`section ${name} has ${len} bytes for ${count}`);
      numbers[name] = Array.from({ length: count }, (_, n) => view.getUint32(off + n * 4, true));
    } else if (recordName === 'bytes') bytes[name] = content;
    else {
      const struct = find(schema.structs, recordName);
      if (len !== count * placeFields(struct).size)
        throw new Error(`section ${name} has ${len} bytes`);
      records[name] = readRecords(view, off, count, struct, strings);
    }
  }
  const header = readFields(view, 0, headerStruct, strings);
  if (header.payloadLen !== payload.length || payload.length - end > 7)
    throw new Error('bad length');
  return { header, records, numbers, bytes };
}

function readRecords(
  view: DataView,
  off: number,
  count: number,
  struct: Struct,
  strings: Uint8Array,
): Fields[] {
  const { size } = placeFields(struct);
  return Array.from({ length: count }, (_, i) => readFields(view, off + i * size, struct, strings));
}

function readFields(view: DataView, at: number, struct: Struct, strings: Uint8Array): Fields {
  const fields: Record<string, number | bigint | string> = {};
  for (const { name, type, offset } of placeFields(struct).fields) {
    const value = readField(view, at + offset, type, strings);
    if (!name.startsWith('reserved')) fields[name] = value;
    else if (value !== 0) throw new Error(`${struct.name}.${name} is set`);
  }
  return fields;
}

function readField(view: DataView, at: number, type: FieldType, strings: Uint8Array) {
  if (type === 'u8') return view.getUint8(at);
  if (type === 'u16') return view.getUint16(at, true);
  if (type === 'u32') return view.getUint32(at, true);
  if (type === 'u64') return view.getBigUint64(at, true);
  if (type === 'f64') return view.getFloat64(at, true);
  if (type === 'str') {
    const off = view.getUint32(at, true);
    const end = off + view.getUint32(at + 4, true);
    if (end > strings.length) throw new Error(`string at ${off} ends behind the strings`);
    return textOf(strings.subarray(off, end));
  }
  const length = type === 'b16' ? 16 : 32;
  return Buffer.from(view.buffer, view.byteOffset + at, length).toString('hex');
}

// Tables of patterns stand among the texts, but have zeros, which no text has.
function textOf(bytes: Uint8Array): string {
  if (bytes.includes(0)) return Buffer.from(bytes).toString('hex');
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function find<T extends { readonly name: string }>(items: readonly T[], name: string): T {
  const item = items.find((candidate) => candidate.name === name);
  if (item === undefined) throw new Error(`schema has no ${name}`);
  return item;
}

function constant(name: string): number {
  return common.constants.find(([candidate]) => candidate === name)?.[1] ?? 0;
}
