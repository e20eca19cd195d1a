/**
 * Revocation lists of our roots, for verifiers that want one of every authority in a chain: Envoy's SPIFFE validator, once
 * domains are federated (docs/federation.md, "Revocation").
 */
import { X509Certificate } from 'node:crypto';

import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Authority, StandingIssuer } from './authority.ts';
import { keptRootKey, openKey } from './authority-files.ts';
import { crlBody, signBody } from './certificate.ts';
import { toPem } from './der-writer.ts';
import { backdateMs, signerNames } from './issuer.ts';
import { splitPem } from './pem.ts';

/** What it needs; `dir` is that of `openAuthority`. */
export interface RootListsOptions {
  readonly authority: Pick<Authority, 'standing'>;
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Signs an empty list with each root: an issuing key that is trusted no more has no list of its own, and that refuses all
 * that it signed.
 */
export class RootLists {
  readonly #options: RootListsOptions;
  readonly #lists = new Map<string, { readonly pem: string; readonly resignAtMs: number }>();

  constructor(options: RootListsOptions) {
    this.#options = options;
  }

  /**
   * One list for every trusted root that does not sign leaves itself (its list is among those of the issuing keys);
   * undefined when one of them cannot be had: the root's key is not ours or out of reach, or other authorities stand
   * between it and the issuing key.
   */
  async pem(): Promise<string | undefined> {
    const lists = new Map<string, string>();
    for (const each of this.#options.authority.standing) {
      const { rootKeyHash, chainPem } = each.issuer;
      if (chainPem === '' || lists.has(rootKeyHash)) continue;
      const list = splitPem(chainPem).length === 1 ? await this.#list(each) : undefined;
      if (list === undefined) return undefined;
      lists.set(rootKeyHash, list);
    }
    return [...lists.values()].join('');
  }

  async #list({ issuer }: StandingIssuer): Promise<string | undefined> {
    const nowMs = this.#options.clock();
    const known = this.#lists.get(issuer.rootKeyHash);
    if (known !== undefined && nowMs < known.resignAtMs) return known.pem;
    try {
      const kept = await this.#rootKey(issuer.rootKeyHash);
      if (kept === undefined) return undefined;
      const key = await openKey(kept);
      const signer = signerNames(new X509Certificate(issuer.rootPem));
      const nextUpdateMs = nowMs + listTtlMs;
      const thisUpdateMs = nowMs - backdateMs;
      const number = BigInt(nowMs);
      const times = { thisUpdateMs, nextUpdateMs };
      const body = crlBody(signer, { number, ...times, revoked: [] }, key.curve);
      const pem = toPem('X509 CRL', await signBody(key, body));
      this.#lists.set(issuer.rootKeyHash, { pem, resignAtMs: nowMs + listTtlMs / 2 });
      return pem;
    } catch (err) {
      this.#options.log.warn({ err, root: issuer.rootKeyHash }, 'no revocation list of a root');
      return undefined;
    }
  }

  // Any issuing key that was made under the root has it beside its own.
  async #rootKey(rootKeyHash: string) {
    const { authority, dir } = this.#options;
    for (const { issuer } of authority.standing) {
      if (issuer.rootKeyHash !== rootKeyHash) continue;
      const kept = await keptRootKey(dir, issuer.id);
      if (kept !== undefined) return kept;
    }
    return undefined;
  }
}

/** Long: the root's key is not needed often, and the list never says anything. */
const listTtlMs = 30 * 24 * 3_600_000;
