/** `make bench-mask`: how fast the masker is inside the VM, and that no document costs more than its size. */
import { cpus } from 'node:os';

import { loadKernel } from '../kernels/kernel.ts';
import { buildMaskBlob, type Profile } from '../kernels/mask-blob.ts';
import {
  allRules,
  cardRules,
  keyedCases,
  orderList,
  orderRules,
  sharedDocuments,
  worstCases,
} from './mask/cases.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** Bytes that a proxy hands over at once. */
const CHUNK = 65_536;
const MIB = 1 << 20;
const samples = Number(process.env.BENCH_SAMPLES ?? 15);
/** A sample is at least this long: the clock of CPU time ticks every 4 ms here, which is then 2 %. */
const sampleMicroseconds = 200_000;
const bounds = { gigabytes: 0.8, timesNode: 4, perDoubling: 2.3, msPerMib: 20 };
/** What one masked order list must not hold. */
const secret = 'FR7630006000011234567890189';

interface Verdict {
  readonly what: string;
  readonly bound: string;
  readonly measured: string;
  readonly passes: boolean;
}

const verdicts: Verdict[] = [];
const { exports, place } = await startKernel();

print(`${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}`);
print(`median (min to max) of ${samples} samples of CPU time, ${CHUNK / 1024} KiB a call`);
benchThroughput();
benchShared();
benchSizes();
benchWorst();
benchKeyed();
printVerdicts();

async function startKernel() {
  const kernel = await loadKernel();
  return { exports: kernel.exports, place: (bytes: Uint8Array) => kernel.place(bytes) };
}

/** Orders with 2 % masked fields against the same work in JavaScript, in turn. */
function benchThroughput(): void {
  const text = orderList(4 * MIB);
  const bytes = Buffer.from(text);
  const fields = maskerOf(orderRules, bytes);
  const cards = maskerOf(cardRules, bytes);
  const all = maskerOf(allRules, bytes);
  const inNode = (): void => {
    const orders = JSON.parse(bytes.toString()) as { customer: { iban: string } }[];
    for (const { customer } of orders) customer.iban = `***${customer.iban.slice(-4)}`;
    if (Buffer.from(JSON.stringify(orders)).includes(secret)) throw new Error('nothing was masked');
  };
  if (fields.masked().includes(secret)) throw new Error('a secret came through');
  const [ours, withCards, withAll, node] = interleave([fields.run, cards.run, all.run, inNode]).map(
    (times) => spreadOf(times.map((time) => bytes.length / time / 1000)),
  );
  print(`\n## Orders of ${mib(bytes.length)} MiB with 2 % masked fields, GB a second\n`);
  print('| what | GB/s |');
  print('|---|---|');
  row('1 path and 2 names', show(ours as Spread, 2));
  row('the same, and cards looked for', show(withCards as Spread, 2));
  row('the same, and all 32 detectors', show(withAll as Spread, 2));
  row('JSON.parse, change, JSON.stringify', show(node as Spread, 2));
  const rate = (ours as Spread).median;
  const times = rate / (node as Spread).median;
  judge('orders, 2 % masked', bounds.gigabytes, rate, 'at least', ' GB/s');
  judge(
    'the same against JSON.parse + change + JSON.stringify',
    bounds.timesNode,
    times,
    'at least',
    'x',
  );
  for (const masker of [fields, cards, all]) masker.end();
}

function benchShared(): void {
  print('\n## Documents of ../shared/cases/json-documents, GB a second\n');
  print('| document | KiB | 1 path and 2 names | and cards | and all detectors |');
  print('|---|---|---|---|---|');
  for (const { name, text } of sharedDocuments()) {
    const bytes = Buffer.from(text);
    const maskers = [orderRules, cardRules, allRules].map((profile) => maskerOf(profile, bytes));
    const rates = interleave(maskers.map(({ run }) => run)).map((times) =>
      show(spreadOf(times.map((time) => bytes.length / time / 1000)), 2),
    );
    row(name, String(Math.round(bytes.length / 1024)), ...rates);
    for (const masker of maskers) masker.end();
  }
}

/** 1 KB to 16 MB: each size against the half of it, measured in turn. */
function benchSizes(): void {
  print('\n## Cost by size: orders, 1 path and 2 names\n');
  print('| KiB | µs | ms a MiB | times the half |');
  print('|---|---|---|---|');
  let worst = 0;
  let half: Masker | undefined;
  for (let size = 1024; size <= 16 * MIB; size *= 2) {
    const masker = maskerOf(orderRules, Buffer.from(orderList(size)));
    const [whole = [], before = []] = interleave(half ? [masker.run, half.run] : [masker.run]);
    const ratio = half
      ? (spreadOf(whole).median / spreadOf(before).median / (masker.bytes / half.bytes)) * 2
      : 0;
    worst = Math.max(worst, ratio);
    const time = spreadOf(whole);
    const perMib = time.median / 1000 / (masker.bytes / MIB);
    row(String(size / 1024), show(time, 0), perMib.toFixed(2), half ? ratio.toFixed(2) : '');
    half?.end();
    half = masker;
  }
  half?.end();
  judge('orders, 1 KB to 16 MB, each doubling', bounds.perDoubling, worst, 'at most', 'x');
}

