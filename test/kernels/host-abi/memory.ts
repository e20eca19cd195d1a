/** Opens the memory modules to tests that have no host: every export takes and answers numbers. */
export {
  arenaAlloc,
  arenaEnter,
  arenaLeave,
  arenaOverflows,
  claimBlock,
  keepBytes,
} from '../../../assembly/memory/arena';
export { blockAlloc, blockBytesHeld, blockFree, blockSize } from '../../../assembly/memory/block';
export {
  extentAlloc,
  extentFree,
  extentPages,
  extentTakenPages,
} from '../../../assembly/memory/extent';
export {
  compareBytes,
  equalBytes,
  findByte,
  hash32,
  hash64,
  lowerAscii,
  parseHex,
  startsWith,
  writeDecimal,
  writeHex,
} from '../../../assembly/memory/bytes';
export {
  contextCount,
  contextFind,
  contextInsert,
  contextIsTerminated,
  contextRemove,
  contextTerminate,
} from '../../../assembly/abi/contexts';
export {
  pairNameLen,
  pairNamePtr,
  pairsMalformed,
  pairsNext,
  pairsOpen,
  pairValueLen,
  pairValuePtr,
} from '../../../assembly/abi/header-pairs';
