/** Protobuf in mask blobs: messages of gRPC methods at the places of field paths, from a real descriptor set. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { FieldKind, MaskOperator, NONE } from '../../controller/layout.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import { loadValidationKernel } from '../kernels/mask-validation-kernel.ts';
import { type CompiledMasks, compileMasksOf, masksOf } from './compiled-masks.ts';

const kernel = await loadValidationKernel();
let folder: string;
let descriptors: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dta-protobuf-'));
  const output = join(folder, 'orders.binpb');
  const buf = join(import.meta.dirname, '../../node_modules/.bin/buf');
  const proto = join(import.meta.dirname, 'proto/orders.proto');
  execFileSync(buf, ['build', proto, '-o', output]);
  descriptors = readFileSync(output).toString('base64');
});

afterAll(() => rmSync(folder, { recursive: true }));

const filesOf = (classification: string, masking: string) => [
  {
    name: 'policies/masks.yaml',
    text: masksOf(classification, `descriptors: proto/../orders.binpb\n  ${masking}`),
  },
  { name: 'policies/orders.binpb', text: descriptors },
];

const compile = (classification: string, masking: string) => {
  const { request, response } = compileMasksOf(filesOf(classification, masking));
  for (const side of [request, response]) {
    if (side !== undefined) expect(kernel.acceptsBlob(side.blob, 64)).toBe(true);
  }
  return { request, response };
};

// Kinds and rules by numbers of fields, once for each message.
const outline = (side: CompiledMasks | undefined, path: string): string[] => {
  if (side === undefined) throw new Error('no profile');
  const { MaskMethod = [], MaskMessage = [], MaskField = [] } = side.tables;
  const kinds = new Map<number, string>(
    Object.entries(FieldKind).map(([name, kind]) => [kind, name]),
  );
  const lines: string[] = [];
  const visit = (index: number, at: string, seen: readonly number[]): void => {
    if (seen.includes(index)) {
      lines.push(`${at} as above`);
      return;
    }
    const { fieldStart = 0, fieldCount = 0 } = MaskMessage[index] ?? {};
    const fields = MaskField.slice(Number(fieldStart), Number(fieldStart) + Number(fieldCount));
    let last = -1;
    for (const { number, kind, rule, message } of fields) {
      const place = `${at}/${number}`;
      const does = rule === NONE ? 'looked at' : side.show(rule);
      lines.push(`${place} ${kinds.get(Number(kind))} ${does}`);
      if (message !== NONE && number !== last) visit(Number(message), place, [...seen, index]);
      last = Number(number);
    }
  };
  const method = MaskMethod.find((one) => one.path === path);
  if (method === undefined) throw new Error(`no method ${path}`);
  if (method.message === NONE) return ['nothing'];
  visit(Number(method.message), '', []);
  return lines;
};

const PLACE = '/shop.v1.Orders/Place';
const redact = 'rules: [{ labels: [A], operator: redact }]';
const does = `A ${MaskOperator.Redact} 0 0`;
const field = (path: string) => `fields: [{ path: "${path}", label: A }]`;
const outlineOf = (path: string) => outline(compile(field(path), redact).request, PLACE);

test('methods stand by path, with the message of the direction', () => {
  const { request, response } = compile('fields: [{ name: number, label: A }]', redact);
  const streamed = request?.tables.MaskMethod?.map(({ isStreamed }) => isStreamed);
  expect(streamed).toEqual([0, 0, 1]);
  const methods = (side: CompiledMasks | undefined) =>
    side?.tables.MaskMethod?.map(({ path, message }) => `${path} ${message === NONE ? '-' : 'm'}`);
  expect(methods(response)).toEqual([
    '/shop.v1.Orders/Ping -',
    '/shop.v1.Orders/Place m',
    '/shop.v1.Orders/Watch m',
  ]);
  expect(outline(response, PLACE)).toEqual([`/1 Text ${does}`]);
  expect(outline(request, '/shop.v1.Orders/Ping')).toEqual(['nothing']);
});

describe('a path', () => {
  test.each([
    ['$.customer.iban', ['/1 Message looked at', `/1/1 Text ${does}`]],
    ['$.customer.full_name', ['/1 Message looked at', `/1/2 Text ${does}`]],
    ['$.customer.name', ['/1 Message looked at', `/1/2 Text ${does}`]],
    ['$.lines[*].card', ['/2 Message looked at', `/2/2 Text ${does}`]],
    ['$.lines[3].card', ['/2 Message looked at', `/2/2 Text ${does}`]],
    ['$.lines.card', ['nothing']],
    ['$.lines', [`/2 Message ${does}`, `/2/1 Text ${does}`, `/2/2 Text ${does}`]],
    ['$.codes', [`/9 PackedVarint ${does}`]],
    ['$.codes[*]', [`/9 PackedVarint ${does}`]],
    ['$.status', [`/10 Varint ${does}`]],
    ['$.card', [`/11 Text ${does}`]],
    ['$.token', [`/12 Bytes ${does}`]],
    ['$.amount', [`/13 Fixed64 ${does}`]],
    ['$.voucher', [`/14 Fixed32 ${does}`]],
    ['$.cardHolder', [`/7 Message ${does}`, `/7/1 Text ${does}`]],
    [
      '$.contacts.*.phone',
      ['/3 Message looked at', '/3/2 Message looked at', `/3/2/3 Varint ${does}`],
    ],
    [
      '$.contacts.anna.phone',
      ['/3 Message looked at', '/3/2 Message looked at', `/3/2/3 Varint ${does}`],
    ],
    [
      '$.replaced.replaced.card',
      ['/5 Message looked at', '/5/5 Message looked at', `/5/5/11 Text ${does}`],
    ],
    ['$.nothing', ['nothing']],
  ])('%s', (path, lines) => {
    expect(outlineOf(path)).toEqual(lines);
  });
});

test('a name is masked at any depth, also in messages that hold themselves', () => {
  const lines = outline(compile('fields: [{ name: IBAN, label: A }]', redact).request, PLACE);
  expect(lines).toContain(`/1/1 Text ${does}`);
  expect(lines).toContain(`/3/2/1 Text ${does}`);
  expect(lines).toContain('/5/5 as above');
  // The key of a map may be the name.
  expect(lines).toContain(`/4/2 Text ${does}`);
  expect(lines).not.toContain(`/2/2 Text ${does}`);
});

test('`**` is followed into messages that hold themselves', () => {
  const lines = outlineOf('$.**.sku');
  expect(lines).toContain(`/2/1 Text ${does}`);
  expect(lines).toContain('/5/5 as above');
});

test('JSON values inside of protobuf are stepped through as JSON', () => {
  const lines = outlineOf('$.extra.card.number');
  const value = '/6/1/2';
  expect(lines).toContain('/6/1 Message looked at');
  // Any member may be `card`: what stands below `number` in it is masked, and nothing above.
  expect(lines).not.toContain(`${value}/3 Text ${does}`);
  expect(lines).toContain(`${value}/5/1/2/3 Text ${does}`);
  const whole = outlineOf('$.extra');
  expect(whole).toContain(`/6 Message ${does}`);
  expect(whole).toContain(`${value}/3 Text ${does}`);
});

test('what cannot be looked into has every mask that could be meant for it', () => {
  expect(outlineOf('$.attachment.card')).toEqual(['/8 Message looked at', `/8/2 Bytes ${does}`]);
  const byName = outline(compile('fields: [{ name: sku, label: A }]', redact).request, PLACE);
  expect(byName).toContain(`/8/2 Bytes ${does}`);
  const byValue = outline(compile('values: [{ detector: card, label: A }]', redact).request, PLACE);
  expect(byValue).toContain(`/8/2 Bytes ${does}`);
  expect(outlineOf('$.customer.iban').some((line) => line.startsWith('/8'))).toBe(false);
});

test('with a detector every text is looked at, keys of maps and numbers are not', () => {
  const lines = outline(compile('values: [{ detector: card, label: A }]', redact).request, PLACE);
  for (const place of ['/1/1', '/1/2', '/2/1', '/2/2', '/3/2/1', '/4/2', '/7/1', '/11']) {
    expect(lines).toContain(`${place} Text looked at`);
  }
  expect(lines.some((line) => /^\/(1\/3|4\/1|9|10|12|13|14) /.test(line))).toBe(false);
});

test('several masks of a field have a record each, the weakest first', () => {
  const rules =
    'rules: [{ labels: [A], operator: drop, band: high }, { labels: [A], operator: hash }]';
  expect(outline(compile(field('$.card'), rules).request, PLACE)).toEqual([
    `/11 Text A ${MaskOperator.Hash} 0 32`,
    `/11 Text A ${MaskOperator.Drop} 0 0 from 2`,
  ]);
});

describe('descriptor sets that cannot be used', () => {
  const policy = (path: string) =>
    masksOf('fields: [{ name: a, label: A }]', `descriptors: ${path}\n  ${redact}`);
  const errorsOf = (path: string, files: { name: string; text: string }[]) =>
    parsePolicySet([{ name: 'policies/p.yaml', text: policy(path) }, ...files]).errors.map(
      ({ line, column, message }) => `${line}:${column} ${message}`,
    );
  const at = '13:16';

  test('are told where they are named', () => {
    const file = (text: string) => [{ name: 'policies/o.binpb', text }];
    expect(errorsOf('o.binpb', [])).toEqual([`${at} file \`policies/o.binpb\` is not in the set`]);
    expect(errorsOf('../o.binpb', file(descriptors))).toEqual([
      `${at} file \`o.binpb\` is not in the set`,
    ]);
    expect(errorsOf('o.binpb', file('***'))[0]).toContain('cannot be read: it is no base64');
    expect(errorsOf('o.binpb', file('AAAA'))[0]).toContain(`${at} descriptor set cannot be read: `);
    expect(errorsOf('o.binpb', file(''))[0]).toContain('it has no service with methods');
    const half = Buffer.from(descriptors, 'base64');
    expect(errorsOf('o.binpb', file(half.subarray(0, 900).toString('base64')))[0]).toContain(at);
    expect(errorsOf('o.binpb', file(descriptors))).toEqual([]);
    expect(errorsOf('o.bin', [])).toEqual([`${at} \`o.bin\` is not the path of a descriptor set`]);
    expect(errorsOf('/etc/o.binpb', [])[0]).toContain('is not the path of a descriptor set');
  });

  test('one destination has one', () => {
    const second = policy('b.binpb')
      .split('---\n')[1]
      ?.replace('name: masks', 'name: more') as string;
    const files = ['a', 'b'].map((name) => ({ name: `${name}.binpb`, text: descriptors }));
    const text = `${policy('a.binpb')}---\n${second}`;
    const { errors } = parsePolicySet([{ name: 'p.yaml', text }, ...files]);
    expect(errors.map(({ message }) => message)).toEqual([
      '`descriptors` is `b.binpb` here and `a.binpb` in MaskingPolicy `masks`',
    ]);
  });
});
