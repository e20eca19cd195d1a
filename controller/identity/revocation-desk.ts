/**
 * Takes identities away and tells the world: commits, announces, lists and signs (Figure 1,
 * "Revocation Sync").
 */
import { randomUUID } from 'node:crypto';

import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Authority } from './authority.ts';
import type { IdentityEvents } from './events.ts';
import { backdateMs } from './issuer.ts';
import type { MeshIdentityStore } from './mesh-identity-store.ts';
import type { Revocation, RevocationCause, Revocations } from './model.ts';
import { checkText, isName, show } from './names.ts';
import type { GroupRevocation, GroupTarget, RevokedGroup } from './revoked-groups.ts';
import { isUuid } from './spiffe-id.ts';

/** What revocation needs of the identity service's parts. */
export interface RevocationDeskOptions {
  readonly store: MeshIdentityStore;
  readonly authority: Authority;
  readonly events: IdentityEvents;
  readonly clock: Clock;
  readonly log: Log;
}

/** Behind `IdentityService`, which documents what is not documented here. */
export class RevocationDesk {
  readonly #options: RevocationDeskOptions;
  readonly #listeners = new Set<(revocation: Revocation | GroupRevocation) => void>();
  #crl: { pem: string; of: string; beginsAtMs: number; resignAtMs: number } | undefined;
  /** Rises with each revocation. */
  #revision = 0;

  constructor(options: RevocationDeskOptions) {
    this.#options = options;
  }

  async revoke(target: string, reason: string, actor: string): Promise<Revocation> {
    const { log, events } = this.#options;
    const cause = this.#cause(reason, actor);
    const revocation = await this.#commit(target.trim().toLowerCase(), cause);
    if (!revocation) {
      throw new DtaError('notFound', `no instance or certificate \`${show(target)}\``, {
        help: '`dta identity list` shows what there is',
      });
    }
    this.#revision += 1;
    log.info({ ...revocation }, 'identity revoked');
    const { instance, instances } = revocation;
    if (instances.length === 0) return revocation;
    events.add({
      kind: 'revoked',
      instance,
      ...(instances.length > 1 && { instances }),
      target: `${revocation.kind} ${target}`,
      ...{ reason, actor },
    });
    this.#announce(revocation);
    return revocation;
  }

  /**
   * Revokes a service, a team, the domain or everything that a key signed: all who have joined, at
   * once and for good. Of the first three nobody joins any more until it is lifted; workloads whose
   * certificate's key was revoked have to join again. Fails with `usage` on a bad name, with `notFound`
   * on a key that is not trusted.
   */
  async revokeGroup(target: GroupTarget, reason: string, actor: string): Promise<GroupRevocation> {
    const { store, log, events, authority } = this.#options;
    checkGroup(target, authority.trustDomain);
    const isStanding = authority.standing.some(({ issuer }) => issuer.id === target.name);
    // A slip of the pen must not look like a revocation that found nothing.
    if (target.kind === 'key' && !isStanding) {
      throw new DtaError('notFound', `no issuing key is trusted \`${show(target.name)}\``, {
        help: '`dta ca show` lists them; give all 16 digits',
      });
    }
    const cause = this.#cause(reason, actor);
    const revocation = await store.revokeGroup(randomUUID(), target, cause);
    this.#revision += 1;
    const { instances, ...rest } = revocation;
    log.info({ ...rest, instances: instances.length }, 'group revoked');
    events.add({ kind: 'revoked', target: `${target.kind} ${target.name}`, reason, actor });
    if (!revocation.repeated || instances.length > 0) this.#announce(revocation);
    return revocation;
  }

  /** Lets new instances of a group join again; those that were revoked stay so. Fails with `notFound`. */
  async liftGroup(id: string, reason: string, actor: string): Promise<RevokedGroup> {
    const { store, log, events } = this.#options;
    const lifted = await store.liftGroup(id, this.#cause(reason, actor));
    if (!lifted) {
      throw new DtaError('notFound', `no revocation \`${show(id)}\` is in force`, {
        help: '`dta identity revoke --list` shows those that are',
      });
    }
    log.info({ ...lifted }, 'revocation of a group lifted');
    events.add({ kind: 'lifted', target: `${lifted.kind} ${lifted.name}`, reason, actor });
    return lifted;
  }

  /** Revoked groups that are in force, oldest first. */
  async revokedGroups(): Promise<RevokedGroup[]> {
    return await this.#options.store.revokedGroups();
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
    const nowMs = this.#options.clock();
    const { generation, standing } = this.#options.authority;
    // Not what they name: reading that takes a second at worst, and anybody may ask for the lists.
    const of = `${generation} ${this.#revision}`;
    const { beginsAtMs = 0, resignAtMs = 0 } = this.#crl ?? {};
    // A clock that was set back makes a list that nobody takes yet: peers would refuse every leaf.
    const isGood = beginsAtMs <= nowMs && nowMs < resignAtMs;
    if (this.#crl?.of === of && isGood) return this.#crl.pem;
    const revoked = await this.#revoked();
    const lists = await Promise.all(
      standing.map(({ issuer }) => {
        const own = revoked.filter((certificate) => certificate.issuer === issuer.id);
        return issuer.signRevocations(own, nowMs);
      }),
    );
    const pem = lists.map((list) => list.pem).join('');
    const endMs = Math.min(...lists.map((list) => list.nextUpdateMs));
    const resignNextMs = nowMs + (endMs - nowMs) / 2;
    this.#crl = { pem, of, beginsAtMs: nowMs - backdateMs, resignAtMs: resignNextMs };
    return pem;
  }

  onRevoked(listener: (revocation: Revocation | GroupRevocation) => void): () => void {
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

  #cause(reason: string, actor: string): RevocationCause {
    return {
      atMs: this.#options.clock(),
      reason: checkText('reason', reason),
      actor: checkText('actor', actor),
    };
  }

  #announce(revocation: Revocation | GroupRevocation): void {
    for (const listener of this.#listeners) {
      try {
        listener(revocation);
      } catch (error) {
        // One broken listener must not keep the others from refusing the identity.
        const { kind } = revocation;
        this.#options.log.error({ err: error, kind }, 'revocation listener failed');
      }
    }
  }
}

function checkGroup({ kind, name }: GroupTarget, trustDomain: string): void {
  const isGood = {
    service: isPair(name),
    team: isName(name),
    domain: name === trustDomain,
    key: /^[0-9a-f]{16}$/.test(name),
  }[kind];
  if (isGood) return;
  throw new DtaError('usage', `\`${show(name)}\` names no ${kind} to revoke`, {
    help: `give <environment>/<service>, a team, \`${trustDomain}\`, or the 16 hexadecimal digits of an issuing key`,
  });
}

function isPair(text: string): boolean {
  const [environment = '', service = '', ...rest] = text.split('/');
  return rest.length === 0 && isName(environment) && isName(service);
}

/**
 * How long a revocation outlives its certificate: Envoy checks the end of a certificate in the
 * handshake only, so a connection that was opened before it may still be in use, and stays refused.
 */
export const revocationGraceMs = 86_400_000;
