/** Null: the value becomes null. */
import { emitWord } from '../output';

const NULL: u64 = 0x6c6c756e;

/** Emits what stands for the value. */
export function emitNull(): void {
  emitWord(NULL, 4);
}
