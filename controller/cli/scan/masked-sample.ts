/** What may be shown of a value that was found. */

/** Its end, short enough to tell nothing: four characters of twelve and more, two of eight and more, of secrets none. */
export function maskedSample(kind: string, found: string): string {
  const shown = secrets.has(kind) ? 0 : found.length >= 12 ? 4 : found.length >= 8 ? 2 : 0;
  const end = shown === 0 ? '' : found.slice(-shown);
  // It goes into a comment: nothing that ends a line.
  return `****${end.replaceAll(/[^ -~]/g, '*')}`;
}

const secrets: ReadonlySet<string> = new Set(['jwt', 'api-key', 'private-key', 'secret']);
