/** A naive reading of "a path with exactly one reading" (policy-model, "Meaning" 6; RFC 3986, 3.3 and 6.2.2), to hold the filter against. */

/** Whether a path, as bytes, can be read in one way only; its query does not count. */
export function hasOneReading(bytes: Uint8Array): boolean {
  // Bytes as characters: what they mean as UTF-8 is asked at the end, of the bytes that escapes stand for.
  const [path = ''] = Buffer.from(bytes).toString('latin1').split('?');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (!path.startsWith('/') || /[\x00-\x20\x7f\\#]/.test(path)) return false;
  const segments = path.slice(1).split('/');
  return segments.every((segment, i) => {
    if (segment === '') return i === segments.length - 1;
    return isPlainSegment(segment);
  });
}

function isPlainSegment(segment: string): boolean {
  const [name = ''] = segment.split(';');
  if (name === '.' || name === '..') return false;
  for (const [triplet] of segment.matchAll(/%.{0,2}/gs)) {
    if (!isNeededEscape(triplet)) return false;
  }
  const decoded = segment.replace(/%(..)/g, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return isUtf8(Buffer.from(decoded, 'latin1'));
}

// Nothing unreserved (6.2.2.2), nothing that a reader could take for structure; digits of both cases are one spelling.
function isNeededEscape(triplet: string): boolean {
  if (!/^%[0-9A-Fa-f]{2}$/.test(triplet)) return false;
  const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return !/[A-Za-z0-9\-._~]|[\x00-\x1f\x7f]|[/\\%;]/.test(character);
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
