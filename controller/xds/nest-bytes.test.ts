/** Messages around bytes, read back by the library. */
import { fromBinary } from '@bufbuild/protobuf';
import { AnySchema, BytesValueSchema } from '@bufbuild/protobuf/wkt';
import { expect, it } from 'vitest';

import { Nest, shell } from './nest-bytes.ts';

const typeUrl = 'type.googleapis.com/google.protobuf.BytesValue';
const nest = new Nest(shell(AnySchema, { typeUrl }, 'value'), shell(BytesValueSchema, {}, 'value'));

it.each([0, 1, 127, 128, 16_383, 16_384, 3_000_000])('%i bytes come back', (length) => {
  const content = Buffer.alloc(length, 7);
  const any = fromBinary(AnySchema, nest.encode(content));
  expect(any.typeUrl).toBe(typeUrl);
  expect(Buffer.from(fromBinary(BytesValueSchema, any.value).value).equals(content)).toBe(true);
});

it('of another length before and after are no matter', () => {
  const lengths = [5, 300, 5, 0];
  const back = lengths.map((length) => {
    const any = fromBinary(AnySchema, nest.encode(Buffer.alloc(length, 1)));
    return fromBinary(BytesValueSchema, any.value).value.length;
  });
  expect(back).toEqual(lengths);
});

it('without shells are the bytes, behind what goes before', () => {
  expect(new Nest().encode(Buffer.from('x'), Buffer.from('y')).toString()).toBe('yx');
});
