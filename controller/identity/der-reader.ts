/**
 * A strict reader of DER (X.690): definite lengths in their shortest form, nothing left over,
 * positions kept.
 */

/** One element of a DER text, as views into it. */
export interface DerElement {
  /** Identifier octet; multi-byte tags are refused. */
  readonly tag: number;
  /** The content alone. */
  readonly body: Uint8Array;
  /** Identifier, length and content: what a signature covers. */
  readonly whole: Uint8Array;
}

/** The text is no DER; `csr.ts` turns it into an error for the caller. */
export class DerError extends Error {}

/** The only element of the bytes; throws `DerError` if there is less or more. */
export function readElement(bytes: Uint8Array, tag: number): DerElement {
  const [element, ...rest] = readElements(bytes);
  if (!element || rest.length > 0) throw new DerError('there is not exactly one element');
  return expectTag(element, tag);
}

/** All elements that stand one after the other in the bytes; throws `DerError`. */
export function readElements(bytes: Uint8Array): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length; ) {
    const element = readAt(bytes, at);
    elements.push(element);
    at += element.whole.length;
  }
  return elements;
}

/** The element itself if it has the tag; throws `DerError`. */
export function expectTag(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag === tag) return element;
  const found = element ? `0x${element.tag.toString(16)}` : 'nothing';
  throw new DerError(`0x${tag.toString(16)} expected, ${found} found`);
}

function readAt(bytes: Uint8Array, start: number): DerElement {
  const tag = byteAt(bytes, start);
  if ((tag & 0x1f) === 0x1f) throw new DerError('tag of several bytes');
  const first = byteAt(bytes, start + 1);
  let bodyStart = start + 2;
  let len = first;
  if (first >= 0x80) {
    const lenBytes = first & 0x7f;
    if (lenBytes === 0 || lenBytes > 3) throw new DerError('length is indefinite or too big');
    len = 0;
    for (let i = 0; i < lenBytes; i++) len = len * 256 + byteAt(bytes, bodyStart + i);
    if (len < 0x80 || len < 256 ** (lenBytes - 1))
      throw new DerError('length is not in its shortest form');
    bodyStart += lenBytes;
  }
  const end = bodyStart + len;
  if (end > bytes.length) throw new DerError('element is cut off');
  return { tag, body: bytes.subarray(bodyStart, end), whole: bytes.subarray(start, end) };
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new DerError('element is cut off');
  return byte;
}

/** Identifier octets used here. */
export const Tag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  Oid: 0x06,
  Sequence: 0x30,
  Set: 0x31,
  /** `[0]`, constructed. */
  Context0: 0xa0,
  /** `[6]`, primitive: the uniformResourceIdentifier of a GeneralName. */
  UriName: 0x86,
} as const;
