/**
 * Protobuf messages around bytes: the same but for what is innermost, so they are encoded once and
 * only the lengths are written anew for each of a thousand proxies.
 */
import {
  create,
  type DescField,
  type DescMessage,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';

/** A message, without the field that holds the next one (or the bytes). */
export interface Shell {
  /** All its other fields, encoded. */
  readonly fields: Uint8Array;
  /** Number of the field that holds the next one. */
  readonly field: number;
}

/** `message` of which `field` is left open. */
export function shell<D extends DescMessage>(
  schema: D,
  message: MessageInitShape<D>,
  field: keyof D['field'],
): Shell {
  const fields = toBinary(schema, create(schema, message));
  return { fields, field: (schema.field[String(field)] as DescField).number };
}

/**
 * Messages around bytes. `shells` go from the outside to the inside; the field that holds the next
 * one comes last in each (the order of fields says nothing: Protocol Buffers, "Field Order"). What
 * stands before the bytes depends on their length alone.
 */
export class Nest {
  readonly #shells: readonly Shell[];
  #length = -1;
  #head = Buffer.alloc(0);

  constructor(...shells: Shell[]) {
    this.#shells = shells;
  }

  /** The outermost message, encoded, with `content` in the innermost; `before` stands before it all. */
  encode(content: Uint8Array, before?: Uint8Array): Buffer<ArrayBuffer> {
    if (content.length !== this.#length) this.#prepare(content.length);
    const start = before?.length ?? 0;
    const bytes = Buffer.allocUnsafe(start + this.#head.length + content.length);
    if (before) bytes.set(before);
    bytes.set(this.#head, start);
    bytes.set(content, start + this.#head.length);
    return bytes;
  }

  /** States of one moment and one service have one length. */
  #prepare(contentLength: number): void {
    const parts: Uint8Array[] = [];
    let length = contentLength;
    for (const { fields, field } of this.#shells.toReversed()) {
      const tag = varints((field << 3) | lengthDelimited, length);
      parts.push(tag, fields);
      length += tag.length + fields.length;
    }
    this.#head = Buffer.concat(parts.reverse());
    this.#length = contentLength;
  }
}

/** Numbers (a tag and a length), each as a base-128 varint. */
function varints(...values: number[]): Uint8Array {
  const bytes: number[] = [];
  for (let value of values) {
    for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
    bytes.push(value);
  }
  return Uint8Array.from(bytes);
}

const lengthDelimited = 2;
