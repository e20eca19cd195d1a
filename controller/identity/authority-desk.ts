/**
 * Rotates issuing keys: a new one is known everywhere before it signs, an old one is trusted until
 * what it signed has ended (docs/identity.md, "Rotation of issuing keys").
 */
import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Authority, recordOf, type StandingIssuer } from './authority.ts';
import { keptRootKey, loadIssuer, removeIssuer, writeIssuer } from './authority-files.ts';
import { type IssuerWish, makeIssuer } from './make-issuer.ts';
import type {
  IssuerChange,
  IssuerLeaves,
  IssuerRecord,
  IssuerState,
  IssuerStore,
} from './model.ts';
import { checkText, show } from './names.ts';
import type { RotationDesk } from './rotation-desk.ts';

/** Somebody who is connected, and which generation of the trust it is known to have. */
export interface TrustHolder {
  /** SPIFFE ID. */
  readonly who: string;
  readonly what: 'agent' | 'proxy';
  /** Undefined: it has acknowledged none yet. */
  readonly generation: number | undefined;
}

/** One issuing key, as operators see it. */
export interface IssuerView extends IssuerRecord, IssuerLeaves {
  /** PEM: its own certificate and its root. */
  readonly certificatePem: string;
  readonly rootPem: string;
  /** Connected agents and proxies that do not know it yet. */
  readonly lacking: readonly TrustHolder[];
}

/** All that is trusted. */
export interface AuthorityView {
  readonly trustDomain: string;
  readonly generation: number;
  readonly issuers: readonly IssuerView[];
}

/** What a change needs beside the key. */
export interface ChangeRequest {
  readonly reason: string;
  readonly actor: string;
  /** Do it though somebody would be cut off. */
  readonly force: boolean;
}

/** What the desk needs. */
export interface AuthorityDeskOptions {
  readonly authority: Authority;
  readonly store: IssuerStore;
  /** Of `openAuthority`. */
  readonly dir: string;
  readonly rotations: Pick<RotationDesk, 'order'>;
  /** Program that makes new keys; absent: files. */
  readonly keyCommand?: readonly string[] | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Every change of issuing keys; one after another, each committed before it is announced. */
export class AuthorityDesk {
  readonly #options: AuthorityDeskOptions;
  readonly #listeners = new Set<(change: { isRevocation: boolean }) => void>();
  #holders: () => readonly TrustHolder[] = () => [];
  #turn: Promise<unknown> = Promise.resolve();
  readonly #startedAtMs: number;

  constructor(options: AuthorityDeskOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock();
  }

  /** Tells who is connected and what it trusts. */
  watch(holders: () => readonly TrustHolder[]): void {
    this.#holders = holders;
  }

  /** Calls `listener` after each change; gives the function that ends it. */
  onChange(listener: (change: { isRevocation: boolean }) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async show(): Promise<AuthorityView> {
    const { authority } = this.#options;
    const issuers = await Promise.all(authority.standing.map((each) => this.#view(each)));
    return { trustDomain: authority.trustDomain, generation: authority.generation, issuers };
  }

  /** What an operator has to do in time, for the status. */
  faults(): { what: string; sinceMs: number; help: string }[] {
    const { authority, clock } = this.#options;
    const { active } = authority;
    const leftMs = active.notAfterMs - clock();
    if (leftMs > expiryWarningMs) return [];
    const days = Math.max(0, Math.floor(leftMs / 86_400_000));
    return [
      {
        what: `the issuing key of the certificate authority ends in ${days} days`,
        sinceMs: active.notAfterMs - expiryWarningMs,
        help: 'rotate it: `dta ca prepare`, then `dta ca activate`',
      },
    ];
  }

  /**
   * Makes the next issuing key, under a new root unless `sameRoot`, and has it trusted everywhere;
   * it signs nothing yet. Fails with `conflict` when there is a prepared one, with `setup` when the
   * root's key is not here or allows no intermediate.
   */
  prepare(
    wish: Omit<IssuerWish, 'keyCommand'> & { readonly sameRoot: boolean },
    request: ChangeRequest,
  ): Promise<IssuerView> {
    return this.#inTurn(async () => {
      const { authority, dir, store, clock, keyCommand } = this.#options;
      const { reason, actor } = checkRequest(request);
      const waiting = authority.standing.find(({ record }) => record.state === 'prepared');
      if (waiting) {
        throw new DtaError('conflict', `issuing key \`${waiting.record.id}\` is prepared already`, {
          help: 'activate it, or revoke it',
        });
      }
      const nowMs = clock();
      const root = wish.sameRoot ? await this.#activeRoot() : undefined;
      const whole = { ...wish, keyCommand };
      const { issuer, files } = await makeIssuer(authority.trustDomain, whole, nowMs, root);
      await this.#refuseKnown(issuer.id);
      // A folder that the store does not know is nothing, a crash leaves one; a record without its
      // folder would be a mesh that cannot start.
      await removeIssuer(dir, issuer.id);
      await writeIssuer(dir, issuer.id, files);
      await store.addIssuer({ ...recordOf(issuer, 'prepared', 0, nowMs), reason, actor });
      await this.#reload();
      return await this.#announced(issuer.id, 'prepared', request, false);
    });
  }

  /**
   * Lets the prepared key sign, and retires the one before. Fails with `notFound` when none is
   * prepared, with `conflict`, unless forced, while somebody who is connected does not know it, or,
   * in the first minute after a start, may not know it.
   */
  activate(request: ChangeRequest): Promise<IssuerView> {
    return this.#inTurn(async () => {
      const { authority } = this.#options;
      const next = authority.standing.find(({ record }) => record.state === 'prepared');
      if (!next) {
        throw new DtaError('notFound', 'no issuing key is prepared', {
          help: 'make one: `dta ca prepare`',
        });
      }
      const lacking = this.#lacking(next.record);
      if (lacking.length > 0 && !request.force) throw notKnownYet(next.record.id, lacking);
      if (this.#isComingBack(next.record) && !request.force) {
        throw new DtaError(
          'conflict',
          'the controller has just started: who is there is not known',
          {
            help: 'wait a minute, until agents and proxies have come back, or --force',
          },
        );
      }
      const old = authority.active.id;
      await this.#change(request, [old, 'retired'], [next.record.id, 'active']);
      return await this.#announced(next.record.id, 'active', request, false);
    });
  }

