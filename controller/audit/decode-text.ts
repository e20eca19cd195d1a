/** Makes readable text of bytes that a caller chose. */

/**
 * Decodes UTF-8. A byte that is not part of valid UTF-8, a control character and a formatting mark become
 * `%XX`: a hostile path must neither cost the evidence, nor forge lines in it, nor fool the terminal that shows it.
 */
export function decodeText(bytes: Uint8Array): string {
  const whole = valid(bytes);
  return whole !== undefined && !unsafe.test(whole) ? whole : decodeByCharacter(bytes);
}

function decodeByCharacter(bytes: Uint8Array): string {
  let text = '';
  let start = 0;
  while (start < bytes.length) {
    const end = start + sequenceLength(bytes, start);
    const part = bytes.subarray(start, end);
    const character = valid(part);
    text += character !== undefined && !unsafe.test(character) ? character : percent(part);
    start = end;
  }
  return text;
}

/** Bytes of the sequence that starts here: 1 when it is broken. */
function sequenceLength(bytes: Uint8Array, start: number): number {
  const lead = bytes[start] ?? 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return length > 1 && valid(bytes.subarray(start, start + length)) === undefined ? 1 : length;
}

function valid(part: Uint8Array): string | undefined {
  try {
    return strict.decode(part);
  } catch {
    return undefined;
  }
}

function percent(part: Uint8Array): string {
  return Array.from(part, (b) => `%${b.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Control and format characters, line and paragraph separators. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
