/** Goes through sample bodies and counts what the filter finds in them. */
import { DtaError } from '../../errors.ts';
import { UnlistedBody } from '../leaves/leaf.ts';
import type { DetectorBench } from './detector-bench.ts';
import { PlaceStatistics } from './place-statistics.ts';
import { readSamples, type Sample, type SampleFile } from './sample-files.ts';

/** What was gone through. */
export interface Scan {
  readonly statistics: PlaceStatistics;
  readonly values: number;
  /** Files that were read to their end. */
  readonly files: number;
  /** Why others were not, a line each. */
  readonly skipped: readonly string[];
}

/** Scans all files; what is held of them at a time is bounded. `onFile` is called before each. */
export async function scanSamples(
  bench: DetectorBench,
  files: readonly SampleFile[],
  onFile: (done: number) => void,
): Promise<Scan> {
  const batch = new Batch(bench);
  const skipped: string[] = [];
  for (const [i, file] of files.entries()) {
    onFile(i);
    try {
      for await (const sample of readSamples(file)) batch.add(sample);
    } catch (error) {
      skipped.push(whySkipped(file, error));
    }
  }
  batch.flush();
  const { statistics, values } = batch;
  return { statistics, values, files: files.length - skipped.length, skipped };
}

function whySkipped({ name, kind }: SampleFile, error: unknown): string {
  if (error instanceof UnlistedBody) {
    const what = kind === undefined ? 'no text' : `no ${kind}`;
    return `${name}: ${what} at character ${error.at + 1}; what came before counts`;
  }
  if (error instanceof DtaError && error.code === 'usage') return error.message;
  throw error;
}

class Batch {
  readonly statistics = new PlaceStatistics();
  values = 0;
  readonly #bench: DetectorBench;
  readonly #samples: Sample[] = [];
  #characters = 0;

  constructor(bench: DetectorBench) {
    this.#bench = bench;
  }

  add({ kind, leaf }: Sample): void {
    const { raw } = leaf;
    if (leaf.text.trim() === '' || (isJson(kind) && literals.has(raw))) return;
    // The start of a long value is enough.
    const text =
      leaf.text.length > VALUE_CHARACTERS ? leaf.text.slice(0, VALUE_CHARACTERS) : leaf.text;
    const isNumber = leaf.isNumber && text === leaf.text;
    this.#samples.push({ kind, leaf: { ...leaf, text, raw: '', isNumber } });
    this.#characters += text.length;
    if (this.#characters > BATCH_CHARACTERS || this.#samples.length >= BATCH_VALUES) this.flush();
  }

  flush(): void {
    const findings = this.#bench.find(this.#samples.map(({ leaf }) => leaf));
    for (const [i, sample] of this.#samples.entries()) {
      this.statistics.add(sample, findings[i] ?? []);
    }
    this.values += this.#samples.length;
    this.#samples.length = 0;
    this.#characters = 0;
  }
}

function isJson(kind: Sample['kind']): boolean {
  return kind === 'json' || kind === 'json-lines';
}

const literals: ReadonlySet<string> = new Set(['true', 'false', 'null']);
const VALUE_CHARACTERS = 8_192;
const BATCH_CHARACTERS = 1 << 18;
const BATCH_VALUES = 5_000;
