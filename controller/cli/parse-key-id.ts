/** Key ids as tokens have them: four hexadecimal digits. */
import { InvalidArgumentError } from 'commander';

/** Reads a key id, 0001 to ffff. */
export function parseKeyId(text: string): number {
  const keyId = /^[0-9a-f]{4}$/i.test(text) ? Number.parseInt(text, 16) : 0;
  if (keyId === 0) throw new InvalidArgumentError('expected a key id, for example 0001');
  return keyId;
}

/** Shows a key id. */
export function showKeyId(keyId: number): string {
  return keyId.toString(16).padStart(4, '0');
}