  /**
   * Has everybody renew who holds a certificate of a retired key. Fails with `conflict` for another
   * one, with `notFound`.
   */
  taint(id: string, request: ChangeRequest): Promise<IssuerView> {
    return this.#inTurn(async () => {
      const { record } = this.#find(id);
      if (record.state !== 'retired' && record.state !== 'tainted') {
        throw new DtaError('conflict', `issuing key \`${record.id}\` is ${record.state}`, {
          help: 'only a retired one can be tainted: activate another first',
        });
      }
      await this.#change(request, [record.id, 'tainted']);
      const { reason, actor } = request;
      const target = { kind: 'key', name: record.id } as const;
      await this.#options.rotations.order(target, taintSpreadMs, reason, actor);
      return await this.#announced(record.id, 'tainted', request, false);
    });
  }

  /**
   * Ends the trust in a key, revokes every certificate of it and removes its private key. Fails
   * with `conflict` for the active one and, unless forced, while instances live on it; with
   * `notFound`.
   */
  revoke(id: string, request: ChangeRequest): Promise<IssuerRecord> {
    return this.#inTurn(async () => {
      const { dir, clock, store } = this.#options;
      const { record } = this.#find(id);
      if (record.state === 'active') {
        throw new DtaError('conflict', `issuing key \`${record.id}\` is the active one`, {
          help: 'prepare and activate another first',
        });
      }
      const { instances } = await store.issuerLeaves(record.id, clock());
      if (instances > 0 && !request.force) {
        throw new DtaError(
          'conflict',
          `${instances} instances live on certificates of \`${record.id}\``,
          { help: '`dta ca taint` has them renew; --force cuts them off, they have to join again' },
        );
      }
      await this.#change(request, [record.id, 'revoked']);
      await removeIssuer(dir, record.id);
      this.#tell('revoked', record.id, request, true);
      return { ...record, state: 'revoked' };
    });
  }

  /** Ends the trust in retired keys of which nothing lives; gives how many. To be called now and then. */
  forgetEnded(): Promise<number> {
    return this.#inTurn(async () => {
      const { authority, dir, clock, store } = this.#options;
      const old = authority.standing.filter(({ record }) =>
        ['retired', 'tainted'].includes(record.state),
      );
      let count = 0;
      for (const { record } of old) {
        if ((await store.issuerLeaves(record.id, clock())).live > 0) continue;
        const request = { reason: 'nothing of it lives', actor: 'controller', force: false };
        await this.#change(request, [record.id, 'gone']);
        await removeIssuer(dir, record.id);
        this.#tell('gone', record.id, request, false);
        count += 1;
      }
      return count;
    });
  }

  async #activeRoot() {
    const { authority, dir } = this.#options;
    const { active } = authority;
    const key = await keptRootKey(dir, active.id);
    if (key) return { key, pem: active.rootPem };
    throw new DtaError('setup', 'the key of the active root is not here', {
      help: 'make a new root (without --same-root), or bring an intermediate of it (--upstream-...)',
    });
  }

  async #change(
    request: ChangeRequest,
    ...states: readonly (readonly [id: string, state: IssuerState])[]
  ): Promise<void> {
    const { clock, store } = this.#options;
    const cause = { atMs: clock(), ...checkRequest(request) };
    await store.changeIssuers(states.map(([id, state]): IssuerChange => ({ id, state, cause })));
    await this.#reload();
  }

  /** Takes what the store says now; keys that are in use stay open. */
  async #reload(): Promise<void> {
    const { authority, dir, store } = this.#options;
    const { records, generation } = await store.issuers();
    const known = new Map(authority.standing.map(({ issuer }) => [issuer.id, issuer]));
    const standing: StandingIssuer[] = [];
    for (const record of records) {
      if (record.state === 'revoked' || record.state === 'gone') continue;
      const { id } = record;
      const issuer = known.get(id) ?? (await loadIssuer(dir, id, authority.trustDomain));
      standing.push({ issuer, record });
    }
    authority.replace(standing, generation);
  }

  /** A key of an upstream authority may come again; before anything is written of it. */
  async #refuseKnown(id: string): Promise<void> {
    const { records } = await this.#options.store.issuers();
    const known = records.find((record) => record.id === id);
    if (!known) return;
    throw new DtaError('conflict', `issuing key \`${id}\` is known already: it is ${known.state}`, {
      help: 'a key that was used once is never used again: make a new one',
    });
  }

  #find(text: string): StandingIssuer {
    const { standing } = this.#options.authority;
    const found = standing.filter(({ record }) => text.length >= 4 && record.id.startsWith(text));
    const [only] = found;
    if (only && found.length === 1) return only;
    const what = found.length > 1 ? 'several issuing keys begin with' : 'no issuing key is trusted';
    throw new DtaError('notFound', `${what} \`${show(text)}\``, {
      help: '`dta ca show` lists them',
    });
  }

  #lacking(record: IssuerRecord): TrustHolder[] {
    return this.#holders().filter(({ generation }) => (generation ?? 0) < record.generation);
  }

  /** Whether those who were connected when the key was prepared may not be here again yet. */
  #isComingBack(record: IssuerRecord): boolean {
    const { clock } = this.#options;
    return record.madeAtMs < this.#startedAtMs && clock() < this.#startedAtMs + comingBackMs;
  }

  async #view({ issuer, record }: StandingIssuer): Promise<IssuerView> {
    const { clock, store } = this.#options;
    const leaves = await store.issuerLeaves(record.id, clock());
    const { certificatePem, rootPem } = issuer;
    return { ...record, ...leaves, certificatePem, rootPem, lacking: this.#lacking(record) };
  }

  async #announced(
    id: string,
    state: IssuerState,
    request: ChangeRequest,
    isRevocation: boolean,
  ): Promise<IssuerView> {
    this.#tell(state, id, request, isRevocation);
    return await this.#view(this.#find(id));
  }

  #tell(state: IssuerState, issuer: string, request: ChangeRequest, isRevocation: boolean): void {
    const { authority, log } = this.#options;
    const { reason, actor, force } = request;
    const { generation } = authority;
    log.info({ issuer, state, reason, actor, force, generation }, 'issuing key changed');
    for (const listener of this.#listeners) {
      try {
        listener({ isRevocation });
      } catch (error) {
        log.error({ err: error, issuer }, 'listener of issuing keys failed');
      }
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work, work);
    this.#turn = next.catch(() => undefined);
    return next;
  }
}

function checkRequest({ reason, actor }: ChangeRequest): { reason: string; actor: string } {
  return { reason: checkText('reason', reason), actor: checkText('actor', actor) };
}

function notKnownYet(id: string, lacking: readonly TrustHolder[]): DtaError {
  const [first] = lacking;
  const others = lacking.length > 1 ? ` and ${lacking.length - 1} others` : '';
  return new DtaError(
    'conflict',
    `the ${first?.what} of ${first?.who}${others} do not know issuing key \`${id}\` yet`,
    { help: '`dta ca show` lists them; wait, or --force: they refuse what it signs until they do' },
  );
}

const comingBackMs = 60_000;
/** Renewals of a whole mesh: not all in one moment. */
const taintSpreadMs = 2_000;
const expiryWarningMs = 60 * 86_400_000;
