/** A list of orders as JSON, with about 2 % of its fields under a mask: a card, an account and a number in every fourth order. */

/** About `bytes` bytes of UTF-8. */
export function orderList(bytes: number): Buffer {
  const orders: unknown[] = [];
  let length = 2;
  for (let index = 0; length < bytes; index++) {
    const order = orderOf(index);
    orders.push(order);
    length += Buffer.byteLength(JSON.stringify(order)) + 1;
  }
  return Buffer.from(JSON.stringify(orders));
}

/** Values that must not be in what comes out. */
export const secrets = ['4111111111111111', 'FR7630006000011234567890189', '078-05-1120'];

function orderOf(index: number): unknown {
  const [card, iban, ssn] = secrets;
  return {
    id: 100_000 + index,
    status: index % 5 === 0 ? 'cancelled' : 'shipped',
    placedAt: `2026-11-${String((index % 28) + 1).padStart(2, '0')}T09:30:00Z`,
    customer: {
      name: `Customer ${index}`,
      city: index % 2 === 0 ? 'Lyon' : 'Rotterdam',
      tier: index % 4,
      ...(index % 4 === 0 && { iban, ssn }),
    },
    ...(index % 4 === 0 && { card }),
    lines: Array.from({ length: 4 }, (_, line) => ({
      sku: `A-${index}-${line}`,
      title: 'A pair of gloves, wool, size 9, dark blue',
      quantity: line + 1,
      price: 19.95 + line,
      taxed: true,
    })),
    shipping: { carrier: 'post', days: 3, express: false, notes: 'leave it with the neighbours' },
    currency: 'EUR',
    total: 219.45,
    tags: ['gift', 'winter'],
  };
}
