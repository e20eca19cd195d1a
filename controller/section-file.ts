/** Writes the files that filters read in place: reserved bytes, header, section table, sections (docs/formats.md). */
import { DtaError } from './errors.ts';
import { FORMAT_VERSION, RESERVED_BYTES, Section } from './layout.ts';

/** Where a string lies in the Strings section, in bytes. */
export interface Span {
  readonly off: number;
  readonly len: number;
}

/** One section: its kind, its bytes, and how many records they are (bytes for byte sections). */
export interface SectionData {
  readonly kind: number;
  readonly bytes: Uint8Array;
  readonly count: number;
}

/** Records of one size, in the order in which they were added. */
export class Records {
  readonly recordBytes: number;
  #count = 0;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;

  constructor(recordBytes: number) {
    this.recordBytes = recordBytes;
    this.#bytes = new Uint8Array(recordBytes * 16);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get count(): number {
    return this.#count;
  }

  /** Adds a zeroed record, lets `fill` write it and returns its index. `fill` must not add records here. */
  add(fill: (view: DataView, at: number) => void): number {
    const at = this.#count * this.recordBytes;
    if (at + this.recordBytes > this.#bytes.length) this.#grow();
    fill(this.#view, at);
    return this.#count++;
  }

  /** Adds zeroed records up to `count`, for tables whose slots are written out of order by `fillAt`. */
  reserve(count: number): void {
    while (count * this.recordBytes > this.#bytes.length) this.#grow();
    this.#count = Math.max(this.#count, count);
  }

  /** Writes a record that is already there. */
  fillAt(index: number, fill: (view: DataView, at: number) => void): void {
    fill(this.#view, index * this.recordBytes);
  }

  section(kind: number): SectionData {
    const bytes = this.#bytes.subarray(0, this.#count * this.recordBytes);
    return { kind, bytes, count: this.#count };
  }

  #grow(): void {
    const bytes = new Uint8Array(this.#bytes.length * 2);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

/** Strings in UTF-8, each stored once, in the order of first use. The empty string is 0, 0. */
export class StringTable {
  readonly #spans = new Map<string, Span>([['', { off: 0, len: 0 }]]);
  #bytes = Buffer.alloc(1024);
  #length = 0;

  intern(text: string): Span {
    const known = this.#spans.get(text);
    if (known !== undefined) return known;
    const span = this.#append(text);
    this.#spans.set(text, span);
    return span;
  }

  /** Whether it keeps `text`. */
  has(text: string): boolean {
    return this.#spans.has(text);
  }

  /** Writes the place of `text` as a `str` field. */
  put(view: DataView, at: number, text: string): void {
    const { off, len } = this.intern(text);
    view.setUint32(at, off, true);
    view.setUint32(at + 4, len, true);
  }

  /**
   * Like `put` of `head + tail`, for a text that comes once: it is stored without looking for an equal one. What follows
   * shares the bytes of `tail`.
   */
  putOnce(view: DataView, at: number, head: string, tail: string): void {
    const start = this.#append(head);
    const end = this.#append(tail);
    view.setUint32(at, start.off, true);
    view.setUint32(at + 4, start.len + end.len, true);
    if (!this.#spans.has(tail)) this.#spans.set(tail, end);
  }

  /** The bytes of `text`, which it keeps; good until the next string. */
  bytesOf(text: string): Uint8Array {
    const { off, len } = this.intern(text);
    return this.#bytes.subarray(off, off + len);
  }

  get length(): number {
    return this.#length;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  section(kind: number): SectionData {
    return { kind, bytes: this.bytes(), count: this.#length };
  }

  /** The bytes with `texts` behind them, and where these are; the table itself keeps none of them. */
  extended(texts: readonly string[]): { bytes: Uint8Array; spans: Span[] } {
    const added: Buffer[] = [];
    let end = this.#length;
    const spans = texts.map((text) => {
      const known = this.#spans.get(text);
      if (known) return known;
      const bytes = Buffer.from(text);
      const span = { off: end, len: bytes.length };
      added.push(bytes);
      end += bytes.length;
      return span;
    });
    return { bytes: Buffer.concat([this.bytes(), ...added], end), spans };
  }

  #append(text: string): Span {
    // No UTF-16 unit takes more than three bytes.
    while (this.#length + text.length * 3 > this.#bytes.length) this.#grow();
    const span = { off: this.#length, len: this.#bytes.write(text, this.#length) };
    this.#length += span.len;
    return span;
  }

  #grow(): void {
    const bytes = Buffer.alloc(this.#bytes.length * 2);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}

/** A file to write. `header` fills its fields behind `payloadLen`; `size` of a record is SIZE in layout.ts. */
export interface SectionFile {
  readonly what: string;
  readonly magic: number;
  readonly headerBytes: number;
  readonly header: (view: DataView) => void;
  readonly sections: readonly SectionData[];
  readonly maxBytes: number;
}

/** The bytes of a file. Throws DtaError when they are more than `maxBytes`, saying how many. */
export function writeSectionFile(file: SectionFile): Uint8Array<ArrayBuffer> {
  const tableEnd = file.headerBytes + file.sections.length * Section.SIZE;
  const payloadLen = file.sections.reduce((end, s) => align8(end) + s.bytes.length, tableEnd);
  const total = RESERVED_BYTES + align8(payloadLen);
  if (total > file.maxBytes) throw tooBig(file, total);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer, RESERVED_BYTES);
  // Magic, version, section count and length stand at the same place in every header.
  view.setUint32(0, file.magic, true);
  view.setUint16(4, FORMAT_VERSION, true);
  view.setUint16(6, file.sections.length, true);
  view.setUint32(8, align8(payloadLen), true);
  file.header(view);
  let off = tableEnd;
  for (const [index, section] of file.sections.entries()) {
    off = align8(off);
    const at = file.headerBytes + index * Section.SIZE;
    view.setUint32(at + Section.kind, section.kind, true);
    view.setUint32(at + Section.off, off, true);
    view.setUint32(at + Section.len, section.bytes.length, true);
    view.setUint32(at + Section.count, section.count, true);
    bytes.set(section.bytes, RESERVED_BYTES + off);
    off += section.bytes.length;
  }
  return bytes;
}

/** Rounds up to a multiple of 8. */
export function align8(n: number): number {
  return Math.ceil(n / 8) * 8;
}

function tooBig(file: SectionFile, total: number): DtaError {
  return new DtaError(
    'policyInvalid',
    `${file.what} would have ${total} bytes, at most ${file.maxBytes} are allowed`,
    {
      help: 'split what it says among more destinations, or say it with fewer rules',
      fields: { bytes: total, maxBytes: file.maxBytes },
    },
  );
}
