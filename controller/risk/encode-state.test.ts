/** States of one epoch that are made from one another: each has the bytes that it would have alone. */
import { expect, it } from 'vitest';

import { Band } from '../layout.ts';
import { encodeState, type SharedContent, StateMold } from './encode-state.ts';

const shared: SharedContent = {
  mesh: 'mesh.test',
  epoch: 7n,
  nowMs: 1_800_000_000_000,
  revokedDigests: [Buffer.alloc(32, 9), Buffer.alloc(32, 2)],
  revokedInstances: ['00000000-0000-4000-8000-00000000000b'],
  signals: [],
  bands: [{ subject: 'prod/orders', band: Band.Guarded }],
  restrictions: [],
};
const selves = [
  'spiffe://mesh.test/env/prod/team/shop/svc/orders/i/00000000-0000-4000-8000-000000000001',
  'spiffe://mesh.test/env/prod/team/shop/svc/orders/i/00000000-0000-4000-8000-000000000002',
  'spiffe://mesh.test/env/prod/team/shop/svc/ledger/i/00000000-0000-4000-8000-000000000003',
  'spiffe://mesh.test/env/prod/team/shop/svc/checkout/i/00000000-0000-4000-8000-000000000004',
  'spiffe://mesh.test/env/prod/team/shop/svc/örders/i/00000000-0000-4000-8000-000000000005',
  // As long as `prod/stock`, and kept already.
  'prod/stock',
  'prod/orders',
  'prod/order2',
];

it.each(['', 'OU=label.tier=web'])('whoever was first (subject `%s`)', (selfSubject) => {
  for (const order of [selves, selves.toReversed()]) {
    const mold = new StateMold(shared);
    for (const self of order) {
      expect(mold.encode(self, selfSubject)).toEqual(encodeState({ ...shared, self, selfSubject }));
    }
  }
});

it('do not change one another', () => {
  const mold = new StateMold(shared);
  const [first = '', second = ''] = selves;
  const made = mold.encode(first, '');
  const copy = made.slice();
  mold.encode(second, '');
  expect(made).toEqual(copy);
});
