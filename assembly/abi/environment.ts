/** The VM's environment variables, read once when the VM starts. */
import { blockAlloc } from '../memory/block';
import { equalBytes, findByte } from '../memory/bytes';
import { Text } from '../memory/text';
import { environ_get, environ_sizes_get } from './imports';

/** Value that environmentValue() found last; stays valid. */
export let valuePtr: usize = 0;
/** Its bytes. */
export let valueLen: u32 = 0;

const SIZES: usize = memory.data(8, 8);
let wasRead: bool = false;
let count: u32 = 0;
let bytes: usize = 0;
let bytesEnd: usize = 0;

/** Finds a variable and leaves its value at valuePtr/valueLen; false when it is not set. The first call reads them all. */
export function environmentValue(name: Text): bool {
  valuePtr = 0;
  valueLen = 0;
  if (!wasRead) readEnvironment();
  let entry = bytes;
  for (let index: u32 = 0; index < count; index++) {
    const rest = <u32>(bytesEnd - entry);
    const found = findByte(entry, rest, 0);
    const len = found < 0 ? rest : <u32>found;
    if (len > name.len && load<u8>(entry + <usize>name.len) == 0x3d) {
      if (equalBytes(entry, name.len, name.ptr, name.len)) {
        valuePtr = entry + <usize>name.len + 1;
        valueLen = len - name.len - 1;
        return true;
      }
    }
    if (found < 0) return false;
    entry += <usize>len + 1;
  }
  return false;
}

function readEnvironment(): void {
  wasRead = true;
  if (environ_sizes_get(SIZES, SIZES + 4) != 0) return;
  const variables = load<u32>(SIZES);
  const size = <usize>load<u32>(SIZES, 4);
  if (variables == 0 || variables > 4096) return;
  // Pointers come first and are not kept in mind: the strings follow each other anyway.
  const block = blockAlloc(((<usize>variables) << 2) + size);
  if (block == 0) return;
  const strings = block + ((<usize>variables) << 2);
  if (environ_get(block, strings) != 0) return;
  bytes = strings;
  bytesEnd = strings + size;
  count = variables;
}
