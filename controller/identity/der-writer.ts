/**
 * Writes DER (X.690): one function for each kind of element that certificates need, each giving the
 * finished bytes.
 */

/** An element that was not a part of anything yet. */
export type Node = Buffer;

export function sequence(...nodes: Uint8Array[]): Node {
  return element(0x30, nodes);
}

/** Of one member: with several, DER would want them sorted. */
export function setOf(node: Uint8Array): Node {
  return element(0x31, [node]);
}

/** `dotted` has at least two arcs, the first 0 to 2, all below 2^31. */
export function oid(dotted: string): Node {
  const known = oids.get(dotted);
  if (known) return known;
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const node = element(0x06, [
    Buffer.from([first * 40 + second, ...rest].flatMap((arc) => base128(arc))),
  ]);
  if (oids.size < mostOids) oids.set(dotted, node);
  return node;
}

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array | readonly number[]): Node {
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first < 0) return element(0x02, [zero]);
  const value = Buffer.from(bytes).subarray(first);
  return (value[0] ?? 0) >= 0x80 ? element(0x02, [zero, value]) : element(0x02, [value]);
}

export function booleanTrue(): Node {
  return element(0x01, [Buffer.from([0xff])]);
}

export function utf8(value: string): Node {
  return element(0x0c, [Buffer.from(value, 'utf8')]);
}

export function octets(bytes: Uint8Array): Node {
  return element(0x04, [bytes]);
}

/** `unusedBits` at the end of the last byte, 0 to 7. */
export function bits(bytes: Uint8Array | readonly number[], unusedBits = 0): Node {
  return element(0x03, [Buffer.from([unusedBits]), Buffer.from(bytes)]);
}

/** `[number]` around an element. */
export function explicit(number: number, node: Uint8Array): Node {
  return element(0xa0 | number, [node]);
}

/** `[number]` in place of an element's tag; 32 more than the number when the element is constructed. */
export function implicit(number: number, bytes: Uint8Array): Node {
  return element(0x80 | number, [bytes]);
}

/**
 * UTCTime up to 2049 and GeneralizedTime from 2050, as RFC 5280 section 4.1.2.5 asks; whole
 * seconds, rounded down.
 */
export function time(ms: number): Node {
  const iso = new Date(ms).toISOString();
  const day = iso.slice(2, 4) + iso.slice(5, 7) + iso.slice(8, 10);
  const rest = `${day}${iso.slice(11, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`;
  return Number(iso.slice(0, 4)) < 2050
    ? element(0x17, [Buffer.from(rest, 'latin1')])
    : element(0x18, [Buffer.from(iso.slice(0, 2) + rest, 'latin1')]);
}

/** PEM text with lines of 64 characters. */
export function toPem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64');
  let text = `-----BEGIN ${label}-----\n`;
  for (let at = 0; at < base64.length; at += 64) text += `${base64.slice(at, at + 64)}\n`;
  return `${text}-----END ${label}-----\n`;
}

/** Definite length in its shortest form; contents below 16 MiB. */
function element(tag: number, parts: readonly Uint8Array[]): Node {
  let len = 0;
  for (const part of parts) len += part.length;
  const lenBytes = len < 0x80 ? 0 : len < 0x100 ? 1 : len < 0x1_0000 ? 2 : 3;
  const out = Buffer.allocUnsafe(2 + lenBytes + len);
  out[0] = tag;
  if (lenBytes === 0) {
    out[1] = len;
  } else {
    out[1] = 0x80 | lenBytes;
    out.writeUIntBE(len, 2, lenBytes);
  }
  let at = 2 + lenBytes;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function base128(arc: number): number[] {
  const groups = [arc & 0x7f];
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) groups.unshift(0x80 | (rest & 0x7f));
  return groups;
}

const zero = Buffer.from([0]);
/** Those of certificates are few and come again in each. */
const oids = new Map<string, Node>();
const mostOids = 64;
