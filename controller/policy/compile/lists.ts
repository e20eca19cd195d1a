/** The Lists section: runs of u32 that records point to by start and count, each stored once. */
import type { SectionData } from '../../section-file.ts';

/** A run of entries. */
export interface Run {
  readonly start: number;
  readonly count: number;
}

/** Collects runs; equal runs share their entries. */
export class ListTable {
  readonly #runs = new Map<string, Run>();
  #entries = new Uint32Array(64);
  #length = 0;

  intern(entries: readonly number[]): Run {
    if (entries.length === 0) return { start: 0, count: 0 };
    const key = entries.join();
    const known = this.#runs.get(key);
    if (known !== undefined) return known;
    const run = { start: this.#length, count: entries.length };
    while (this.#length + entries.length > this.#entries.length) {
      const grown = new Uint32Array(this.#entries.length * 2);
      grown.set(this.#entries);
      this.#entries = grown;
    }
    this.#entries.set(entries, this.#length);
    this.#length += entries.length;
    this.#runs.set(key, run);
    return run;
  }

  /** Interns a run and writes its start and count, which lie beside each other in every record. */
  put(view: DataView, at: number, entries: readonly number[]): void {
    const { start, count } = this.intern(entries);
    view.setUint32(at, start, true);
    view.setUint32(at + 4, count, true);
  }

  section(kind: number): SectionData {
    const bytes = new Uint8Array(this.#length * 4);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < this.#length; i++) view.setUint32(i * 4, this.#entries[i] ?? 0, true);
    return { kind, bytes, count: this.#length };
  }
}
