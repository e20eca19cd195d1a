/** Alternative names of certificates and requests, byte by byte: texts of them could be read in two ways. */
import { isUtf8 } from 'node:buffer';

import { readElement, readElements, Tag } from '../der-reader.ts';

/** One GeneralName. */
export interface AlternativeName {
  readonly kind: 'uri' | 'dns' | 'ip' | 'other';
  /** As it stands; bytes that are no UTF-8 are shown as hexadecimal digits. */
  readonly value: string;
}

/** The names of a subjectAltName extension's value. Throws `DerError`. */
export function readAlternativeNames(value: Uint8Array): AlternativeName[] {
  return readElements(readElement(value, Tag.Sequence).body).map(({ tag, body }) => {
    if (tag === 0x87) return { kind: 'ip', value: addressText(body) };
    const kind = tag === Tag.UriName ? 'uri' : tag === 0x82 ? 'dns' : 'other';
    return { kind, value: isUtf8(body) ? Buffer.from(body).toString('utf8') : hex(body) };
  });
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return hex(bytes);
  const groups = hex(bytes).match(/.{4}/g) ?? [];
  return groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
