/** Asks the filter which values its detectors find, and which names it takes for known ones. */
import { DtaError } from '../../errors.ts';
import { Band, Direction } from '../../layout.ts';
import { detectorKinds, nationalIds } from '../../policy/kinds/detectors.ts';
import { parsePolicySet } from '../../policy/parse.ts';
import type { PolicySet } from '../../policy/policy-set.ts';
import type { Message } from '../mask-lab/message.ts';
import { sendMessage } from '../mask-lab/send-message.ts';
import { Laboratory, type Question } from '../policy-lab/laboratory.ts';
import { knownNames } from './known-names.ts';

/** A value as it is sent: a text, or a number as it is written. */
export interface SampleValue {
  readonly text: string;
  readonly isNumber: boolean;
}

/** What a detector found in a value. */
export interface Finding {
  /** As in a policy: `card`, `national-id DE`. */
  readonly kind: string;
  /** The part of the value that it found. */
  readonly found: string;
  /** It is all of the value. */
  readonly isWhole: boolean;
}

/** Bundles with a detector each, and one with all of them, which most values pass untouched. */
export class DetectorBench {
  readonly #module: WebAssembly.Module;
  readonly #nowMs: number;
  readonly #kept = new Map<string, Laboratory>();
  readonly #names = new Map<string, readonly string[]>();

  constructor(module: WebAssembly.Module, nowMs: number) {
    this.#module = module;
    this.#nowMs = nowMs;
  }

  /** What is found in each of the values, in their order. Some hundred kilobytes at once are best. */
  find(values: readonly SampleValue[]): Finding[][] {
    const findings: Finding[][] = values.map(() => []);
    const touched = this.#changed('all', [...kinds.values()], values);
    const candidates = touched.flatMap((after, i) => (after === undefined ? [] : [i]));
    if (candidates.length === 0) return findings;
    const asked = candidates.flatMap((i) => values[i] ?? []);
    for (const [kind, entry] of kinds) {
      for (const [at, after] of this.#changed(kind, [entry], asked).entries()) {
        const index = candidates[at];
        const { text } = asked[at] ?? {};
        if (after === undefined || index === undefined || text === undefined) continue;
        const isWhole = after === MARK;
        findings[index]?.push({ kind, isWhole, found: isWhole ? text : foundIn(text, after) });
      }
    }
    return findings;
  }

  /** The kinds of data that names of fields hint at; each name is asked once. */
  kindsOfName(name: string): readonly string[] {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const body = Buffer.from(JSON.stringify({ [name]: 'x' }));
    const hinted = Object.entries(knownNames)
      .filter(([kind, names]) => {
        const laboratory = this.#laboratory(`name ${kind}`, namesText(names));
        return !body.equals(this.#send(laboratory, body));
      })
      .map(([kind]) => kind);
    this.#names.set(name, hinted);
    return hinted;
  }

  // By value: what it has become, undefined when it stayed; nothing when all stayed.
  #changed(
    name: string,
    entries: readonly string[],
    values: readonly SampleValue[],
  ): (string | undefined)[] {
    const laboratory = this.#laboratory(name, detectorsText(entries));
    const written = values.map(({ text, isNumber }) =>
      isNumber ? text : JSON.stringify(text.toWellFormed()),
    );
    const body = Buffer.from(`[${written.join(',')}]`);
    const out = this.#send(laboratory, body);
    if (body.equals(out)) return [];
    const after = JSON.parse(out.toString()) as (string | number)[];
    if (after.length !== values.length) throw new DtaError('internal', 'the filter lost a value');
    // A number in which something is found becomes a text.
    return values.map(({ text, isNumber }, i) => {
      const one = after[i];
      return typeof one === 'string' && (isNumber || one !== text.toWellFormed()) ? one : undefined;
    });
  }

  #send(laboratory: Laboratory, body: Uint8Array): Buffer {
    const message: Message = { ...emptyMessage, body };
    const passed = sendMessage(laboratory, questionAt(this.#nowMs), message);
    if (passed.refusal !== undefined) {
      throw new DtaError('internal', 'the filter refuses a document of values');
    }
    return Buffer.from(passed.body);
  }

  #laboratory(name: string, classified: string): Laboratory {
    const known = this.#kept.get(name);
    if (known !== undefined) return known;
    const made = new Laboratory(this.#module, setOf(classified), target, this.#nowMs);
    this.#kept.set(name, made);
    return made;
  }
}

/** All detectors that go by values, with what a policy writes for them. */
const kinds: ReadonlyMap<string, string> = new Map([
  ...Object.keys(detectorKinds).map((name) => [name, `detector: ${name}`] as const),
  ...Object.keys(nationalIds).map(
    (country) =>
      [`national-id ${country}`, `detector: national-id, countries: ["${country}"]`] as const,
  ),
]);

// The mark stands in place of what was found.
function foundIn(text: string, after: string): string {
  const start = after.indexOf(MARK);
  const rest = after.length - after.lastIndexOf(MARK) - MARK.length;
  if (start < 0) return text;
  // Several in one value: the first ends where the text goes on as it was.
  const next = after.slice(start + MARK.length);
  const between = next.includes(MARK) ? next.slice(0, next.indexOf(MARK)) : undefined;
  const end = between ? text.indexOf(between, start + 1) : text.length - rest;
  return text.slice(start, end > start ? end : text.length - rest);
}

// Written as an operator would write it: the same parser, the same compiler.
function setOf(classified: string): PolicySet {
  const head = (kind: string): string =>
    `apiVersion: sm-dta/v1\nkind: ${kind}\nmetadata: { name: scan }\nspec:\n  destination: { service: scan }\n`;
  const rule = `{ labels: [Found], operator: replace, text: ${JSON.stringify(MARK)}, clearance: ignore }`;
  const text = [
    `${head('AccessPolicy')}  rules: [{ name: all, effect: allow }]\n`,
    `${head('DataClassification')}  ${classified}\n`,
    `${head('MaskingPolicy')}  labelHeader: none\n  rules: [${rule}]\n`,
  ].join('---\n');
  const { set, errors } = parsePolicySet([{ name: 'scan', text }]);
  const [first] = errors;
  if (first !== undefined)
    throw new DtaError('internal', `no bundle to scan with: ${first.message}`);
  return set;
}

function detectorsText(entries: readonly string[]): string {
  return `values: [${entries.map((entry) => `{ ${entry}, label: Found }`).join(', ')}]`;
}

function namesText(names: readonly string[]): string {
  const fields = names.map((name) => `{ name: ${name}, match: words, label: Found }`);
  return `fields: [${fields.join(', ')}]`;
}

function questionAt(timeMs: number): Question {
  const identity = {
    trustDomain: target.mesh,
    environment: target.environment,
    team: 'scan',
    service: 'scan',
    instance: '00000000-0000-4000-8000-000000000001',
    labels: {},
  };
  return {
    request: {
      identity,
      method: 'POST',
      path: '/',
      query: '',
      headers: {},
      timeMs,
      signals: {},
      band: Band.Low,
    },
    restrictions: [],
  };
}

const emptyMessage: Message = {
  side: 'request',
  body: undefined,
  contentType: 'application/json',
  status: 200,
  responseHeaders: [],
  chunkBytes: 0,
};
const target = {
  mesh: 'mesh.test',
  environment: 'scan',
  service: 'scan',
  direction: Direction.Inbound,
} as const;
/** Of the private use area: no sample is likely to hold it. */
const MARK = '\ue000';
