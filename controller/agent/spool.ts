/**
 * A queue of byte strings on disk, bounded and in order, that survives a kill at any moment.
 *
 * Each append is on the disk (fdatasync) before it is confirmed; appends that wait meanwhile share
 * the next sync. How far the queue was taken is not written down: what is left of a segment is
 * given again after a restart, at least once instead of at most once, and the receiver drops what
 * it has by sequence number.
 */
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  truncate,
  unlink,
} from 'node:fs/promises';
import { join } from 'node:path';

import type { Log } from '../log.ts';
import { decodeFrame, encodeFrame, FRAME_HEADER_BYTES, wholeFramesLen } from './spool-frame.ts';

/** How a spool is kept. */
export interface SpoolOptions {
  /** Made with mode 0700 when it is not there; holds nothing else. */
  readonly directory: string;
  /** All segments together; an append that would pass it is refused. Default 64 MiB. */
  readonly maxBytes?: number;
  /**
   * A segment is closed when it reaches this, and removed when all of it was taken. Default 1 MiB.
   */
  readonly segmentBytes?: number;
  readonly log: Log;
}

interface Segment {
  readonly path: string;
  /** Bytes that are whole frames and on the disk. */
  lenBytes: number;
}

interface Waiting {
  readonly frame: Buffer;
  readonly resolve: (answer: 'spooled' | 'full') => void;
  readonly reject: (error: unknown) => void;
}

/** One queue, used by one process. */
export class Spool {
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  /** Oldest first; the last one is written to while `#file` is open. */
  readonly #segments: Segment[] = [];
  #file: FileHandle | undefined;
  #nextNumber = 1;
  #sizeBytes = 0;
  /** Where the next frame to be taken begins, in the oldest segment. */
  #headOffset = 0;
  #headFile: { readonly path: string; bytes: Buffer } | undefined;
  #waiting: Waiting[] = [];
  /** Every touch of the files goes through this chain, one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Opens the queue in `options.directory` and cuts what a crash left half-written.
   *
   * @throws the system's error when the directory cannot be used.
   */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    await spool.#recover(options.log);
    return spool;
  }

  private constructor(options: SpoolOptions) {
    this.#directory = options.directory;
    this.#maxBytes = options.maxBytes ?? 64 * mebibyte;
    this.#segmentBytes = options.segmentBytes ?? mebibyte;
  }

  /** Bytes on the disk, frames that were taken from a segment still in use included. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Adds `payload` at the end; `full`: nothing was added because of `maxBytes`.
   *
   * @throws the system's error when it cannot be written; then nothing was added.
   */
  append(payload: Uint8Array): Promise<'spooled' | 'full'> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ frame: encodeFrame(payload), resolve, reject });
      if (this.#waiting.length === 1) void this.#inTurn(() => this.#writeWaiting());
    });
  }

  /** The oldest payload, which stays; undefined: the queue is empty. */
  peek(): Promise<Uint8Array | undefined> {
    return this.#inTurn(async () => (await this.#oldest())?.payload);
  }

  /** Takes the oldest payload away. Does nothing when the queue is empty. */
  advance(): Promise<void> {
    return this.#inTurn(async () => {
      const oldest = await this.#oldest();
      if (!oldest) return;
      this.#headOffset += FRAME_HEADER_BYTES + oldest.payload.length;
      if (this.#headOffset === oldest.segment.lenBytes) await this.#dropOldestSegment();
    });
  }

  /** Waits for what is being written and closes the files. */
  close(): Promise<void> {
    return this.#inTurn(() => this.#closeFile());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #recover(log: Log): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const names = (await readdir(this.#directory)).filter((name) => segmentName.test(name)).sort();
    for (const name of names) {
      const path = join(this.#directory, name);
      const file = await readFile(path);
      const lenBytes = wholeFramesLen(file);
      if (lenBytes < file.length) {
        await truncate(path, lenBytes);
        const fields = { path, cutBytes: file.length - lenBytes };
        log.warn(fields, 'cut the damaged end of an audit spool segment');
      }
      if (lenBytes === 0) await unlink(path);
      else this.#segments.push({ path, lenBytes });
      this.#sizeBytes += lenBytes;
      this.#nextNumber = Number.parseInt(name, 10) + 1;
    }
  }

  async #writeWaiting(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    const taken: Waiting[] = [];
    let batchBytes = 0;
    for (const waiting of batch) {
      if (this.#sizeBytes + batchBytes + waiting.frame.length > this.#maxBytes) {
        waiting.resolve('full');
        continue;
      }
      taken.push(waiting);
      batchBytes += waiting.frame.length;
    }
    if (taken.length === 0) return;
    try {
      await this.#write(Buffer.concat(taken.map((waiting) => waiting.frame)));
      for (const waiting of taken) waiting.resolve('spooled');
    } catch (error) {
      for (const waiting of taken) waiting.reject(error);
    }
  }

  async #write(frames: Buffer): Promise<void> {
    const { file, segment } = await this.#segmentToWrite();
    try {
      await writeWhole(file, frames, segment.lenBytes);
      await file.datasync();
    } catch (error) {
      // What a failed write left behind must not stand before the next frame; a cut that fails too
      // is made at the next open.
      await file.truncate(segment.lenBytes).catch(() => undefined);
      await this.#closeFile();
      throw error;
    }
    segment.lenBytes += frames.length;
    this.#sizeBytes += frames.length;
  }

  async #segmentToWrite(): Promise<{ file: FileHandle; segment: Segment }> {
    const last = this.#segments.at(-1);
    if (this.#file && last && last.lenBytes < this.#segmentBytes) {
      return { file: this.#file, segment: last };
    }
    await this.#closeFile();
    const name = `${String(this.#nextNumber).padStart(12, '0')}.spool`;
    const segment = { path: join(this.#directory, name), lenBytes: 0 };
    const file = await open(segment.path, 'wx', 0o600);
    this.#nextNumber++;
    this.#file = file;
    this.#segments.push(segment);
    await this.#syncDirectory();
    return { file, segment };
  }

  /** A file whose name is not on the disk is lost however often its content was synced. */
  async #syncDirectory(): Promise<void> {
    const directory = await open(this.#directory, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  async #oldest(): Promise<{ segment: Segment; payload: Buffer } | undefined> {
    for (;;) {
      const segment = this.#segments[0];
      if (!segment) return undefined;
      if (segment.lenBytes > this.#headOffset) {
        const payload = decodeFrame(await this.#bytesOf(segment), this.#headOffset);
        if (payload) return { segment, payload };
      } else if (this.#segments.length === 1) {
        return undefined;
      }
      // Empty (a write failed) or damaged behind our back: nothing more can be read from it.
      await this.#dropOldestSegment();
    }
  }

  async #bytesOf(segment: Segment): Promise<Buffer> {
    const held = this.#headFile;
    if (held?.path === segment.path && held.bytes.length === segment.lenBytes) return held.bytes;
    const bytes = (await readFile(segment.path)).subarray(0, segment.lenBytes);
    this.#headFile = { path: segment.path, bytes };
    return bytes;
  }

  async #dropOldestSegment(): Promise<void> {
    const segment = this.#segments.shift();
    if (!segment) return;
    if (this.#segments.length === 0) await this.#closeFile();
    this.#headFile = undefined;
    this.#headOffset = 0;
    this.#sizeBytes -= segment.lenBytes;
    await unlink(segment.path);
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

async function writeWhole(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

const mebibyte = 1024 * 1024;

const segmentName = /^\d{12}\.spool$/;
