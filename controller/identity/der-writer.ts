/**
 * Writes DER (X.690): one function for each kind of element that certificates need, on node-forge's
 * `asn1`.
 */
import forge from 'node-forge';

/** An element that was not encoded yet. */
export type Node = forge.asn1.Asn1;

/** The bytes of an element. */
export function encodeDer(node: Node): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
}

/** An element that is DER already, such as a SubjectPublicKeyInfo. */
export function fromDer(der: Uint8Array): Node {
  return asn1.fromDer(text(der), true);
}

export function sequence(...nodes: Node[]): Node {
  return asn1.create(universal, asn1.Type.SEQUENCE, true, nodes);
}

export function setOf(...nodes: Node[]): Node {
  return asn1.create(universal, asn1.Type.SET, true, nodes);
}

/** `dotted` has arcs below 2^31. */
export function oid(dotted: string): Node {
  return asn1.create(universal, asn1.Type.OID, false, asn1.oidToDer(dotted).getBytes());
}

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array | readonly number[]): Node {
  const first = bytes.findIndex((byte) => byte !== 0);
  const value = first < 0 ? [0] : [...bytes.slice(first)];
  return asn1.create(
    universal,
    asn1.Type.INTEGER,
    false,
    text((value[0] ?? 0) >= 0x80 ? [0, ...value] : value),
  );
}

export function booleanTrue(): Node {
  return asn1.create(universal, asn1.Type.BOOLEAN, false, '\xff');
}

export function utf8(value: string): Node {
  return asn1.create(universal, asn1.Type.UTF8, false, text(Buffer.from(value, 'utf8')));
}

export function octets(bytes: Uint8Array): Node {
  return asn1.create(universal, asn1.Type.OCTETSTRING, false, text(bytes));
}

/** `unusedBits` at the end of the last byte, 0 to 7. */
export function bits(bytes: Uint8Array | readonly number[], unusedBits = 0): Node {
  return asn1.create(universal, asn1.Type.BITSTRING, false, text([unusedBits, ...bytes]));
}

/** `[number]` around an element. */
export function explicit(number: number, node: Node): Node {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, number, true, [node]);
}

/** `[number]` in place of a primitive element's tag. */
export function implicit(number: number, bytes: Uint8Array): Node {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, number, false, text(bytes));
}

/**
 * UTCTime up to 2049 and GeneralizedTime from 2050, as RFC 5280 section 4.1.2.5 asks; whole
 * seconds, rounded down.
 */
export function time(ms: number): Node {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return new Date(ms).getUTCFullYear() < 2050
    ? asn1.create(universal, asn1.Type.UTCTIME, false, digits.slice(2))
    : asn1.create(universal, asn1.Type.GENERALIZEDTIME, false, digits);
}

/** PEM text with lines of 64 characters. */
export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

// node-forge keeps bytes as strings of code units 0 to 255.
function text(bytes: Uint8Array | readonly number[]): string {
  return Buffer.from(bytes).toString('latin1');
}

const { asn1 } = forge;
const universal = asn1.Class.UNIVERSAL;
