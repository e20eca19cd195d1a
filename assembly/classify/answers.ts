/** What detectors answer: the end of what begins at a position, or one of these. */

/** What a detector answers when nothing begins at the position. */
export const NOTHING: u32 = 0;

/** What a detector answers when the text ends before it can tell. */
export const UNDECIDED: u32 = 0xffff_ffff;

/** No position. */
export const NOWHERE: u32 = 0xffff_ffff;

/** Most units behind its first one that a detector looks at. */
export const LOOKAHEAD_MAX: u32 = 256;
