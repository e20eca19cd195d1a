/**
 * Who may see clear values: named secrets that are given out on the controller's host, beside the operator's token. Only
 * their hashes stay.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';

import { z } from 'zod';

import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import { ensurePrivateDir, readPrivate, writePrivate } from './private-file.ts';

/** Directory of masking keys and clearances in a data directory. */
export function maskingDir(dataDir: string): string {
  return join(dataDir, 'masking');
}

/** One who is cleared. */
export interface Clearance {
  readonly name: string;
  readonly madeAtMs: number;
}

/** The file `clearances.json` of a directory, read anew each time: what was taken away is gone at once. */
export class Clearances {
  readonly #dir: string;
  readonly #clock: Clock;

  /** `dir` is that of the masking keys. */
  constructor(dir: string, clock: Clock) {
    this.#dir = dir;
    this.#clock = clock;
  }

  /** Clears a name and gives its secret, which is nowhere afterwards. Fails with `conflict` when the name is cleared. */
  async clear(name: string): Promise<string> {
    if (!namePattern.test(name)) {
      throw new DtaError('usage', `\`${name.slice(0, 80)}\` is no name of a clearance`, {
        help: 'use 1 to 63 letters, digits, `.`, `_`, `@` and `-`',
      });
    }
    const entries = await this.#load();
    if (entries.some((entry) => entry.name === name)) {
      throw new DtaError('conflict', `\`${name}\` is cleared already`, {
        help: 'take it away first: its secret is not kept',
      });
    }
    const secret = randomBytes(32).toString('base64url');
    const entry = { name, sha256: digest(secret).toString('hex'), madeAtMs: this.#clock() };
    await this.#save([...entries, entry]);
    return secret;
  }

  /** Takes a clearance away. Fails with `notFound` when there is none of that name. */
  async withdraw(name: string): Promise<void> {
    const entries = await this.#load();
    const rest = entries.filter((entry) => entry.name !== name);
    if (rest.length === entries.length) {
      throw new DtaError('notFound', `nobody is cleared as \`${name.slice(0, 80)}\``);
    }
    await this.#save(rest);
  }

  /** Everybody who is cleared, in the order in which they were. */
  async list(): Promise<Clearance[]> {
    return (await this.#load()).map(({ name, madeAtMs }) => ({ name, madeAtMs }));
  }

  /** The name that a secret belongs to; undefined when it is nobody's. */
  async nameOf(secret: string): Promise<string | undefined> {
    const given = digest(secret);
    const isSame = ({ sha256 }: Entry) => timingSafeEqual(given, Buffer.from(sha256, 'hex'));
    return (await this.#load()).find(isSame)?.name;
  }

  async #load(): Promise<Entry[]> {
    const text = await readPrivate(this.#path);
    if (text === undefined) return [];
    try {
      return fileSchema.parse(JSON.parse(text)).clearances;
    } catch (cause) {
      throw new DtaError('setup', `\`${this.#path}\` is damaged`, {
        help: 'remove it: everybody has to be cleared again then',
        cause,
      });
    }
  }

  async #save(clearances: Entry[]): Promise<void> {
    await ensurePrivateDir(this.#dir);
    await writePrivate(this.#path, `${JSON.stringify({ version: 1, clearances }, null, 2)}\n`);
  }

  get #path(): string {
    return join(this.#dir, 'clearances.json');
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/;
const entrySchema = z.strictObject({
  name: z.string().regex(namePattern),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  madeAtMs: z.number().int(),
});
const fileSchema = z.strictObject({ version: z.literal(1), clearances: z.array(entrySchema) });
type Entry = z.infer<typeof entrySchema>;
