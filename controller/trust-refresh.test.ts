/** Roots and revocation lists on their way out, when a key that signs them cannot be reached. */
import { pino } from 'pino';
import { beforeEach, expect, it } from 'vitest';

import { TrustRefresh } from './trust-refresh.ts';

let waits: { later: () => void; ms: number }[];
let faults: Set<string>;
let announced: (number | undefined)[];
let tries: number;
let isReachable: boolean;
let lacksLists: boolean;
/** Holds a try back until it is called. */
let hold: Promise<void> | undefined;
let trust: TrustRefresh;

beforeEach(() => {
  waits = [];
  faults = new Set();
  announced = [];
  tries = 0;
  isReachable = true;
  lacksLists = false;
  hold = undefined;
  trust = new TrustRefresh(
    {
      source: {
        refreshTrust: async () => {
          tries += 1;
          await hold;
          if (!isReachable) throw new Error('the program does not answer');
        },
        announce: ({ sinceMs }) => announced.push(sinceMs),
        get lacksLists() {
          return lacksLists;
        },
      },
      facade: { degrade: (key) => faults.add(key), mend: (key) => faults.delete(key) },
      log: pino({ level: 'silent' }),
    },
    (later, ms) => {
      const wait = { later, ms };
      waits.push(wait);
      return () => {
        waits = waits.filter((each) => each !== wait);
      };
    },
  );
});

/** Lets the one wait there is pass; gives how long it was. */
async function pass(): Promise<number | undefined> {
  expect(waits.length).toBeLessThanOrEqual(1);
  const wait = waits.shift();
  wait?.later();
  await settled();
  return wait?.ms;
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

it('sends once what is asked for while states leave', async () => {
  trust.ask(5);
  trust.ask(6);
  expect(await pass()).toBe(250);
  expect(announced).toEqual([5]);
  expect(waits).toEqual([]);
});

it('tries again with pauses of up to a minute, which nobody who asks cuts short', async () => {
  isReachable = false;
  trust.ask(5);
  expect(await pass()).toBe(250);
  const pauses = [];
  for (let i = 0; i < 8; i += 1) {
    trust.ask(100 + i);
    trust.askAtOnce(200 + i);
    pauses.push(await pass());
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
  expect(tries).toBe(9);
  expect(faults).toContain('trust');
  isReachable = true;
  await pass();
  expect(announced).toEqual([5]);
  expect(faults).not.toContain('trust');
  isReachable = false;
  trust.ask(7);
  expect(await pass()).toBe(250);
  expect(await pass()).toBe(1_000);
});

it('never tries twice at a time, and sends afterwards what was asked for meanwhile', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  hold = promise;
  trust.ask(5);
  await pass();
  trust.ask(6);
  trust.askAtOnce(7);
  expect([tries, waits.length]).toEqual([1, 0]);
  resolve();
  await settled();
  expect(await pass()).toBe(250);
  expect(announced).toEqual([5, 6]);
});

it('sends at once what no state says, with what waits', async () => {
  trust.ask(5);
  trust.askAtOnce(6);
  await settled();
  expect(announced).toEqual([5]);
  expect(waits).toEqual([]);
});

it('says while proxies get no lists', async () => {
  lacksLists = true;
  trust.ask(5);
  await pass();
  expect(faults).toContain('federationLists');
  lacksLists = false;
  trust.ask(6);
  await pass();
  expect(faults.size).toBe(0);
});

it('does nothing more when it is closed', async () => {
  isReachable = false;
  trust.ask(5);
  await pass();
  trust.close();
  trust.ask(6);
  trust.askAtOnce(6);
  expect(waits).toEqual([]);
  expect(tries).toBe(1);
});
