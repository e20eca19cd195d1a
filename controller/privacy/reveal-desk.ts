/** Gives clear values to those who are cleared, and keeps evidence of everybody who asked. */
import { createHash } from 'node:crypto';

import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { MaskKeys } from '../mask-keys.ts';
import type { Clearances } from './clearances.ts';
import type { MaskingKeys } from './masking-keys.ts';
import type {
  MaskedValue,
  PrivacyStore,
  RevealQuery,
  RevealRecord,
  RevealResult,
  StoredReveal,
} from './model.ts';
import { restoreFormat, restoreNumber } from './preserved-format.ts';
import { unshiftDate } from './shifted-date.ts';
import { parseToken, revealToken } from './token.ts';

/** What the desk needs. */
export interface RevealDeskOptions {
  readonly keys: Pick<MaskingKeys, 'of'>;
  readonly clearances: Pick<Clearances, 'nameOf'>;
  readonly store: Pick<PrivacyStore, 'addReveals' | 'reveals'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Who asks, and why. */
export interface RevealRequest {
  readonly values: readonly MaskedValue[];
  readonly reason: string;
  /** Secret of a clearance, as it came. */
  readonly clearance: string | undefined;
  /** Whose token the request came with. */
  readonly actor: string;
}

/** What became of one value. */
export interface Revealed {
  readonly result: RevealResult;
  /** Of `revealed`, unless the bytes are no UTF-8. */
  readonly clear?: string;
  /** Of `revealed`, when the bytes are no UTF-8. */
  readonly clearBase64?: string;
}

/** The one way to clear values. */
export class RevealDesk {
  readonly #options: RevealDeskOptions;

  constructor(options: RevealDeskOptions) {
    this.#options = options;
  }

  /**
   * Reveals values, each by itself. Nothing is answered before the evidence is on the disk.
   *
   * @throws DtaError `denied` without a valid clearance, `usage` without a reason; recorded as well.
   */
  async reveal(request: RevealRequest): Promise<Revealed[]> {
    const { clearance } = request;
    const cleared =
      clearance === undefined ? undefined : await this.#options.clearances.nameOf(clearance);
    if (cleared === undefined) {
      await this.#record(request, cleared, refuseAll(request, 'notCleared'));
      throw new DtaError('denied', 'clear values are for those who are cleared', {
        help: 'send the secret that `dta token clear` wrote on the host of the controller',
      });
    }
    const reason = request.reason.trim();
    if (reason === '' || reason.length > 500 || /\p{Cc}/u.test(reason)) {
      await this.#record(request, cleared, refuseAll(request, 'noReason'));
      throw new DtaError('usage', 'a reason of 1 to 500 characters on one line is needed');
    }
    const outcomes = request.values.map((value) => this.#revealOne(value));
    await this.#record(request, cleared, outcomes);
    return outcomes.map(({ keyId: _, ...revealed }) => revealed);
  }

  /** Evidence, in the order of arrival. */
  async log(query: RevealQuery): Promise<StoredReveal[]> {
    return await this.#options.store.reveals(query);
  }

  #revealOne(value: MaskedValue): Outcome {
    const { keys } = this.#options;
    const token = value.kind === 'token' ? parseToken(value.text) : undefined;
    const keyId = value.kind === 'token' ? token?.keyId : value.keyId;
    if (keyId === undefined) return { result: 'malformed', keyId };
    const found = keys.of(keyId);
    if (!found) return { result: 'unknownKey', keyId };
    if (token) {
      const bytes = revealToken(token, found);
      return bytes ? { result: 'revealed', keyId, ...textOf(bytes) } : { result: 'notOurs', keyId };
    }
    const clear = restore(value, found);
    return clear === undefined
      ? { result: 'malformed', keyId }
      : { result: 'revealed', keyId, clear };
  }

  async #record(
    request: RevealRequest,
    cleared: string | undefined,
    outcomes: readonly Outcome[],
  ): Promise<void> {
    const { store, clock, log } = this.#options;
    const { actor, values } = request;
    // What was refused may be anything; control characters would break the one-line outputs that show it.
    const reason = request.reason.replaceAll(/\p{Cc}/gu, ' ').slice(0, 500);
    const atMs = clock();
    const records = values.map((value, i): RevealRecord => {
      const { result, keyId } = outcomes[i] ?? { result: 'malformed', keyId: undefined };
      const valueSha256 = createHash('sha256').update(value.text).digest('hex');
      return { atMs, actor, cleared, kind: value.kind, keyId, valueSha256, reason, result };
    });
    await store.addReveals(records);
    const count = records.filter(({ result }) => result === 'revealed').length;
    log.info(
      { actor, cleared, reason, asked: records.length, revealed: count },
      'reveal asked for',
    );
  }
}

interface Outcome extends Revealed {
  readonly keyId: number | undefined;
}

function refuseAll({ values }: RevealRequest, result: RevealResult): Outcome[] {
  return values.map(({ kind, text, keyId }) => ({
    result,
    keyId: kind === 'token' ? parseToken(text)?.keyId : keyId,
  }));
}

function restore(value: MaskedValue, keys: MaskKeys): string | undefined {
  switch (value.kind) {
    case 'digits':
      return restoreFormat(value.text, 10, keys);
    case 'characters':
      return restoreFormat(value.text, 62, keys);
    case 'number':
      return restoreNumber(value.text, keys);
    case 'date':
      return value.maxShiftDays === undefined
        ? undefined
        : unshiftDate(value.text, value.maxShiftDays, keys);
    case 'token':
      return undefined;
  }
}

function textOf(bytes: Buffer): Pick<Revealed, 'clear' | 'clearBase64'> {
  const clear = bytes.toString('utf8');
  return Buffer.from(clear).equals(bytes) ? { clear } : { clearBase64: bytes.toString('base64') };
}
