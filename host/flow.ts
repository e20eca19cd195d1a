/** One direction of a stream: what the filter sees of it and what Envoy passes on. */
import { Action } from './abi.ts';
import type { HeaderMap } from './header-map.ts';

/** The callbacks of one direction; undefined where the module exports none. They answer an Action. */
export interface FlowCallbacks {
  headers: (count: number, end: boolean) => number | undefined;
  body: (size: number, end: boolean) => number | undefined;
  trailers: (count: number) => number | undefined;
}

/** What the next one in line got so far. */
export interface Forwarded {
  /** undefined until the headers went on */
  headers: [string, string][] | undefined;
  body: Uint8Array;
  trailers: [string, string][] | undefined;
  /** the last byte, or the trailers, went on */
  ended: boolean;
}

const NOTHING = new Uint8Array();

/** Buffers, stops and continues as Envoy's filter manager does around a single filter. */
export class Flow {
  /** What the filter can read and change at this moment; undefined where Envoy shows nothing. */
  visibleHeaders: HeaderMap | undefined;
  visibleTrailers: HeaderMap | undefined;
  /** As they came, with the filter's changes. */
  headers: HeaderMap | undefined;

  #callbacks: FlowCallbacks;
  #holdsAll: boolean;
  #isOver: () => boolean;
  #stopped: 'no' | 'single' | 'all' = 'no';
  #headersEnd = false;
  #headersForwarded = false;
  #chunk: Uint8Array | undefined;
  #held: Uint8Array | undefined;
  #sum = false;
  #ended = false;
  #trailers: HeaderMap | undefined;
  #trailersSeen = false;
  #out: Uint8Array[] = [];
  #trailersOut: HeaderMap | undefined;
  #endedOut = false;

  /** `holdsAll`: StopIteration on headers holds the body back too, as Envoy does without `allow_on_headers_stop_iteration`. */
  constructor(callbacks: FlowCallbacks, holdsAll: boolean, isOver: () => boolean) {
    this.#callbacks = callbacks;
    this.#holdsAll = holdsAll;
    this.#isOver = isOver;
  }

  /** Whether headers came. */
  get hasStarted(): boolean {
    return this.headers !== undefined;
  }

  /** Whether headers went on. */
  get headersForwarded(): boolean {
    return this.#headersForwarded;
  }

  /** Whether the filter lets things pass at this moment. */
  get isOpen(): boolean {
    return this.#stopped === 'no';
  }

  /** What was passed on so far. */
  get forwarded(): Forwarded {
    return {
      headers: this.#headersForwarded ? this.headers?.toPairs() : undefined,
      body: Buffer.concat(this.#out),
      trailers: this.#trailersOut?.toPairs(),
      ended: this.#endedOut,
    };
  }

  /** Headers arrive. */
  feedHeaders(headers: HeaderMap, end: boolean): void {
    this.headers = headers;
    this.visibleHeaders = headers;
    this.#headersEnd = end;
    const action = this.#callbacks.headers(headers.size, end) ?? Action.Continue;
    if (this.#isOver()) return;
    if (action === Action.StopIteration) this.#stopped = this.#holdsAll ? 'all' : 'single';
    else if (action === Action.StopAllAndBuffer || action === Action.StopAllAndWatermark)
      this.#stopped = 'all';
    else {
      this.visibleHeaders = undefined;
      this.#passOn(undefined, end);
    }
  }

  /** Body arrives. */
  feedBody(chunk: Uint8Array, end: boolean): void {
    this.#ended = end;
    if (this.#stopped === 'all') {
      this.#held = join(this.#held, chunk);
      return;
    }
    // Envoy adds to what it buffers before it asks, and the filter then sees the sum.
    if (this.#sum) this.#held = join(this.#held, chunk);
    this.#chunk = this.#sum ? NOTHING : chunk;
    const size = (this.bodyBuffer() ?? NOTHING).length;
    const action = this.#callbacks.body(size, end) ?? Action.Continue;
    const last: Uint8Array = this.#chunk ?? NOTHING;
    this.#chunk = undefined;
    this.#sum = false;
    if (this.#isOver()) return;
    if (action === Action.StopNoBuffer) {
      this.#stopped = 'single';
    } else if (action === Action.StopIteration || action === Action.StopAndWatermark) {
      this.#held = join(this.#held, last);
      this.#sum = action === Action.StopIteration;
      this.#stopped = 'single';
    } else {
      this.#passOn(last, end);
    }
  }

  /** Trailers arrive and end the direction. */
  feedTrailers(trailers: HeaderMap): void {
    this.#trailers = trailers;
    if (this.#stopped === 'all') return;
    this.#trailersSeen = true;
    this.visibleTrailers = trailers;
    const action = this.#callbacks.trailers(trailers.size) ?? Action.Continue;
    if (this.#isOver()) return;
    if (action !== Action.Continue) {
      this.#stopped = 'single';
      return;
    }
    this.visibleTrailers = undefined;
    this.#passOn(undefined, true);
  }

  /** proxy_continue_stream: what was stopped goes on; what the filter has not seen yet goes through it first. */
  resume(): void {
    if (this.#stopped === 'no' || this.#isOver()) return;
    const wasAll = this.#stopped === 'all';
    this.#stopped = 'no';
    this.visibleHeaders = undefined;
    this.visibleTrailers = undefined;
    this.#sum = false;
    if (!wasAll) {
      this.#passOn(undefined, this.#headersEnd || this.#ended || this.#trailersSeen);
      return;
    }
    const held = this.#held;
    this.#held = undefined;
    this.#passOn(undefined, this.#headersEnd);
    if (held !== undefined) this.feedBody(held, this.#ended);
    if (this.#trailers && this.isOpen) this.feedTrailers(this.#trailers);
  }

  /** A response that goes out past the filter. */
  replaceBy(headers: HeaderMap, body: Uint8Array): void {
    this.headers = headers;
    this.#held = undefined;
    this.#stopped = 'no';
    this.#passOn(body, true);
  }

  /** The body that host calls see at this moment: the sum while it buffers, else the chunk; undefined outside of callbacks. */
  bodyBuffer(): Uint8Array | undefined {
    return this.#sum ? this.#held : this.#chunk;
  }

  /** proxy_set_buffer_bytes: replaces all, prepends or appends; false when Envoy would not. */
  changeBody(start: number, length: number, bytes: Uint8Array): boolean {
    const buffer = this.bodyBuffer();
    if (buffer === undefined) return false;
    let changed: Uint8Array;
    if (start >= buffer.length && start > 0) changed = Buffer.concat([buffer, bytes]);
    else if (start !== 0) return false;
    else if (length === 0) changed = Buffer.concat([bytes, buffer]);
    else if (length >= buffer.length) changed = bytes;
    else return false;
    if (this.#sum) this.#held = changed;
    else this.#chunk = changed;
    return true;
  }

  #passOn(chunk: Uint8Array | undefined, end: boolean): void {
    this.#stopped = 'no';
    this.#headersForwarded = true;
    this.visibleHeaders = undefined;
    if (this.#held) this.#out.push(this.#held);
    if (chunk) this.#out.push(chunk);
    this.#held = undefined;
    if (this.#trailersSeen) this.#trailersOut = this.#trailers;
    if (end) this.#endedOut = true;
  }
}

function join(held: Uint8Array | undefined, chunk: Uint8Array): Uint8Array {
  return held === undefined ? chunk : Buffer.concat([held, chunk]);
}
