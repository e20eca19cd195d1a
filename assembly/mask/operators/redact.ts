/** Redact: the value becomes the string `***`. */
import { emitWord } from '../output';

const STARS: u64 = 0x22_2a2a2a_22;

/** Emits what stands for the value. */
export function emitRedacted(): void {
  emitWord(STARS, 5);
}
