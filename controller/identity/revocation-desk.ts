/**
 * Takes identities away and tells the world: commits, announces, lists and signs (Figure 1,
 * "Revocation Sync").
 */
import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Authority } from './authority.ts';
import type { IdentityStore, Revocation, RevocationCause, Revocations } from './model.ts';
import { checkText, show } from './names.ts';
import { isUuid } from './spiffe-id.ts';

/** What revocation needs of the identity service's parts. */
export interface RevocationDeskOptions {
  readonly store: IdentityStore;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly log: Log;
}

/** Behind `IdentityService`, which documents each method. */
export class RevocationDesk {
  readonly #options: RevocationDeskOptions;
  readonly #listeners = new Set<(revocation: Revocation) => void>();
  #crl: { pem: string; serials: string; resignAtMs: number } | undefined;

  constructor(options: RevocationDeskOptions) {
    this.#options = options;
  }

  async revoke(target: string, reason: string, actor: string): Promise<Revocation> {
    const { clock, log } = this.#options;
    const cause = {
      atMs: clock(),
      reason: checkText('reason', reason),
      actor: checkText('actor', actor),
    };
    const revocation = await this.#commit(target.trim().toLowerCase(), cause);
    if (!revocation) {
      throw new DtaError('notFound', `no instance or certificate \`${show(target)}\``, {
        help: '`dta identity list` shows what there is',
      });
    }
    log.info({ ...revocation }, 'identity revoked');
    if (!revocation.repeated) this.#announce(revocation);
    return revocation;
  }

  async current(): Promise<Revocations> {
    const revoked = await this.#revoked();
    const whole = revoked.filter((certificate) => certificate.wholeInstance);
    const single = revoked.filter((certificate) => !certificate.wholeInstance);
    return {
      // The UUID stands for every certificate of an instance: their number must not fill the state.
      digests: single.map((certificate) => certificate.sha256).sort(),
      instances: [...new Set(whole.map((certificate) => certificate.instance))].sort(),
    };
  }

  async crlPem(): Promise<string> {
    const revoked = await this.#revoked();
    const nowMs = this.#options.clock();
    const { generation, standing } = this.#options.authority;
    const serials = `${generation} ${revoked.map((certificate) => certificate.serial).join()}`;
    if (this.#crl?.serials === serials && nowMs < this.#crl.resignAtMs) return this.#crl.pem;
    const lists = await Promise.all(
      standing.map(({ issuer }) => {
        const own = revoked.filter((certificate) => certificate.issuer === issuer.id);
        return issuer.signRevocations(own, nowMs);
      }),
    );
    const pem = lists.map((list) => list.pem).join('');
    const endMs = Math.min(...lists.map((list) => list.nextUpdateMs));
    this.#crl = { pem, serials, resignAtMs: nowMs + (endMs - nowMs) / 2 };
    return pem;
  }

  onRevoked(listener: (revocation: Revocation) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #revoked() {
    const { store, clock } = this.#options;
    return await store.revokedCertificates(clock() - revocationGraceMs);
  }

  async #commit(target: string, cause: RevocationCause): Promise<Revocation | undefined> {
    const { store } = this.#options;
    if (isUuid(target)) return await store.revokeInstance(target, cause);
    const hex = target.replaceAll(':', '');
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hex)) {
      throw new DtaError('usage', `\`${show(target)}\` is no UUID, SHA-256 digest or serial`, {
        help: 'give a UUID, 64 hexadecimal digits of a digest or 40 of a serial',
      });
    }
    const sha256 = hex.length === 64 ? hex : (await store.certificateBySerial(hex))?.sha256;
    return sha256 === undefined ? undefined : await store.revokeCertificate(sha256, cause);
  }

  #announce(revocation: Revocation): void {
    for (const listener of this.#listeners) {
      try {
        listener(revocation);
      } catch (error) {
        // One broken listener must not keep the others from refusing the identity.
        const { instance } = revocation;
        this.#options.log.error({ err: error, instance }, 'revocation listener failed');
      }
    }
  }
}

/**
 * How long a revocation outlives its certificate: Envoy checks the end of a certificate in the
 * handshake only, so a connection that was opened before it may still be in use, and stays refused.
 */
export const revocationGraceMs = 86_400_000;
