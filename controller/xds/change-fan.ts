/** Tells every stream of what has changed. */
import type { ResourceChange, ResourceKey } from './model.ts';
import type { AdsStream } from './stream.ts';

/** Tells streams of changes: urgent ones at once, others together after a short wait. */
export class ChangeFan {
  readonly #streams: ReadonlySet<AdsStream>;
  readonly #kinds = new Set<ResourceKey['kind']>();
  #sinceMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(streams: ReadonlySet<AdsStream>) {
    this.#streams = streams;
  }

  take(change: ResourceChange): void {
    if (change.urgent) {
      this.#tell(change);
      return;
    }
    for (const kind of change.kinds) this.#kinds.add(kind);
    this.#sinceMs ??= change.sinceMs;
    this.#timer ??= setTimeout(() => this.#flush(), coalesceMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #flush(): void {
    const change = {
      kinds: [...this.#kinds],
      urgent: false,
      ...(this.#sinceMs !== undefined && { sinceMs: this.#sinceMs }),
    };
    this.#kinds.clear();
    this.#sinceMs = undefined;
    this.#timer = undefined;
    this.#tell(change);
  }

  /** Begins with another one each time: with a thousand proxies the last waits longest, and it is never the same. */
  #tell(change: ResourceChange): void {
    const streams = [...this.#streams];
    const first = Math.floor(Math.random() * streams.length);
    for (const stream of streams.slice(first)) stream.onChange(change);
    for (const stream of streams.slice(0, first)) stream.onChange(change);
  }
}

/** Changes within this time travel together. */
const coalesceMs = 10;
