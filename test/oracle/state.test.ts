/** States are sorted and without repetition, whatever the order of what goes in. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { DtaError } from '../../controller/errors.ts';
import {
  Attribute,
  Band,
  RestrictionSide,
  STATE_MAX_BYTES,
  Verdict,
} from '../../controller/layout.ts';
import { encodeState, type StateContent } from '../../controller/risk/encode-state.ts';
import { restrictionOf } from '../filter/mesh.ts';
import { readState } from './read-sections.ts';

const nowMs = Date.UTC(2026, 0, 1);
const instance = '3f0e8c1a-0000-4000-8000-00000000000';
const signal = {
  subject: 'prod/orders',
  attribute: Attribute.SourceCpu,
  value: 0.5,
  observedAtMs: nowMs,
  maxAgeMs: 300_000,
};
const { Source, Destination } = RestrictionSide;
const isolation = restrictionOf('prod/orders', Destination, Verdict.Isolate);
const throttle = restrictionOf('prod/orders', Source, Verdict.Throttle, {
  ratePerSecond: 2.5,
  burst: 7,
  retryAfterSeconds: 30,
  untilMs: nowMs + 1,
});
const degrade = restrictionOf('prod/cart', Source, Verdict.Degrade, {
  readOnly: true,
  noClearance: true,
});
const content: StateContent = {
  mesh: 'mesh.test',
  self: `spiffe://mesh.test/env/prod/team/web/svc/orders/i/${instance}1`,
  epoch: 42n,
  nowMs,
  revokedDigests: [
    new Uint8Array(32).fill(2),
    new Uint8Array(32).fill(1),
    new Uint8Array(32).fill(2),
  ],
  revokedInstances: [`${instance}2`, `${instance}1`, `${instance}2`.toUpperCase()],
  signals: [
    { ...signal, subject: '\uffff' },
    { ...signal, subject: '\u{1f600}' },
    { ...signal, attribute: Attribute.DestinationLoad },
    signal,
    { ...signal, value: 0.7, observedAtMs: nowMs + 1 },
    { ...signal, value: 0.1, observedAtMs: nowMs - 1 },
    { ...signal, subject: 'alert', attribute: Attribute.EnvironmentFact, value: -1, maxAgeMs: 0 },
  ],
  bands: [
    { subject: 'prod/orders', band: Band.Low },
    { subject: 'prod/orders', band: Band.High },
    { subject: 'prod/cart', band: Band.Guarded },
  ],
  restrictions: [isolation, throttle, degrade, { ...throttle, burst: 6 }, throttle],
};

test('a state holds what it was given, sorted, the newest signal and the worst band', () => {
  const { header, records } = readState(encodeState(content));
  expect(header).toMatchObject({
    epoch: 42n,
    issuedAtMs: BigInt(nowMs),
    softExpiryMs: BigInt(nowMs + 15 * 60_000),
    hardExpiryMs: BigInt(nowMs + 60 * 60_000),
    mesh: 'mesh.test',
    self: content.self,
  });
  expect(records.RevokedDigests?.map((r) => r.sha256)).toEqual(['01'.repeat(32), '02'.repeat(32)]);
  expect(records.RevokedInstances?.map((r) => r.uuid)).toEqual([
    `${instance}1`.replaceAll('-', ''),
    `${instance}2`.replaceAll('-', ''),
  ]);
  const signals = records.Signals?.map((r) => [r.subject, r.attribute, r.value, r.maxAgeMs]);
  // By bytes: U+FFFF comes before U+1F600, although its UTF-16 unit is greater.
  expect(signals).toEqual([
    ['alert', Attribute.EnvironmentFact, -1, 0],
    ['prod/orders', Attribute.SourceCpu, 0.7, 300_000],
    ['prod/orders', Attribute.DestinationLoad, 0.5, 300_000],
    ['\uffff', Attribute.SourceCpu, 0.5, 300_000],
    ['\u{1f600}', Attribute.SourceCpu, 0.5, 300_000],
  ]);
  expect(records.Bands?.map((r) => [r.subject, r.band])).toEqual([
    ['prod/cart', Band.Guarded],
    ['prod/orders', Band.High],
  ]);
  const restrictions = records.Restrictions?.map((r) => [r.subject, r.side, r.verdict, r.flags]);
  expect(restrictions).toEqual([
    ['prod/cart', Source, Verdict.Degrade, 3],
    ['prod/orders', Source, Verdict.Throttle, 0],
    ['prod/orders', Source, Verdict.Throttle, 0],
    ['prod/orders', Destination, Verdict.Isolate, 0],
  ]);
  expect(records.Restrictions?.[2]).toMatchObject({
    ratePerSecond: 2.5,
    burst: 7,
    retryAfterSeconds: 30,
    untilMs: BigInt(nowMs + 1),
  });
});

test('the order of the input does not show', () => {
  const bytes = encodeState(content);
  const shuffled = <T>(items: readonly T[]) =>
    fc.shuffledSubarray([...items], { minLength: items.length });
  fc.assert(
    fc.property(
      shuffled(content.revokedDigests),
      shuffled(content.revokedInstances),
      shuffled(content.signals),
      shuffled(content.bands),
      shuffled(content.restrictions),
      (revokedDigests, revokedInstances, signals, bands, restrictions) => {
        const lists = { revokedDigests, revokedInstances, signals, bands, restrictions };
        const other = { ...content, ...lists };
        expect(Buffer.compare(encodeState(other), bytes)).toBe(0);
      },
    ),
  );
});

test.each([
  ['a short digest', { revokedDigests: [new Uint8Array(31)] }, 'digest has 31 bytes'],
  ['no UUID', { revokedInstances: ['3f0e'] }, '`3f0e` is not a UUID'],
  ['no number', { signals: [{ ...signal, value: Number.NaN }] }, 'is NaN'],
  ['infinity', { signals: [{ ...signal, value: Number.POSITIVE_INFINITY }] }, 'is Infinity'],
  ['time', { signals: [{ ...signal, observedAtMs: -1 }] }, 'observed at -1'],
  ['age', { signals: [{ ...signal, maxAgeMs: 2 ** 32 }] }, 'greatest age of 4294967296'],
  ['rate', { restrictions: [{ ...throttle, ratePerSecond: -1 }] }, 'a rate of -1'],
  ['no rate', { restrictions: [{ ...throttle, ratePerSecond: 0 }] }, 'rate of 0 for verdict 3'],
  ['rate of an isolation', { restrictions: [{ ...isolation, ratePerSecond: 1 }] }, 'a rate of 1'],
  ['burst', { restrictions: [{ ...throttle, burst: 0 }] }, 'a burst of 0'],
  ['wait', { restrictions: [{ ...throttle, retryAfterSeconds: 0 }] }, 'again after 0 s'],
  ['wait of an isolation', { restrictions: [{ ...isolation, retryAfterSeconds: 1 }] }, 'after 1 s'],
  ['flags', { restrictions: [{ ...isolation, readOnly: true }] }, 'has flags for verdict 5'],
  ['end', { restrictions: [{ ...isolation, untilMs: 0.5 }] }, 'ends at 0.5'],
])('%s is refused', (_, change, message) => {
  expect(() => encodeState({ ...content, ...change })).toThrow(message);
});

test('a state of more than its limit is refused with its size', () => {
  const revokedDigests = Array.from({ length: 40_000 }, (_, i) => {
    const digest = new Uint8Array(32);
    new DataView(digest.buffer).setUint32(0, i);
    return digest;
  });
  expect(() => encodeState({ ...content, revokedDigests })).toThrow(DtaError);
  expect(() => encodeState({ ...content, revokedDigests })).toThrow(`at most ${STATE_MAX_BYTES}`);
});
