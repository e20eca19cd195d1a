/** Encodes header pairs for host calls, in the layout that header-pairs.ts draws. */
import { arenaAlloc } from '../memory/arena';
import { Text } from '../memory/text';

/** The encoded pairs that pairsFinish() made. */
export let encodedPtr: usize = 0;
/** Their length. */
export let encodedLen: u32 = 0;

/** Pairs that can be given between pairsStart() and pairsFinish(). */
export const PAIRS_MAX: u32 = 32;

/** PAIRS_MAX times name pointer, name length, value pointer, value length. */
const LIST: usize = memory.data(32 * 16, 8);
let count: u32 = 0;
let overfull: bool = false;

/** Starts over with no pairs. */
export function pairsStart(): void {
  count = 0;
  overfull = false;
}

/** Adds a pair; its bytes are read at pairsFinish(). */
export function pairsAdd(name: Text, value: usize, valueLen: u32): void {
  if (count == PAIRS_MAX) {
    overfull = true;
    return;
  }
  const entry = LIST + ((<usize>count) << 4);
  store<u32>(entry, <u32>name.ptr);
  store<u32>(entry, name.len, 4);
  store<u32>(entry, <u32>value, 8);
  store<u32>(entry, valueLen, 12);
  count++;
}

/** Adds a pair of two fixed texts. */
export function pairsAddText(name: Text, value: Text): void {
  pairsAdd(name, value.ptr, value.len);
}

/** Encodes the pairs into the arena at encodedPtr/encodedLen; false when there were too many or there is no room. */
export function pairsFinish(): bool {
  encodedPtr = 0;
  encodedLen = 0;
  if (overfull) return false;
  let size: usize = 4 + ((<usize>count) << 3);
  for (let index: u32 = 0; index < count; index++) {
    const entry = LIST + ((<usize>index) << 4);
    size += <usize>load<u32>(entry, 4) + <usize>load<u32>(entry, 12) + 2;
  }
  const encoded = arenaAlloc(size);
  if (encoded == 0) return false;
  store<u32>(encoded, count);
  let bytes = encoded + 4 + ((<usize>count) << 3);
  for (let index: u32 = 0; index < count; index++) {
    const entry = LIST + ((<usize>index) << 4);
    const lengths = encoded + 4 + ((<usize>index) << 3);
    const nameLen = load<u32>(entry, 4);
    const valueLen = load<u32>(entry, 12);
    store<u32>(lengths, nameLen);
    store<u32>(lengths, valueLen, 4);
    bytes = writeTerminated(bytes, <usize>load<u32>(entry), nameLen);
    bytes = writeTerminated(bytes, <usize>load<u32>(entry, 8), valueLen);
  }
  encodedPtr = encoded;
  encodedLen = <u32>size;
  return true;
}

function writeTerminated(target: usize, source: usize, len: u32): usize {
  memory.copy(target, source, len);
  store<u8>(target + <usize>len, 0);
  return target + <usize>len + 1;
}
