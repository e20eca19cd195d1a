/** Federated trust domains: adds and removes them, keeps their bundles fresh, and says when it cannot (SPIFFE Federation, section 6). */
import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { checkEndpointUrl, fetchBundle } from './fetch-bundle.ts';
import type {
  BundleSource,
  FederatedDomain,
  FederationObserver,
  FederationStore,
  TrustBundle,
} from './model.ts';
import { parseBundle } from './parse-bundle.ts';

/** What the desk needs. */
export interface FederationDeskOptions {
  /** Our own trust domain. */
  readonly trustDomain: string;
  /** Gives a trust domain back, or fails with `usage`. */
  readonly checkTrustDomain: (text: string) => string;
  readonly store: FederationStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly observer?: FederationObserver;
  /** Most domains. */
  readonly domainsMax: number;
}

/** A federated domain with what its bundle says and how it stands. */
export interface FederatedView extends Omit<FederatedDomain, 'document'> {
  readonly bundle: TrustBundle;
  /** Nothing was heard for so long that roots may be missing, or trusted that should not be. */
  readonly isStale: boolean;
  /** Unix milliseconds at which it is looked at again. */
  readonly nextRefreshMs: number;
}

/** A domain with what its document says. */
interface Standing {
  readonly domain: FederatedDomain;
  readonly bundle: TrustBundle;
}

