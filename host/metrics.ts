/** Metrics as Envoy keeps them: by name, shared by every VM that is given the same table. */
import { MetricType, Status } from './abi.ts';

const TYPE_MASK = 3;

/** Ids of one VM on a table of values by name. */
export class MetricIds {
  #names = new Map<number, string>();
  #next = [0, 1, 2];
  #values: Map<string, bigint>;

  constructor(values: Map<string, bigint>) {
    this.#values = values;
  }

  /** A new id for a metric of this name; undefined for an unknown kind. */
  define(type: number, name: string): number | undefined {
    const id = this.#next[type];
    if (id === undefined) return undefined;
    this.#next[type] = id + TYPE_MASK + 1;
    this.#names.set(id, name);
    if (!this.#values.has(name)) this.#values.set(name, 0n);
    return id;
  }

  /** Adds to a counter, which only rises, or to a gauge. */
  increment(id: number, offset: bigint): number {
    const type = id & TYPE_MASK;
    if (type === MetricType.Histogram) return Status.BadArgument;
    const name = this.#names.get(id);
    if (name === undefined) return Status.NotFound;
    if (type === MetricType.Counter && offset <= 0n) return Status.BadArgument;
    this.#values.set(name, (this.#values.get(name) ?? 0n) + offset);
    return Status.Ok;
  }

  /** Adds to a counter, sets a gauge; of a histogram the number of values is kept. */
  record(id: number, value: bigint): number {
    const name = this.#names.get(id);
    if (name === undefined) return Status.NotFound;
    const unsigned = BigInt.asUintN(64, value);
    const before = this.#values.get(name) ?? 0n;
    const type = id & TYPE_MASK;
    if (type === MetricType.Gauge) this.#values.set(name, unsigned);
    else this.#values.set(name, before + (type === MetricType.Histogram ? 1n : unsigned));
    return Status.Ok;
  }

  /** The value of a counter or gauge, or a status. */
  read(id: number): bigint | number {
    if ((id & TYPE_MASK) === MetricType.Histogram) return Status.BadArgument;
    const name = this.#names.get(id);
    return name === undefined ? Status.NotFound : (this.#values.get(name) ?? 0n);
  }
}
