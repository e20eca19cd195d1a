/** Gives out what proxies have to know now, under a new epoch. */
import type { ControllerMetrics } from './controller-metrics.ts';
import type { Facade } from './facade.ts';
import type { Log } from './log.ts';
import type { MeshSource } from './mesh-source.ts';
import type { StateDesk } from './risk/state-desk.ts';

/** What it joins. */
export interface StateRefreshParts {
  readonly states: Pick<StateDesk, 'advance' | 'epoch'>;
  readonly source: Pick<MeshSource, 'announce'>;
  readonly facade: Pick<Facade, 'degrade' | 'mend'>;
  readonly metrics: Pick<ControllerMetrics, 'showEpoch'>;
  readonly log: Log;
}

/** One epoch after another, so that what was true earlier never gets the newer epoch. */
export class StateRefresh {
  readonly #parts: StateRefreshParts;
  readonly #onGivenOut: (sinceMs: number) => void;
  #turn: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `onGivenOut` hears of each epoch that has left. */
  constructor(parts: StateRefreshParts, onGivenOut: (sinceMs: number) => void) {
    this.#parts = parts;
    this.#onGivenOut = onGivenOut;
  }

  /** Takes up what was committed at `sinceMs` or before. What fails is tried again. */
  advance(isUrgent: boolean, sinceMs: number): void {
    clearTimeout(this.#retry);
    this.#turn = this.#turn.then(() => this.#advance(isUrgent, sinceMs));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
  }

  async #advance(isUrgent: boolean, sinceMs: number): Promise<void> {
    const { states, source, facade, metrics, log } = this.#parts;
    try {
      await states.advance();
      metrics.showEpoch(states.epoch);
      source.announce({ kinds: ['state'], urgent: isUrgent, sinceMs });
      this.#onGivenOut(sinceMs);
      facade.mend(fault);
    } catch (error) {
      if (this.#isClosed) return;
      log.error({ err: error }, 'state not renewed, will try again');
      facade.degrade(
        fault,
        'what proxies know is not renewed: revocations may not have arrived',
        'the log of the controller has the reason',
      );
      this.#retry = setTimeout(() => this.advance(isUrgent, sinceMs), retryMs);
    }
  }
}

const retryMs = 1_000;
const fault = 'state';
