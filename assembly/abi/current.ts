/** Which context the running callback is for, and the frame around every callback. */
import { arenaEnter, arenaLeave } from '../memory/arena';

/** Context of the innermost running callback, 0 outside of any. */
export let currentContext: u32 = 0;

/** Opens the frame of a callback; what it returns goes to leaveCallback(). */
export function enterCallback(id: u32): u32 {
  arenaEnter();
  const outer = currentContext;
  currentContext = id;
  return outer;
}

/** Closes the frame; the outermost one empties the arena. */
export function leaveCallback(outer: u32): void {
  currentContext = outer;
  arenaLeave();
}
