/** gRPC with a descriptor set in a real Envoy, between a real client and a real server: HTTP/2 from end to end. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { JsonValue, Message } from '@bufbuild/protobuf';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import {
  descriptors,
  grpcFiles,
  grpcPolicies,
  makeMessage,
  maskedOrder,
  order,
  showMessage,
} from '../bodies/order-messages.ts';
import { dtaInProcess } from '../cli/in-process.ts';
import { CARD, MASKED_CARD } from '../filter/masked-mesh.ts';
import { OrdersClient, OrdersServer } from './grpc-orders.ts';
import { LiveMesh } from './live-mesh.ts';

let server: OrdersServer;
let mesh: LiveMesh;
const clients: OrdersClient[] = [];
let checkout: OrdersClient;

const enter = async (service: string, compresses = false): Promise<OrdersClient> => {
  const port = mesh.sidecar('orders').inboundPort;
  const client = new OrdersClient({ port, identity: await mesh.join({ service }) }, compresses);
  clients.push(client);
  return client;
};

beforeAll(async () => {
  server = await OrdersServer.start();
  mesh = await LiveMesh.start({
    policies: grpcFiles(grpcPolicies('orders')),
    sidecars: [{ service: 'orders', app: { port: server.port, http2: true } }],
  });
  checkout = await enter('checkout');
});
afterAll(async () => {
  for (const client of clients) client.close();
  await mesh?.stop();
  server?.close();
});
beforeEach(() => {
  server.seen.length = 0;
});

/** What came of a stream until it ended, and how it ended. */
async function collect(stream: ClientDuplexStream<Message, Message>) {
  const orders: JsonValue[] = [];
  let error: ServiceError | undefined;
  stream.on('data', (message: Message) => orders.push(showMessage('Order', message)));
  stream.on('error', (cause: ServiceError) => {
    error = cause;
  });
  // No `once`: it would fail with the error.
  const code = await new Promise<number>((resolve) =>
    stream.on('status', (status) => resolve(status.code)),
  );
  return { orders, code, error };
}

const placed = { number: `receipt for ${MASKED_CARD}` };

test('masks a unary call both ways', async () => {
  expect(await checkout.place(order)).toEqual({ error: undefined, reply: placed });
  expect(server.seen).toEqual([maskedOrder]);
});

test('leaves all to who is cleared', async () => {
  const auditor = await enter('auditor');
  const { reply } = await auditor.place(order, { 'x-other': '1' });
  expect(reply).toEqual({ number: `receipt for ${CARD}` });
  expect(server.seen).toEqual([order]);
});

test('masks what an error says, and drops its details', async () => {
  const { error } = await checkout.place(order, { 'x-fail': '1' });
  expect(error).toMatchObject({ code: 9, details: `card ${MASKED_CARD} refused` });
  expect(error?.metadata.get('x-note')).toEqual([`paid with ${MASKED_CARD}`]);
  expect(error?.metadata.get('grpc-status-details-bin')).toEqual([]);
});

test('masks a stream both ways, message by message', async () => {
  const stream = checkout.watch();
  const result = collect(stream);
  for (let i = 1; i <= 5; i++) {
    stream.write(makeMessage('Order', order));
    // Each answer comes before the next order goes.
    await once(stream, 'data');
    expect(server.seen).toHaveLength(i);
  }
  stream.end();
  expect(await result).toMatchObject({ code: 0, orders: Array(5).fill(maskedOrder) });
  expect(server.seen).toEqual(Array(5).fill(maskedOrder));
});

test('masks a stream of 1,000 messages', async () => {
  const stream = checkout.watch();
  const result = collect(stream);
  for (let i = 0; i < 1_000; i++) stream.write(makeMessage('Order', order));
  stream.end();
  const { orders, code } = await result;
  expect(code).toBe(0);
  for (const all of [orders, server.seen]) {
    expect(all).toHaveLength(1_000);
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(all[0]).toEqual(maskedOrder);
  }
});

test('lets the server of a stream speak first', async () => {
  const stream = checkout.watch({ 'x-greet': '1' });
  const result = collect(stream);
  await once(stream, 'data', { signal: AbortSignal.timeout(10_000) });
  stream.end();
  expect(await result).toMatchObject({ code: 0, orders: [maskedOrder] });
});

test('refuses a caller that no rule permits', async () => {
  const stranger = await enter('stranger');
  expect((await stranger.place(order)).error).toMatchObject({
    code: 7,
    details: expect.stringContaining('DTA1011'),
  });
});

test('refuses a compressed message', async () => {
  const packing = await enter('checkout', true);
  const { error } = await packing.place(order);
  expect(error).toMatchObject({ code: 7, details: expect.stringContaining('DTA1014') });
  const stream = packing.watch();
  const result = collect(stream);
  stream.write(makeMessage('Order', order));
  expect((await result).code).not.toBe(0);
  expect(server.seen).toEqual([]);
});

test('refuses a method that is not described', async () => {
  const { error } = await checkout.place(order, {}, '/shop.v1.Orders/Cancel');
  expect(error).toMatchObject({ code: 7, details: expect.stringContaining('DTA1014') });
  expect(server.seen).toEqual([]);
});

test('`dta policy push` publishes a descriptor set from a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dta-push-'));
  try {
    mkdirSync(join(folder, 'sets'));
    writeFileSync(
      join(folder, 'sets/orders.binpb'),
      new Uint8Array(Buffer.from(descriptors.text, 'base64')),
    );
    const text = grpcPolicies('orders')
      .replace('descriptors: orders.binpb', 'descriptors: sets/orders.binpb')
      .replace('"$.customer.iban"', '"$.card"');
    writeFileSync(join(folder, 'grpc.yaml'), text);
    const push = ['policy', 'push', folder, '--data-dir', mesh.dataDir];
    expect(await dtaInProcess(push)).toMatchObject({ exit: 0, stderr: '' });
    await mesh.untilCurrent();
    await checkout.place({ ...order, card: 'any' });
    const customer = { ...maskedOrder.customer, iban: order.customer.iban };
    expect(server.seen).toEqual([{ ...maskedOrder, customer, card: '***' }]);
    writeFileSync(join(folder, 'sets/orders.binpb'), 'none');
    expect((await dtaInProcess(push)).stderr).toContain('descriptor set cannot be read');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('goes on after all that', async () => {
  expect((await checkout.place({})).error).toBeUndefined();
  const { envoy } = mesh.sidecar('orders');
  expect(envoy.isRunning).toBe(true);
  expect(envoy.log.filter((line) => /critical|wasm.*(fail|trap|abort)/i.test(line))).toEqual([]);
});
