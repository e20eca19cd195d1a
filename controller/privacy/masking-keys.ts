/** The masking secrets of a mesh: made once, kept in a private file, rotated without forgetting the old ones. */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { z } from 'zod';

import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { MaskKeys } from '../mask-keys.ts';
import { deriveMaskKeys, largestKeyId, maskingSecretBytes } from './derive-mask-keys.ts';
import type { MaskingKeyRecord, MaskingKeyView, PrivacyStore } from './model.ts';
import { ensurePrivateDir, readPrivate, writePrivate } from './private-file.ts';

/** What the keys need. */
export interface MaskingKeysOptions {
  /** Gets `keys.json` (mode 0600); its own mode is 0700. The directory above must be there. */
  readonly dir: string;
  readonly store: Pick<PrivacyStore, 'maskingKeys' | 'addMaskingKey'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Every generation; the newest is the one that masks. */
export class MaskingKeys {
  readonly #options: MaskingKeysOptions;
  readonly #listeners = new Set<() => void>();
  #generations: readonly Generation[];
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: MaskingKeysOptions, generations: readonly Generation[]) {
    this.#options = options;
    this.#generations = generations;
  }

  /**
   * Loads the secrets, or makes the first one where there has never been any. Fails with `setup` when the file is open
   * to others, damaged, or without a secret that the store knows: tokens that nobody can reveal must not come unnoticed.
   */
  static async open(options: MaskingKeysOptions): Promise<MaskingKeys> {
    await ensurePrivateDir(options.dir);
    const generations = await load(keyFile(options.dir));
    const keys = new MaskingKeys(options, generations);
    const known = await options.store.maskingKeys();
    checkAgreement(options.dir, generations, known);
    if (generations.length === 0) await keys.#add('controller', 'first start');
    // A crash between file and store leaves a generation that only the file has.
    for (const generation of generations.slice(known.length)) {
      await options.store.addMaskingKey(recordOf(generation));
    }
    return keys;
  }

  /** Keys of the generation that masks. */
  active(): MaskKeys {
    const newest = this.#generations.at(-1);
    // INVARIANT: `open` leaves at least one.
    if (!newest) throw new DtaError('internal', 'there are no masking keys');
    return derive(newest);
  }

  /** Keys of a generation, undefined when there is none of that id. */
  of(keyId: number): MaskKeys | undefined {
    const generation = this.#generations.find((one) => one.keyId === keyId);
    return generation && derive(generation);
  }

  /** Every generation, the oldest first. */
  list(): MaskingKeyView[] {
    return this.#generations.map(({ secret: _, ...rest }, i) => ({
      ...rest,
      isActive: i === this.#generations.length - 1,
    }));
  }

  /** Makes a new generation that masks from now on; older ones reveal as before. */
  async rotate(reason: string, actor: string): Promise<MaskingKeyView> {
    const turn = this.#turn.then(() => this.#add(actor, reason));
    this.#turn = turn.catch(() => undefined);
    const { secret: _, ...made } = await turn;
    this.#options.log.info(made, 'masking keys rotated');
    for (const listener of this.#listeners) listener();
    return { ...made, isActive: true };
  }

  /** Calls `listener` after each rotation; returns the end of the subscription. */
  onRotated(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #add(actor: string, reason: string): Promise<Generation> {
    const { dir, store, clock } = this.#options;
    const keyId = (this.#generations.at(-1)?.keyId ?? 0) + 1;
    if (keyId > largestKeyId) throw new DtaError('conflict', 'there are no more key ids');
    const secret = randomBytes(maskingSecretBytes).toString('base64url');
    const made = { keyId, secret, madeAtMs: clock(), actor, reason };
    const generations = [...this.#generations, made];
    // The file first: a secret that is in use is never in the store only.
    await writePrivate(keyFile(dir), `${JSON.stringify({ version: 1, generations }, null, 2)}\n`);
    this.#generations = generations;
    await store.addMaskingKey(recordOf(made));
    return made;
  }
}

async function load(path: string): Promise<Generation[]> {
  const text = await readPrivate(path);
  if (text === undefined) return [];
  try {
    const { generations } = keyFileSchema.parse(JSON.parse(text));
    if (generations.some(({ keyId }, i) => keyId !== i + 1))
      throw new Error('a generation is gone');
    return generations;
  } catch (cause) {
    // The cause stays inside: it may quote the file.
    throw damaged(path, cause instanceof z.ZodError ? 'not what this program writes' : 'damaged');
  }
}

function checkAgreement(
  dir: string,
  generations: readonly Generation[],
  known: readonly MaskingKeyRecord[],
): void {
  const isThere = (record: MaskingKeyRecord) =>
    generations.some((one) => {
      const { keyId, secretSha256 } = recordOf(one);
      return keyId === record.keyId && secretSha256 === record.secretSha256;
    });
  const lost = known.filter((record) => !isThere(record)).map(({ keyId }) => keyId);
  if (lost.length > 0) throw damaged(keyFile(dir), `without the secret of key ${lost.join(', ')}`);
}

function damaged(path: string, what: string): DtaError {
  return new DtaError('setup', `the masking keys in \`${path}\` are ${what}`, {
    help: 'restore them from a backup: without them no token can be revealed',
  });
}

function recordOf({ secret, ...rest }: Generation): MaskingKeyRecord {
  const secretSha256 = createHash('sha256').update(Buffer.from(secret, 'base64url')).digest('hex');
  return { ...rest, secretSha256 };
}

function derive({ secret, keyId }: Generation): MaskKeys {
  return deriveMaskKeys(Buffer.from(secret, 'base64url'), keyId);
}

function keyFile(dir: string): string {
  return join(dir, 'keys.json');
}

const generationSchema = z.strictObject({
  keyId: z.number().int().min(1).max(largestKeyId),
  secret: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  madeAtMs: z.number().int(),
  actor: z.string(),
  reason: z.string(),
});
const keyFileSchema = z.strictObject({
  version: z.literal(1),
  generations: z.array(generationSchema).min(1),
});
type Generation = z.infer<typeof generationSchema>;
