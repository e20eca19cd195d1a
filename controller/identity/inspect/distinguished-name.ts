/** Names of certificates as RFC 2253 text, as Envoy shows them to the filter. */
import { dottedOid } from '../certificate-reader.ts';
import {
  type DerElement,
  DerError,
  expectTag,
  readElement,
  readElements,
  Tag,
} from '../der-reader.ts';

/** One attribute of a name. */
export interface NameAttribute {
  /** `CN`, `O`, `OU`, ..., or the dotted object identifier. */
  readonly type: string;
  readonly value: string;
}

/** The parts of a Name (DER), in the order of the certificate; most have one attribute. Throws `DerError`. */
export function readName(der: Uint8Array): NameAttribute[][] {
  return readElements(readElement(der, Tag.Sequence).body).map((set) =>
    readElements(expectTag(set, Tag.Set).body).map(readAttribute),
  );
}

/** RFC 2253: the last part first, special characters escaped. */
export function nameText(parts: readonly (readonly NameAttribute[])[]): string {
  return parts.toReversed().map(partText).join(',');
}

function readAttribute(each: DerElement): NameAttribute {
  const [id, value, ...rest] = readElements(expectTag(each, Tag.Sequence).body);
  if (!value || rest.length > 0) throw new DerError('attribute of a name is no pair');
  const oid = dottedOid(expectTag(id, Tag.Oid).body);
  return { type: shortNames[oid] ?? oid, value: Buffer.from(value.body).toString('utf8') };
}

function partText(attributes: readonly NameAttribute[]): string {
  return attributes
    .map(({ type, value }) => `${type}=${value.replaceAll(/[,+"\\<>;#\p{Cc}]/gu, escapeCharacter)}`)
    .join('+');
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x20 || code > 0x7e
    ? `\\${code.toString(16).padStart(2, '0').toUpperCase()}`
    : `\\${character}`;
}

const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
};
