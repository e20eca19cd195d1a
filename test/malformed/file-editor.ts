/** Edits bundles and states byte by byte, by the layouts, so that tests can break exactly one thing. */
import {
  Atom,
  BundleHeader,
  BundleSection,
  FederatedDomain,
  HostPattern,
  IdentityTest,
  Interval,
  Label,
  MaskProfile,
  Outcome,
  PathAffix,
  PathEdge,
  PathNode,
  PathPattern,
  Program,
  RESERVED_BYTES,
  RequestName,
  RequestTest,
  Restriction,
  RevokedDigest,
  RevokedInstance,
  RiskBand,
  Route,
  Rule,
  Section,
  Selector,
  ServiceEntry,
  Signal,
  StateHeader,
} from '../../controller/layout.ts';
import { writeSectionFile } from '../../controller/section-file.ts';

/** Bytes of one record by section of a bundle. */
export const bundleRecordBytes: readonly number[] = [
  0,
  1,
  4,
  ...[Rule, Outcome, Selector, IdentityTest, ServiceEntry].map(sizeOf),
  4,
  ...[Route, PathPattern, PathNode, PathEdge].map(sizeOf),
  4,
  PathAffix.SIZE,
  4,
  ...[HostPattern, Program].map(sizeOf),
  4,
  ...[Atom, Interval, RequestName, RequestTest].map(sizeOf),
  4,
  ...[Label, MaskProfile].map(sizeOf),
  1,
  FederatedDomain.SIZE,
];
/** Bytes of one record by section of a state. */
export const stateRecordBytes: readonly number[] = [
  0,
  1,
  ...[RevokedDigest, RevokedInstance, Signal, RiskBand, Restriction].map(sizeOf),
];

/** A copy of a file that can be changed; places count from the start of the payload. */
export class FileEditor {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  readonly #headerBytes: number;
  readonly #recordBytes: readonly number[];

  constructor(file: Uint8Array, kind: 'bundle' | 'state') {
    this.bytes = Uint8Array.from(file);
    this.view = new DataView(this.bytes.buffer, RESERVED_BYTES);
    this.#headerBytes = kind === 'bundle' ? BundleHeader.SIZE : StateHeader.SIZE;
    this.#recordBytes = kind === 'bundle' ? bundleRecordBytes : stateRecordBytes;
  }

  /** Place of a section's entry in the table. */
  entry(section: number): number {
    return this.#headerBytes + (section - 1) * Section.SIZE;
  }

  /** Number of records of a section. */
  count(section: number): number {
    return this.view.getUint32(this.entry(section) + Section.count, true);
  }

  /** Place of a field of a record. Throws when there is no such record: a test that breaks nothing tests nothing. */
  at(section: number, record: number, field = 0): number {
    if (record >= this.count(section)) throw new RangeError(`no record ${record} in ${section}`);
    const start = this.view.getUint32(this.entry(section) + Section.off, true);
    return start + record * (this.#recordBytes[section] ?? 1) + field;
  }

  u32(place: number): number {
    return this.view.getUint32(place, true);
  }

  set8(place: number, value: number): this {
    this.view.setUint8(place, value);
    return this;
  }

  set16(place: number, value: number): this {
    this.view.setUint16(place, value, true);
    return this;
  }

  set32(place: number, value: number): this {
    this.view.setUint32(place, value, true);
    return this;
  }

  /** Sets a start and the count behind it. */
  setSpan(place: number, start: number, count: number): this {
    return this.set32(place, start).set32(place + 4, count);
  }

  set64(place: number, value: bigint): this {
    this.view.setBigUint64(place, value, true);
    return this;
  }

  setF64(place: number, value: number): this {
    this.view.setFloat64(place, value, true);
    return this;
  }

  /** Swaps two records of a section. */
  swap(section: number, a: number, b: number): this {
    const size = this.#recordBytes[section] ?? 1;
    const [first, second] = [this.#record(section, a, size), this.#record(section, b, size)];
    const copy = Uint8Array.from(first);
    first.set(second);
    second.set(copy);
    return this;
  }

  /** The file written anew with sections replaced; records keep their bytes, header fields as well. */
  rebuild(replaced: ReadonlyMap<number, Uint8Array>): FileEditor {
    const kinds = [...this.#recordBytes.keys()].slice(1);
    const sections = kinds.map((kind) => {
      const size = this.#recordBytes[kind] ?? 1;
      const bytes = replaced.get(kind) ?? this.section(kind);
      return { kind, bytes, count: bytes.length / size };
    });
    const file = writeSectionFile({
      what: 'the edited file',
      magic: this.u32(0),
      headerBytes: this.#headerBytes,
      header: (view) => {
        for (let i = 12; i < this.#headerBytes; i++) view.setUint8(i, this.view.getUint8(i));
      },
      sections,
      maxBytes: 0x7fffffff,
    });
    return new FileEditor(file, this.#headerBytes === BundleHeader.SIZE ? 'bundle' : 'state');
  }

  /** A copy of the bytes of a section. */
  section(kind: number): Uint8Array {
    const off = RESERVED_BYTES + this.u32(this.entry(kind) + Section.off);
    return this.bytes.slice(off, off + this.u32(this.entry(kind) + Section.len));
  }

  #record(section: number, index: number, size: number): Uint8Array {
    const off = RESERVED_BYTES + this.at(section, index);
    return this.bytes.subarray(off, off + size);
  }
}

function sizeOf(struct: { readonly SIZE: number }): number {
  return struct.SIZE;
}

/** Names of the sections of a bundle by kind, for test names. */
export const bundleSectionNames: ReadonlyMap<number, string> = new Map(
  Object.entries(BundleSection).map(([name, kind]) => [kind, name]),
);
