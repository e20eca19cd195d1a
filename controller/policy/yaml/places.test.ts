/** Places of values: their limit. Which places they are the tests of the readers hold. */
import { expect, test } from 'vitest';

import { VALUES_MAX } from './limits.ts';
import { Places } from './places.ts';

test('a document has eight million values', () => {
  const places = new Places();
  for (let i = 0; i < VALUES_MAX; i++) places.open(i);
  expect(() => places.open(VALUES_MAX)).toThrow('document has more than 8000000 values');
});
