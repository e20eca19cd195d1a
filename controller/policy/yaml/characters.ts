/** Codes of the characters that have a meaning in YAML, and their classes. */

export const TAB = 0x09;
export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const APOSTROPHE = 0x27;
export const COMMA = 0x2c;
export const DASH = 0x2d;
export const COLON = 0x3a;
export const GREATER = 0x3e;
export const OPEN_LIST = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_LIST = 0x5d;
export const OPEN_MAP = 0x7b;
export const BAR = 0x7c;
export const CLOSE_MAP = 0x7d;

/** Space, tab, end of a line, or (NaN of `charCodeAt`) the end of the text. */
export function isBlank(code: number): boolean {
  return (
    code === SPACE ||
    code === LINE_FEED ||
    code === CARRIAGE_RETURN ||
    code === TAB ||
    Number.isNaN(code)
  );
}

/** One of `, [ ] { }`. */
export function isFlowIndicator(code: number): boolean {
  return (
    code === COMMA ||
    code === OPEN_LIST ||
    code === CLOSE_LIST ||
    code === OPEN_MAP ||
    code === CLOSE_MAP
  );
}

/** True for a character that no text without quotes begins with. `-`, `?` and `:` depend on what follows. */
export function isIndicator(code: number): boolean {
  return code < 0x80 && indicators[code] === 1;
}

const indicators = new Uint8Array(0x80);
for (const letter of '\t\n\r ,[]{}#&*!|>\'"%@`') indicators[letter.charCodeAt(0)] = 1;