/** The one place that changes which foreign domains are trusted. Changes are made one after another. */
export class FederationDesk {
  readonly #options: FederationDeskOptions;
  readonly #listeners = new Set<() => void>();
  readonly #domains = new Map<string, Standing>();
  readonly #triedAtMs = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: FederationDeskOptions) {
    this.#options = options;
  }

  /** Takes up what the store has. */
  async open(): Promise<void> {
    for (const domain of await this.#options.store.federatedDomains()) {
      this.#show(domain, this.#reopen(domain));
    }
  }

  /**
   * Federates a domain, or changes where its bundle comes from: only with a good bundle at hand. Fails with `usage`,
   * `unreachable` or `setup`, and nothing is changed then.
   */
  async add(trustDomain: string, source: BundleSource, actor: string): Promise<FederatedView> {
    this.#checkName(trustDomain);
    if (source.kind === 'https_web') checkEndpointUrl(source.url);
    // What takes its time is done before the turn: a removal never waits for somebody's endpoint.
    const document = await fetchBundle(source);
    const bundle = parseBundle(document);
    return await this.#inTurn(async () => {
      this.#checkName(trustDomain);
      const known = this.#domains.get(trustDomain);
      if (known) checkSequence(known.bundle, bundle);
      const nowMs = this.#options.clock();
      await this.#keep(
        {
          ...{ trustDomain, source, document, actor },
          ...{ refreshedAtMs: nowMs, changedAtMs: nowMs, addedAtMs: nowMs },
          ...{ fault: undefined, failingSinceMs: undefined },
        },
        bundle,
      );
      const { roots } = bundle;
      this.#options.log.info({ trustDomain, roots: roots.length, actor }, 'trust domain federated');
      this.#tell();
      return this.show(trustDomain);
    });
  }

  /** Ends the trust in a domain. Fails with `notFound`. */
  remove(trustDomain: string, actor: string): Promise<void> {
    return this.#inTurn(async () => {
      if (!(await this.#options.store.removeFederated(trustDomain))) throw unknown(trustDomain);
      this.#domains.delete(trustDomain);
      this.#options.log.info({ trustDomain, actor }, 'trust domain federated no more');
      this.#options.observer?.onStanding?.(trustDomain, undefined);
      this.#tell();
    });
  }

  /** Looks for a newer bundle now. Fails as `add` does; the last good one goes on then. */
  async refresh(trustDomain: string): Promise<FederatedView> {
    const fault = await this.#refresh(trustDomain);
    if (fault !== undefined) throw fault;
    return this.show(trustDomain);
  }

  /** Refreshes what is due; to be called every few seconds. */
  async refreshDue(): Promise<void> {
    const nowMs = this.#options.clock();
    const due = this.list().filter(({ nextRefreshMs }) => nextRefreshMs <= nowMs);
    await Promise.all(due.map(({ trustDomain }) => this.#refresh(trustDomain)));
  }

  /** Every federated domain, by name. */
  list(): FederatedView[] {
    return [...this.#domains.keys()].sort().map((name) => this.show(name));
  }

  /** One of them; fails with `notFound`. */
  show(trustDomain: string): FederatedView {
    const known = this.#domains.get(trustDomain);
    if (!known) throw unknown(trustDomain);
    const { document: _, ...domain } = known.domain;
    const nowMs = this.#options.clock();
    const periodMs = periodOf(domain.source, known.bundle);
    const triedAtMs = this.#triedAtMs.get(trustDomain) ?? domain.refreshedAtMs;
    return {
      ...domain,
      bundle: known.bundle,
      isStale: nowMs - domain.refreshedAtMs > Math.max(leastStaleMs, 3 * periodMs),
      nextRefreshMs: triedAtMs + periodMs,
    };
  }

  /** The domains that trust anybody, with their roots (PEM), by name: what proxies are given. */
  trusted(): { readonly trustDomain: string; readonly rootPem: string }[] {
    return this.list().flatMap(({ trustDomain, bundle: { roots } }) =>
      roots.length === 0 ? [] : [{ trustDomain, rootPem: roots.map(({ pem }) => pem).join('') }],
    );
  }

  /** What does not work as it should. */
  faults(): { what: string; help: string; sinceMs: number }[] {
    return this.list().flatMap(({ trustDomain, fault, isStale, failingSinceMs, refreshedAtMs }) => {
      if (fault === undefined && !isStale) return [];
      const since = new Date(refreshedAtMs).toISOString();
      const state = isStale ? 'is stale' : 'is not refreshed';
      const what = `the bundle of ${trustDomain} ${state}, that of ${since} goes on: ${fault ?? 'nothing was heard'}`;
      const help = 'mend its source, then `dta federation refresh`, or `dta federation remove` it';
      return [{ what, help, sinceMs: failingSinceMs ?? refreshedAtMs }];
    });
  }

  /** Calls `listener` after each change of what is trusted; returns the end of the subscription. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What went wrong, if something did. */
  async #refresh(trustDomain: string): Promise<unknown> {
    const asked = this.#domains.get(trustDomain)?.domain.source;
    if (!asked) return unknown(trustDomain);
    this.#triedAtMs.set(trustDomain, this.#options.clock());
    const fetched = await fetchBundle(asked).then(
      (document) => ({ document }),
      (error: unknown) => ({ error }),
    );
    return await this.#inTurn(async () => {
      // It may be gone by now, or come from another place.
      const known = this.#domains.get(trustDomain);
      if (known?.domain.source !== asked) return unknown(trustDomain);
      try {
        if ('error' in fetched) throw fetched.error;
        await this.#take(known, fetched.document);
        return undefined;
      } catch (error) {
        await this.#note(known, error);
        return error;
      }
    });
  }

  async #take({ domain, bundle: last }: Standing, document: string): Promise<void> {
    const { clock, log, observer } = this.#options;
    const { trustDomain } = domain;
    const bundle = parseBundle(document);
    checkSequence(last, bundle);
    const isSame = rootsOf(bundle) === rootsOf(last);
    const nowMs = clock();
    const fresh = { document, refreshedAtMs: nowMs, fault: undefined, failingSinceMs: undefined };
    const changedAtMs = isSame ? domain.changedAtMs : nowMs;
    await this.#keep({ ...domain, ...fresh, changedAtMs }, bundle);
    observer?.onRefresh?.(trustDomain, isSame ? 'same' : 'changed');
    if (isSame) return;
    log.info({ trustDomain, roots: bundle.roots.length }, 'roots of a trust domain changed');
    this.#tell();
  }

  /** The last good bundle goes on; what went wrong is kept with it. */
  async #note({ domain, bundle }: Standing, error: unknown): Promise<void> {
    const { clock, log, observer } = this.#options;
    const { trustDomain } = domain;
    const fault = error instanceof Error ? error.message : String(error);
    log.warn(
      { trustDomain, err: error },
      'bundle of a trust domain not refreshed, the last one goes on',
    );
    observer?.onRefresh?.(trustDomain, 'failed');
    const failingSinceMs = domain.failingSinceMs ?? clock();
    await this.#keep({ ...domain, fault, failingSinceMs }, bundle);
    const { isStale } = this.show(trustDomain);
    if (isStale) log.error({ trustDomain, refreshedAtMs: domain.refreshedAtMs }, 'bundle is stale');
  }

  async #keep(domain: FederatedDomain, bundle: TrustBundle): Promise<void> {
    await this.#options.store.keepFederated(domain);
    this.#show(domain, bundle);
  }

  /** A document that another version of this program took trusts nobody until the next refresh; the controller starts. */
  #reopen({ trustDomain, document }: FederatedDomain): TrustBundle {
    try {
      return parseBundle(document);
    } catch (err) {
      this.#options.log.error(
        { trustDomain, err },
        'stored bundle is not understood, nobody of it is trusted',
      );
      return { roots: [], sequence: undefined, refreshHintSeconds: undefined };
    }
  }

  #show(domain: FederatedDomain, bundle: TrustBundle): void {
    this.#domains.set(domain.trustDomain, { domain, bundle });
    this.#options.observer?.onStanding?.(domain.trustDomain, domain.refreshedAtMs);
  }

  #checkName(trustDomain: string): void {
    const { checkTrustDomain, trustDomain: own, domainsMax } = this.#options;
    checkTrustDomain(trustDomain);
    if (trustDomain === own) {
      throw new DtaError('usage', `\`${own}\` is the trust domain of this mesh`, {
        help: 'only foreign trust domains are federated: nobody else may vouch for ours',
      });
    }
    if (this.#domains.has(trustDomain) || this.#domains.size < domainsMax) return;
    throw new DtaError('usage', `${domainsMax} trust domains are federated already`, {
      help: 'remove one: every proxy holds the roots of all of them',
    });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

// Who can answer in the place of the endpoint must not bring back a root that was taken out.
function checkSequence(last: TrustBundle, next: TrustBundle): void {
  if (last.sequence === undefined || (next.sequence ?? -1) >= last.sequence) return;
  const now = next.sequence === undefined ? 'is missing' : `is ${next.sequence}`;
  throw new DtaError(
    'usage',
    `\`spiffe_sequence\` of the bundle ${now}, it was ${last.sequence} before`,
    {
      help: 'an older bundle is never taken; remove and add the domain if its authority began anew',
    },
  );
}

function rootsOf({ roots }: TrustBundle): string {
  return roots.map(({ sha256 }) => sha256).join();
}

function periodOf(source: BundleSource, { refreshHintSeconds }: TrustBundle): number {
  if (source.kind === 'file') return filePeriodMs;
  const hintMs = (refreshHintSeconds ?? defaultHintSeconds) * 1000;
  return Math.min(Math.max(hintMs, leastPeriodMs), longestPeriodMs);
}

function unknown(trustDomain: string): DtaError {
  return new DtaError(
    'notFound',
    `trust domain \`${trustDomain.slice(0, 255)}\` is not federated`,
    {
      help: '`dta federation list` shows those that are',
    },
  );
}

/** "SPIFFE Trust Domain and Bundle", section 4.1.2: where a bundle gives no hint. */
const defaultHintSeconds = 300;
const leastPeriodMs = 10_000;
const longestPeriodMs = 24 * 3_600_000;
const filePeriodMs = 5_000;
const leastStaleMs = 3_600_000;
