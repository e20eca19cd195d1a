/** A naive reading of "a path with exactly one reading" (policy-model, "Meaning" 6; RFC 3986, 6.2.2), to hold the filter against. */

/** Whether a path, as bytes, is in normal form; its query does not count. */
export function isNormalForm(bytes: Uint8Array): boolean {
  const end = bytes.indexOf(0x3f);
  const text = decodeUtf8(end < 0 ? bytes : bytes.subarray(0, end));
  if (text === undefined || !text.startsWith('/')) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x20\x7f\\#]/.test(text)) return false;
  const segments = text.slice(1).split('/');
  return segments.every((segment, i) => {
    if (segment === '') return i === segments.length - 1;
    return isPlainSegment(segment);
  });
}

function isPlainSegment(segment: string): boolean {
  const [name = ''] = segment.split(';');
  if (name === '.' || name === '..') return false;
  for (const [triplet] of segment.matchAll(/%.{0,2}/gsu)) {
    if (!isNeededEscape(triplet)) return false;
  }
  return decodeUtf8(unescapeBytes(segment)) !== undefined;
}

// Upper-case digits (6.2.2.1), nothing unreserved (6.2.2.2), nothing that a reader could take for structure.
function isNeededEscape(triplet: string): boolean {
  if (!/^%[0-9A-F]{2}$/.test(triplet)) return false;
  const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return !/[A-Za-z0-9\-._~]|[\x00-\x1f\x7f]|[/\\%;]/.test(character);
}

function unescapeBytes(segment: string): Uint8Array {
  const latin = Buffer.from(segment).toString('latin1');
  const digits = /%([0-9A-F]{2})/g;
  const plain = latin.replace(digits, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, 'latin1');
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
