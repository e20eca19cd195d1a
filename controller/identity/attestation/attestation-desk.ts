/** Lets workloads prove what they are, and counts and logs who could not. */
import { createHash } from 'node:crypto';

import { DtaError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { denied } from '../denied.ts';
import type { IdentityEvents } from '../events.ts';
import type { AttestationMethod } from '../model.ts';
import { show } from '../names.ts';
import type { AttestationContext, Attested, Attestor, Evidence } from './attestor.ts';
import type { Challenge } from './challenges.ts';

/** How one attempt ended: `failed` is a fault of this side. */
export type AttestationResult = 'granted' | 'refused' | 'failed';

/** What an attempt was made with; `renewal`: with the certificate that the workload has. */
export type AttemptMethod = AttestationMethod | 'renewal' | 'unknown';

/** Hears of every attempt. */
export interface AttestationObserver {
  onAttestation?(method: AttemptMethod, result: AttestationResult): void;
}

/** What the desk needs. */
export interface AttestationDeskOptions {
  readonly attestors: readonly Attestor[];
  readonly events: IdentityEvents;
  readonly observer: AttestationObserver;
  readonly log: Log;
}

/** What a workload asks with. */
export interface AttestationRequest {
  readonly method: string;
  readonly evidence: Evidence;
  /** PKCS#10, PEM or DER. */
  readonly csr: Uint8Array | string;
}

/** One for each controller. */
export class AttestationDesk {
  readonly #options: AttestationDeskOptions;
  readonly #attestors: ReadonlyMap<string, Attestor>;

  constructor(options: AttestationDeskOptions) {
    this.#options = options;
    this.#attestors = new Map(options.attestors.map((attestor) => [attestor.method, attestor]));
  }

  /**
   * Has the evidence verified, then calls `grant`. Every refusal, of either, is counted, logged with
   * its reason and thrown on.
   */
  async attest<Granted>(
    request: AttestationRequest,
    context: Omit<AttestationContext, 'csrSha256'>,
    grant: (attested: Attested, method: AttestationMethod) => Promise<Granted>,
  ): Promise<Granted> {
    const attestor = this.#attestors.get(request.method);
    const method = attestor?.method ?? 'unknown';
    const csrSha256 = createHash('sha256').update(request.csr).digest('hex');
    try {
      if (!attestor) throw denied('join', 'method not configured');
      const attested = await attestor.attest(request.evidence, { ...context, csrSha256 });
      const granted = await grant(attested, attestor.method);
      this.#options.observer.onAttestation?.(method, 'granted');
      return granted;
    } catch (error) {
      this.#report(error, method, context.address);
      throw error;
    }
  }

  /** Does the same for a renewal, whose evidence TLS has verified. */
  async renew<Granted>(
    address: string | undefined,
    grant: () => Promise<Granted>,
  ): Promise<Granted> {
    try {
      const granted = await grant();
      this.#options.observer.onAttestation?.('renewal', 'granted');
      return granted;
    } catch (error) {
      this.#report(error, 'renewal', address);
      throw error;
    }
  }

  /** Counts and logs an attempt that was refused before it came here: it could not be read, for example. */
  refused(error: DtaError, method: AttemptMethod, address: string): void {
    this.#report(error, method, address);
  }

  /** A nonce for evidence of this method; fails with `usage` when it needs none. */
  challenge(method: string): Challenge {
    const challenge = this.#attestors.get(method)?.challenge?.();
    if (challenge) return challenge;
    throw new DtaError('usage', `method \`${show(method)}\` takes no challenge here`, {
      help: 'is it configured? see `dta controller --attestors`',
    });
  }

  #report(error: unknown, method: AttemptMethod, address: string | undefined): void {
    const { observer, log, events } = this.#options;
    const isRefusal = error instanceof DtaError && refusals.has(error.code);
    observer.onAttestation?.(method, isRefusal ? 'refused' : 'failed');
    const what = method === 'renewal' ? 'renewal' : 'attestation';
    const fields = { method, address, ...(error instanceof DtaError && error.fields) };
    if (!isRefusal) {
      log.error({ ...fields, err: error }, `${what} failed`);
      return;
    }
    const reason = String(error.fields.reason ?? error.message);
    log.warn({ ...fields, reason }, `${what} refused`);
    events.add({ kind: 'refused', method, reason, ...(address !== undefined && { address }) });
  }
}

const refusals: ReadonlySet<string> = new Set(['denied', 'usage', 'conflict']);
