/** The RequestNames of a bundle by kind and length, so that most headers and parameters are passed over at once. */
import { RequestKind, RequestName } from '../layout';
import { equalBytes } from '../memory/bytes';
import { Bundle, strLen, strPtr } from './bundle';

/** Lengths of names are told apart by their low bits. */
const LENGTHS: u32 = 64;

/** Sets of RequestNames, one bit each; the arrays by length of the name follow: headers, then parameters. */
@unmanaged
class NameIndex {
  /** The Method. */
  methods: u64;
  /** The Authority. */
  authorities: u64;
  /** Parameters. */
  parameters: u64;
  /** Headers whose lines are compared whole. */
  anyHeaders: u64;
}

const HEADERS: usize = offsetof<NameIndex>();
const PARAMETERS: usize = HEADERS + ((<usize>LENGTHS) << 3);

/** Bytes of an index, zero at first. */
export const NAME_INDEX_BYTES: usize = PARAMETERS + ((<usize>LENGTHS) << 3);

/** Fills the index of a loaded bundle. */
export function writeNameIndex(bundle: Bundle): void {
  const index = changetype<NameIndex>(bundle.nameIndex);
  let record = bundle.requestNames;
  for (let i: u32 = 0; i < bundle.requestNameCount; i++, record += RequestName.SIZE) {
    const bit = (<u64>1) << i;
    const len = strLen(record + RequestName.name);
    switch (load<u32>(record, RequestName.kind)) {
      case RequestKind.Method:
        index.methods |= bit;
        break;
      case RequestKind.Authority:
        index.authorities |= bit;
        break;
      case RequestKind.Parameter:
        index.parameters |= bit;
        addBit(bundle.nameIndex + PARAMETERS, len, bit);
        break;
      default:
        if (load<u32>(record, RequestName.kind) == RequestKind.AnyHeader) index.anyHeaders |= bit;
        addBit(bundle.nameIndex + HEADERS, len, bit);
    }
  }
}

/** RequestNames of kind Method. */
export function methodNames(bundle: Bundle): u64 {
  return changetype<NameIndex>(bundle.nameIndex).methods;
}

/** RequestNames of kind Authority. */
export function authorityNames(bundle: Bundle): u64 {
  return changetype<NameIndex>(bundle.nameIndex).authorities;
}

/** RequestNames of kind Parameter. */
export function parameterNames(bundle: Bundle): u64 {
  return changetype<NameIndex>(bundle.nameIndex).parameters;
}

/** RequestNames of kind AnyHeader. */
export function anyHeaderNames(bundle: Bundle): u64 {
  return changetype<NameIndex>(bundle.nameIndex).anyHeaders;
}

/** RequestNames of kind Header and AnyHeader with this name. */
export function headersNamed(bundle: Bundle, name: usize, nameLen: u32): u64 {
  const some = bitsOf(bundle.nameIndex + HEADERS, nameLen);
  return some == 0 ? 0 : withName(bundle, some, name, nameLen);
}

/** RequestNames of kind Parameter with this name. */
export function parametersNamed(bundle: Bundle, name: usize, nameLen: u32): u64 {
  const some = bitsOf(bundle.nameIndex + PARAMETERS, nameLen);
  return some == 0 ? 0 : withName(bundle, some, name, nameLen);
}

function withName(bundle: Bundle, some: u64, name: usize, nameLen: u32): u64 {
  let kept = some;
  for (let left = some; left != 0; left &= left - 1) {
    const field = bundle.requestNames + <usize>ctz(left) * RequestName.SIZE + RequestName.name;
    if (!equalBytes(strPtr(bundle, field), strLen(field), name, nameLen)) kept ^= left & (0 - left);
  }
  return kept;
}

function addBit(sets: usize, len: u32, bit: u64): void {
  const set = sets + ((<usize>(len & (LENGTHS - 1))) << 3);
  store<u64>(set, load<u64>(set) | bit);
}

// @ts-ignore: decorator
@inline
function bitsOf(sets: usize, len: u32): u64 {
  return load<u64>(sets + ((<usize>(len & (LENGTHS - 1))) << 3));
}
