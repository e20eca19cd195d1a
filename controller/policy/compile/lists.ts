/** Runs of u32 that records point to by start and count, each stored once: section Lists, and the code of programs. */
import type { SectionData } from '../../section-file.ts';

/** A run of entries. */
export interface Run {
  readonly start: number;
  readonly count: number;
}

/** Collects runs; equal runs share their entries, different ones never start at the same entry. */
export class ListTable {
  #entries = new Uint32Array(256);
  #length = 0;
  readonly #runs: Run[] = [];
  // Open addressing by content: number of a run + 1, or 0. Keys made of text would cost more than all the rest.
  #slots = new Uint32Array(256);

  /** The run of these entries, which are unsigned 32-bit numbers. The empty run is 0, 0. */
  intern(entries: readonly number[]): Run {
    if (entries.length === 0) return EMPTY;
    const slot = this.#slotOf(entries);
    const known = this.#runs[(this.#slots[slot] ?? 0) - 1];
    return known ?? this.#append(entries, slot);
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

  #slotOf(entries: ArrayLike<number>): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(entries) & mask; ; slot = (slot + 1) & mask) {
      const run = this.#runs[(this.#slots[slot] ?? 0) - 1];
      if (run === undefined || this.#equals(run, entries)) return slot;
    }
  }

  #equals({ start, count }: Run, entries: ArrayLike<number>): boolean {
    if (count !== entries.length) return false;
    for (let i = 0; i < count; i++) if (this.#entries[start + i] !== entries[i]) return false;
    return true;
  }

  #append(entries: readonly number[], slot: number): Run {
    const run = { start: this.#length, count: entries.length };
    while (run.start + run.count > this.#entries.length) {
      const grown = new Uint32Array(this.#entries.length * 2);
      grown.set(this.#entries);
      this.#entries = grown;
    }
    this.#entries.set(entries, run.start);
    this.#length += run.count;
    this.#slots[slot] = this.#runs.push(run);
    if (this.#runs.length * 2 > this.#slots.length) this.#growSlots();
    return run;
  }

  #growSlots(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (const [i, { start, count }] of this.#runs.entries()) {
      this.#slots[this.#slotOf(this.#entries.subarray(start, start + count))] = i + 1;
    }
  }
}

function hashOf(entries: ArrayLike<number>): number {
  let hash = entries.length;
  for (let i = 0; i < entries.length; i++) {
    hash = Math.imul(hash ^ (entries[i] ?? 0), 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  return hash;
}

const EMPTY: Run = { start: 0, count: 0 };
