/**
 * JSON Web Tokens in compact form (RFC 7515, section 7.1; RFC 7516 has five parts): base64url with
 * dots between, the first part of which is a JSON object: `eyJ` is what `{"` and a letter become.
 */
import { LOOKAHEAD_MAX, NOTHING, UNDECIDED } from './answers';
import { RunSlot, endOfRun } from './token-run';
import { Unit, unitAt } from './units';

/**
 * Fewest units of the first part: `{"alg":"dir"}`. A token has 20 or more, as `mayMatch` takes for
 * granted.
 */
const HEADER_MIN: u32 = 18;
/** Dots of an encrypted token. */
const DOTS_MAX: u32 = 4;
/** Dots of a signed token. */
const DOTS_MIN: u32 = 2;

/** Set by `jwtAt`: the token may go on behind its end. */
export let isJwtOpen: bool = false;

/** The run in which the last token failed ends here: what begins later in it fails too. */
let failedTo: u32 = 0;

/** Forgets what is known of a text. */
export function clearJwt(): void {
  failedTo = 0;
}

/** The end of the token that begins at `pos`, or LOOKAHEAD_MAX units behind it. */
export function jwtAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  if (load<u8>(text + <usize>pos) != 0x65 /* e */ || unitAt(text, pos + 1, len) != 0x79 /* y */) {
    return NOTHING;
  }
  if (unitAt(text, pos + 2, len) != 0x4a /* J */ || pos < failedTo) return NOTHING;
  // Its second part begins with eyJ too.
  if (pos > 0 && load<u8>(text + <usize>(pos - 1)) == 0x2e) return NOTHING;
  isJwtOpen = false;
  const limit = pos + LOOKAHEAD_MAX;
  const header = endOfRun(RunSlot.Key, text, pos, len, Unit.Base64Url);
  if (header >= limit) {
    isJwtOpen = true;
    return limit;
  }
  if (header == len && !isEnd) return UNDECIDED;
  if (header - pos < HEADER_MIN) return NOTHING;
  const end = readParts(text, header, len, limit, isEnd);
  if (end == NOTHING) failedTo = header;
  return end;
}

function readParts(text: usize, header: u32, len: u32, limit: u32, isEnd: bool): u32 {
  let end = NOTHING;
  let p = header;
  for (let dots: u32 = 1; dots <= DOTS_MAX; dots++) {
    if (unitAt(text, p, len) != 0x2e) break;
    const part = p + 1;
    const partEnd = part < len ? endOfRun(RunSlot.Part, text, part, len, Unit.Base64Url) : part;
    if (partEnd >= limit) {
      isJwtOpen = true;
      return limit;
    }
    if (partEnd == len && !isEnd) return UNDECIDED;
    // The second part of an encrypted token may be empty, and so may a signature.
    if (dots == 1 && partEnd == part && unitAt(text, partEnd, len) != 0x2e) break;
    if (dots == DOTS_MIN || dots == DOTS_MAX) end = partEnd;
    p = partEnd;
  }
  return end;
}
