/** gRPC messages of `test/oracle/proto/orders.proto`: its descriptor set, a policy on it, and an order with secrets in it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  createFileRegistry,
  type DescMessage,
  type DescService,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

import { CARD, MASKED_CARD } from '../filter/masked-mesh.ts';
import { frame } from '../kernels/proto-wire.ts';

/** Paths of the methods. */
export const PLACE = '/shop.v1.Orders/Place';
export const WATCH = '/shop.v1.Orders/Watch';
export const PING = '/shop.v1.Orders/Ping';

const descriptorBytes = buildDescriptors();
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorBytes));

/** The descriptor set as policy sets hold it. */
export const descriptors = {
  name: 'policies/orders.binpb',
  text: descriptorBytes.toString('base64'),
};

/** The service with its messages. */
export const ordersService: DescService = found(registry.getService('shop.v1.Orders'));

const IBAN = 'DE89370400440532013000';

/** An order in the JSON of protobuf. */
export const order = {
  customer: { iban: IBAN, name: 'Anna Müller', phone: '4915112345678' },
  lines: [
    { card: CARD, sku: 'A-1' },
    { card: 'no card', sku: 'B-2' },
  ],
  notes: { gift: `paid with ${CARD}, thanks`, other: 'ring twice' },
  codes: [1, -70000, 3],
};

/** The same as it may be read: by path, by name and by value. */
export const maskedOrder = {
  customer: { iban: '*'.repeat(IBAN.length), name: '************' },
  lines: [
    { card: MASKED_CARD, sku: '***' },
    { card: 'no card', sku: '***' },
  ],
  // A key may be a classified name.
  notes: { gift: '*'.repeat(37), other: '**********' },
  codes: [0, 0, 0],
};

/** Texts that nobody without clearance may see, in any encoding of them that bytes of protobuf have. */
export const secrets = [CARD, IBAN, 'Anna', 'A-1', 'B-2'];

/** The policies of `service`; `checkout` is allowed and not cleared, `auditor` is cleared. */
export function grpcPolicies(service: string, unreadable = 'deny'): string {
  const head = (kind: string) =>
    `apiVersion: sm-dta/v1\nkind: ${kind}\nmetadata: { name: ${service} }\nspec:\n  destination: { service: ${service} }\n`;
  return `${head('AccessPolicy')}  rules:
    - { name: callers, effect: allow, from: [{ service: checkout }], audit: always }
    - { name: auditors, effect: allow, from: [{ service: auditor }], clearance: [PCI, PII], audit: always }
---
${head('DataClassification')}  fields:
    - { path: "$.customer.iban", label: PII }
    - { path: "$.customer.phone", label: PII }
    - { path: "$.lines[*].sku", label: PII }
    - { path: "$.codes", label: PII }
    - { name: full_name, label: PII }
  values: [{ detector: card, label: PCI }]
  headers: [{ name: x-customer-email, label: PII }]
---
${head('MaskingPolicy')}  unreadable: ${unreadable}
  descriptors: orders.binpb
  rules:
    - { labels: [PCI], operator: keep-last, keep: 4 }
    - { labels: [PII], operator: redact }
`;
}

/** The files of a policy set with one policy text and the descriptor set. */
export function grpcFiles(policies: string) {
  return [{ name: 'policies/grpc.yaml', text: policies }, descriptors];
}

/** Makes a message of a type in this package. */
export function makeMessage(type: string, value: JsonValue): Message {
  return fromJson(schemaOf(type), value, { registry });
}

/** What a message says. */
export function showMessage(type: string, message: Message): JsonValue {
  return toJson(schemaOf(type), message, { registry });
}

/** Writes a message. */
export function encode(type: string, value: JsonValue): Buffer {
  return Buffer.from(toBinary(schemaOf(type), makeMessage(type, value)));
}

/** Reads one; throws when it is none. */
export function decode(type: string, bytes: Uint8Array): JsonValue {
  return showMessage(type, fromBinary(schemaOf(type), bytes));
}

/** A frame with an order. */
export function orderFrame(value: JsonValue = order): Buffer {
  return frame(encode('Order', value));
}

/** Payloads of frames, with their flags; throws when the last one is not whole. */
export function readFrames(bytes: Uint8Array): { flag: number; payload: Buffer }[] {
  const all = Buffer.from(bytes);
  const frames = [];
  for (let at = 0; at < all.length; ) {
    const end = at + 5 + all.readUInt32BE(at + 1);
    if (end > all.length) throw new RangeError(`a frame of ${end - at} bytes is cut off`);
    frames.push({ flag: all.readUInt8(at), payload: all.subarray(at + 5, end) });
    at = end;
  }
  return frames;
}

/** The orders in frames. */
export function ordersIn(bytes: Uint8Array): JsonValue[] {
  return readFrames(bytes).map(({ payload }) => decode('Order', payload));
}

function schemaOf(type: string): DescMessage {
  return found(registry.getMessage(`shop.v1.${type}`));
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('not in the descriptor set');
  return value;
}

function buildDescriptors(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'dta-orders-'));
  try {
    const output = join(folder, 'orders.binpb');
    const buf = join(import.meta.dirname, '../../node_modules/.bin/buf');
    const proto = join(import.meta.dirname, '../oracle/proto/orders.proto');
    execFileSync(buf, ['build', proto, '-o', output]);
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
