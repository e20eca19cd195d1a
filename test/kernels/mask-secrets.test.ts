/**
 * Planted secrets: whatever a receiver decodes from the output, no secret is in it, and everything else is what it was. The
 * output is read by JSON.parse. FUZZ_RUNS documents (20,000), from FUZZ_SEED on.
 */
import { expect, test } from 'vitest';

import { loadKernel } from './kernel.ts';
import { buildMaskBlob } from './mask-blob.ts';
import { normalByte } from './mask-oracle-text.ts';
import { type Expected, Random, SecretWriter } from './secret-documents.ts';

const runs = Number(process.env.FUZZ_RUNS ?? 20_000);
const firstSeed = Number(process.env.FUZZ_SEED ?? 1);
/** Documents of one profile. */
const BATCH = 20;
const kernel = await loadKernel();

/** The digits of a text as detectors read them, without what may stand between. */
function digitsOf(text: string): string {
  return [...text]
    .map((char) => (normalByte(char) === 0x01 ? '' : String.fromCharCode(normalByte(char))))
    .join('')
    .replace(/(?<=\d)[ \-./_]+(?=\d)/g, '');
}

/** Each secret that can be read in a decoded text: a field's, or nine letters of it, and a card in any digits. */
function leaked(text: string, secrets: readonly string[]): string[] {
  const digits = /\p{Nd}/u.test(text) ? digitsOf(text) : '';
  return secrets.filter((secret) =>
    /^\d+$/.test(secret) ? digits.includes(secret) : text.includes(secret.slice(0, 9)),
  );
}

/** All strings and numbers of a JSON text, duplicate members and documents in strings included, as a receiver has them. */
function* decodedOf(text: string): Generator<string> {
  for (const [token] of text.matchAll(/"(?:\\.|[^"\\])*"|-?\d[-+.0-9eE]*/gs)) {
    if (token.startsWith('"')) {
      const decoded = JSON.parse(token) as string;
      yield decoded;
      if (/^[[{]/.test(decoded) && isJson(decoded)) yield* decodedOf(decoded);
      continue;
    }
    const value = Math.trunc(Math.abs(Number(token)));
    yield token;
    if (Number.isFinite(value)) yield BigInt(value).toString();
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with a decoded value, or undefined. */
function differs(expected: Expected, actual: unknown, at = '$'): string | undefined {
  const wrong = (): string => `${at}: ${JSON.stringify(actual)} is not ${expected.kind}`;
  switch (expected.kind) {
    case 'same':
      return Object.is(actual, expected.value) ? undefined : wrong();
    case 'any':
      return undefined;
    case 'text':
      return typeof actual === 'string' ? undefined : wrong();
    case 'masked':
      return isMasked(expected.operator, actual) ? undefined : wrong();
    case 'document':
      if (typeof actual !== 'string' || !isJson(actual)) return wrong();
      return differs(expected.document, JSON.parse(actual), `${at}(`);
    case 'array':
      if (!Array.isArray(actual) || actual.length !== expected.items.length) return wrong();
      return first(expected.items.map((item, i) => () => differs(item, actual[i], `${at}[${i}]`)));
    default:
      return differsInMembers(expected.members, actual, at) ?? undefined;
  }
}

const isMasked = (operator: string, actual: unknown): boolean =>
  operator === 'Null' || operator === 'Drop'
    ? actual === null || actual === '***'
    : typeof actual === 'string' || typeof actual === 'number';

function differsInMembers(
  members: ReadonlyMap<string, Expected>,
  actual: unknown,
  at: string,
): string | undefined {
  if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) {
    return `${at}: ${JSON.stringify(actual)} is no object`;
  }
  const isDropped = (one: Expected): boolean => one.kind === 'masked' && one.operator === 'Drop';
  const kept = [...members].filter(([name, one]) => !isDropped(one) || name in actual);
  const names = Object.keys(actual);
  if (names.length !== kept.length) return `${at}: members ${names.join()}`;
  return first(
    kept.map(([name, one]) => () => {
      if (!Object.hasOwn(actual, name)) return `${at}: no member ${name}`;
      return differs(one, (actual as Record<string, unknown>)[name], `${at}.${name}`);
    }),
  );
}

function first(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const found = check();
    if (found !== undefined) return found;
  }
  return undefined;
}

function pieces(random: Random, bytes: Buffer): Buffer[] {
  if (random.chance(3)) return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
  const cuts = random.times(random.below(5), () => random.below(bytes.length + 1));
  const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
}

test(`${runs} documents`, () => {
  let planted = 0;
  for (let done = 0; done < runs; done += BATCH) {
    const seed = firstSeed + done;
    const random = new Random(seed);
    const writer = new SecretWriter(random);
    const blob = buildMaskBlob(writer.profile);
    for (let i = 0; i < BATCH; i++) {
      const { text, expected } = writer.document();
      planted += writer.secrets.length;
      const { status, output } = kernel.mask(blob, pieces(random, Buffer.from(text)));
      const masked = output.toString();
      const context = (): string =>
        `FUZZ_SEED=${seed}, document ${i}\n${JSON.stringify(writer.profile)}\n${text}\n${masked}`;
      if (status !== 'ok' || !isJson(masked)) expect.fail(`${status}: ${context()}`);
      const wrong = differs(expected, JSON.parse(masked));
      if (wrong !== undefined) expect.fail(`${wrong}\n${context()}`);
      for (const view of decodedOf(masked)) {
        const found = leaked(view, writer.secrets);
        if (found.length > 0) expect.fail(`${found.join()} in ${view}\n${context()}`);
      }
    }
  }
  expect(planted).toBeGreaterThan(runs);
});

test('the check finds a secret that is there', () => {
  const random = new Random(5);
  const writer = new SecretWriter(random);
  let caught = 0;
  let count = 0;
  for (let i = 0; i < 200; i++) {
    const { text } = writer.document();
    for (const secret of writer.secrets) {
      count++;
      if ([...decodedOf(text)].some((view) => leaked(view, [secret]).length > 0)) caught++;
    }
  }
  // Numbers of more than 2^53 are not what they were written as.
  expect(caught / count).toBeGreaterThan(0.9);
});