function benchWorst(): void {
  print('\n## Worst cases: 1 MiB and 2 MiB\n');
  print('| document | ms a MiB | times the half |');
  print('|---|---|---|');
  for (const { name, profile, make } of worstCases) {
    const maskers = [MIB, 2 * MIB].map((size) => maskerOf(profile, Buffer.from(make(size))));
    const [small, large] = interleave(maskers.map(({ run }) => run)).map(spreadOf);
    const [one, two] = maskers;
    if (!small || !large || !one || !two) throw new Error('no measurements');
    const ratio = ((large.median / small.median) * 2 * one.bytes) / two.bytes;
    const perMib = (spread: number): number => spread / 1000 / (two.bytes / MIB);
    const shown = { median: perMib(large.median), min: perMib(large.min), max: perMib(large.max) };
    row(name, show(shown, 1), ratio.toFixed(2));
    judge(`${name}: a MiB`, bounds.msPerMib, shown.median, 'at most', ' ms');
    judge(`${name}: a doubling`, bounds.perDoubling, ratio, 'at most', 'x');
    for (const masker of maskers) masker.end();
  }
}

/** What a value costs under operators that encrypt or hash: by value, because output and not input decides. */
function benchKeyed(): void {
  print('\n## Keyed operators, µs a value (no bound)\n');
  print('| values | µs |');
  print('|---|---|');
  for (const { name, profile, make } of keyedCases) {
    const text = make(MIB);
    const masker = maskerOf(profile, Buffer.from(text));
    const count = text.split('","').length;
    const [times = []] = interleave([masker.run]);
    row(name, show(spreadOf(times.map((time) => time / count)), 2));
    masker.end();
  }
}

interface Masker {
  readonly bytes: number;
  readonly run: () => void;
  readonly masked: () => Buffer;
  readonly end: () => void;
}

/** A masker of one document, which lies in the memory of the VM as a host would have put it there. */
function maskerOf(profile: Profile, bytes: Buffer): Masker {
  const blob = place(buildMaskBlob(profile));
  const src = place(bytes);
  const each = (take: (ptr: number, len: number) => void): void => {
    const masker = exports.open(blob, 0n, 0, 0, 0, 0, 0);
    for (let at = 0; at < bytes.length; at += CHUNK) {
      const len = Math.min(CHUNK, bytes.length - at);
      const status = exports.feed(masker, src + at, len, at + len === bytes.length ? 1 : 0);
      if (status !== 0) throw new Error(`the document was refused: ${status}`);
      take(exports.outPtr(), exports.outLen());
    }
    exports.shut(masker);
  };
  return {
    bytes: bytes.length,
    run: () => each(() => {}),
    masked: () => {
      const parts: Buffer[] = [];
      each((ptr, len) => parts.push(Buffer.from(exports.memory.buffer.slice(ptr, ptr + len))));
      return Buffer.concat(parts);
    },
    end: () => {
      exports.give(src);
      exports.give(blob);
    },
  };
}

/** Microseconds of CPU of each work, in turn, so that whatever disturbs one disturbs all. */
function interleave(works: readonly (() => void)[]): number[][] {
  const repeats = works.map(repeatsOf);
  const times: number[][] = works.map(() => []);
  for (let sample = 0; sample < samples; sample++) {
    works.forEach((work, i) => {
      const count = repeats[i] ?? 1;
      times[i]?.push(cpuMicroseconds(work, count) / count);
    });
  }
  return times;
}

/** How often a work fills a sample. The first runs warm up. */
function repeatsOf(work: () => void): number {
  for (let count = 1; ; count *= 2) {
    if (cpuMicroseconds(work, count) >= sampleMicroseconds) return count;
  }
}

function cpuMicroseconds(work: () => void, count: number): number {
  const before = process.threadCpuUsage();
  for (let i = 0; i < count; i++) work();
  const { user, system } = process.threadCpuUsage(before);
  return Math.max(1, user + system);
}

function judge(
  what: string,
  bound: number,
  measured: number,
  way: 'at least' | 'at most',
  unit: string,
): void {
  const passes = way === 'at least' ? measured >= bound : measured <= bound;
  verdicts.push({
    what,
    bound: `${way} ${bound}${unit}`,
    measured: `${measured.toFixed(2)}${unit}`,
    passes,
  });
}

/** Of the worst cases only the extremes and what falls short: the table above has all. */
function printVerdicts(): void {
  print('\n## Bounds\n');
  print('| what | bound | measured | |');
  print('|---|---|---|---|');
  const isCase = ({ what }: Verdict): boolean => / a (MiB|doubling)$/.test(what);
  const shown = verdicts.filter((one) => !isCase(one) || !one.passes);
  for (const { what, bound, measured, passes } of shown) {
    row(what, bound, measured, passes ? 'pass' : 'falls short');
  }
  const passed = verdicts.filter((one) => isCase(one) && one.passes).length;
  row(
    'worst cases, all other',
    'as above',
    `${passed} of ${verdicts.filter(isCase).length}`,
    'pass',
  );
}

function row(...cells: string[]): void {
  print(`| ${cells.join(' | ')} |`);
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}

function show({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
