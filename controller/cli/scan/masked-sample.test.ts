/** What samples show of values. */
import { expect, test } from 'vitest';

import { maskedSample } from './masked-sample.ts';

test.each([
  ['card', '4111111111111111', '****1111'],
  ['card', '411111111111', '****1111'],
  ['ssn', '078-05-1120', '****20'],
  ['ipv4', '1.2.3.4', '****'],
  ['jwt', 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln', '****'],
  ['private-key', '-----BEGIN PRIVATE KEY-----', '****'],
  ['email', 'a@example.c\n\u2028#', '****c**#'],
])('%s %s', (kind, found, shown) => {
  expect(maskedSample(kind, found)).toBe(shown);
});
