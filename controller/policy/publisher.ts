/**
 * Publishes policy sets: checks all of one, compiles and proves every bundle, and only then commits (policy-model,
 * "Bundle and state").
 */
import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import { Direction } from '../layout.ts';
import type { Log } from '../log.ts';
import type { MaskKeys } from '../mask-keys.ts';
import type { BundleStore, Publication } from '../store/publications.ts';
import { isKeyed } from './compile/mask.ts';
import { type BundleTarget, compileBundle } from './compile.ts';
import { parsePolicySet } from './parse.ts';
import type { PolicyError } from './policy-error.ts';
import type { Destination, PolicySet } from './policy-set.ts';
import { destinationsOf } from './select.ts';
import { findUnknownDomains } from './unknown-domains.ts';
import type { PolicyFile } from './yaml-file.ts';

/** A compiled bundle that the filter itself has accepted. */
export interface ProvenBundle {
  readonly environment: string;
  readonly service: string;
  readonly direction: Direction;
  readonly version: bigint;
  readonly bytes: Uint8Array;
  /** Unix milliseconds at which it was compiled: windows reach seven days from there. */
  readonly compiledAtMs: number;
}

/** Runs a bundle through the filter module; the reason of a refusal, or undefined. */
export type BundleProver = (bundle: Uint8Array) => string | undefined;

/** What the publisher needs. */
export interface PublisherOptions {
  readonly mesh: string;
  readonly store: BundleStore;
  readonly prove: BundleProver;
  /** Environments that registrations know: a policy without one is compiled for each. */
  readonly environments: () => Promise<readonly string[]>;
  /** Makes the error that carries all mistakes of a set. */
  readonly invalid: (errors: readonly PolicyError[]) => DtaError;
  /** Keys of masks, derived from the masking secret of the mesh; without them sets that need keys are refused. */
  readonly maskKeys: () => MaskKeys | undefined;
  /** Foreign trust domains whose workloads may call; absent: none. */
  readonly federatedDomains?: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

/** The current publication with its bundles. */
export interface Published {
  readonly publication: Publication;
  readonly bundles: readonly ProvenBundle[];
}

/** The one place that changes which policy counts. Pushes are taken one after another. */
export class PolicyPublisher {
  readonly #options: PublisherOptions;
  readonly #listeners = new Set<() => void>();
  readonly #bundles = new Map<string, ProvenBundle>();
  readonly #wanted = new Set<string>();
  #publication: Publication | undefined;
  #set: PolicySet | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Takes up the publication that the store has, under new versions: its windows are resolved anew. */
  async open(): Promise<void> {
    const publication = await this.#options.store.currentPolicySet();
    if (!publication) return;
    const set = this.#parse(publication.files);
    const bundles = await this.#compile(set);
    this.#install(publication, set, bundles);
  }

  /** Everything that `push` does up to the point of no return; versions are 1. */
  async check(files: readonly PolicyFile[]): Promise<ProvenBundle[]> {
    const set = this.#parse(files);
    const targets = await this.#targets(set);
    return targets.map((target) => this.#build(set, target, 1n));
  }

  /**
   * Publishes all of the set or nothing; bundles that stay the same keep their versions. Throws what `invalid` makes of
   * mistakes.
   */
  push(files: readonly PolicyFile[], actor: string): Promise<Published> {
    return this.#inTurn(async () => {
      const set = this.#parse(files);
      const bundles = await this.#compile(set);
      const publication = await this.#options.store.publish(files, this.#options.clock(), actor);
      this.#install(publication, set, bundles);
      this.#options.log.info(
        { revision: publication.number, actor, bundles: bundles.length },
        'policy set published',
      );
      return { publication, bundles };
    });
  }

  /** The current publication; undefined before the first. */
  current(): Published | undefined {
    if (!this.#publication) return undefined;
    return { publication: this.#publication, bundles: [...this.#bundles.values()] };
  }

  /**
   * The bundle of a target at this moment. One that was not compiled yet (an environment that nobody had registered) is
   * made in the background; listeners hear of it.
   */
  bundle(environment: string, service: string, direction: Direction): ProvenBundle | undefined {
    const target = { environment, service, direction };
    const known = this.#bundles.get(keyOf(target));
    if (!known && this.#set && !this.#wanted.has(keyOf(target))) this.#compileLate(target);
    return known;
  }

  /** Compiles everything anew when the bundles are older than `maxAgeMs`, so that none runs into its expiry. */
  async renew(maxAgeMs: number): Promise<void> {
    const now = this.#options.clock();
    const isDue = [...this.#bundles.values()].some((b) => now - b.compiledAtMs >= maxAgeMs);
    if (!isDue) return;
    await this.#inTurn(async () => {
      if (!this.#set || !this.#publication) return;
      const targets = [...this.#bundles.values()];
      const bundles = [];
      for (const target of targets) bundles.push(await this.#version(this.#set, target));
      this.#install(this.#publication, this.#set, bundles);
    });
  }

  /** Compiles what has changed though the set has not: other trust domains are federated. */
  async recompile(): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#set || !this.#publication) return;
      const bundles = [];
      for (const target of [...this.#bundles.values()]) {
        bundles.push(
          this.#unchanged(this.#set, target) ?? (await this.#version(this.#set, target)),
        );
      }
      this.#install(this.#publication, this.#set, bundles);
    });
  }

  /** What the set in force says that federation makes useless: rules about trust domains that nobody calls from. */
  warnings(): PolicyError[] {
    const { mesh, federatedDomains } = this.#options;
    if (!this.#set) return [];
    return findUnknownDomains(this.#set, [mesh, ...(federatedDomains?.() ?? [])]);
  }

  /** Calls `listener` after each change; returns the end of the subscription. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #parse(files: readonly PolicyFile[]): PolicySet {
    const { set, errors } = parsePolicySet(files);
    if (errors.length > 0) throw this.#options.invalid(errors);
    if (this.#options.maskKeys() === undefined) refuseKeyedMasks(set);
    return set;
  }

  async #compile(set: PolicySet): Promise<ProvenBundle[]> {
    const bundles = [];
    for (const target of await this.#targets(set)) {
      bundles.push(this.#unchanged(set, target) ?? (await this.#version(set, target)));
    }
    return bundles;
  }

  // Compiling is deterministic: under its old version and time an unchanged bundle has the bytes that it had. It is neither
  // proven nor sent again.
  #unchanged(set: PolicySet, target: Target): ProvenBundle | undefined {
    const known = this.#bundles.get(keyOf(target));
    if (known === undefined) return undefined;
    const { environment, service, direction } = target;
    const id = this.#id({ environment, service, direction });
    const { version, compiledAtMs: nowMs } = known;
    const bytes = compileBundle(set, id, { version, nowMs, maskKeys: this.#options.maskKeys() });
    return Buffer.compare(bytes, known.bytes) === 0 ? known : undefined;
  }

  /** Both directions of every destination that the set names, in every environment that it can mean. */
  async #targets(set: PolicySet): Promise<Target[]> {
    const known = await this.#options.environments();
    const targets = new Map<string, Target>();
    const add = ({ service, environment }: Required<Destination>) => {
      for (const direction of [Direction.Inbound, Direction.Outbound]) {
        const target = { environment: environment ?? '', service, direction };
        targets.set(keyOf(target), target);
      }
    };
    for (const { service, environment } of destinationsOf(set)) {
      if (environment !== undefined) add({ service, environment });
      else for (const each of known) add({ service, environment: each });
    }
    // What proxies already hold has to change too, also to a bundle that denies everything.
    for (const { environment, service, direction } of this.#bundles.values()) {
      targets.set(keyOf({ environment, service, direction }), { environment, service, direction });
    }
    return [...targets.values()];
  }

  async #version(set: PolicySet, target: Target): Promise<ProvenBundle> {
    const { store, clock, mesh } = this.#options;
    const version = await store.nextVersion(`${mesh}/${keyOf(target)}`, clock());
    return this.#build(set, target, version);
  }

  #build(set: PolicySet, target: Target, version: bigint): ProvenBundle {
    const { clock, prove, maskKeys } = this.#options;
    const { environment, service, direction } = target;
    const nowMs = clock();
    const id = this.#id(target);
    const bytes = compileBundle(set, id, { version, nowMs, maskKeys: maskKeys() });
    const refusal = prove(bytes);
    if (refusal !== undefined) {
      throw new DtaError(
        'internal',
        `the filter refuses the bundle of \`${service}\`: ${refusal}`,
        {
          help: 'nothing was published; this is a fault of the compiler: report it with the policy set',
        },
      );
    }
    return { environment, service, direction, version, bytes, compiledAtMs: nowMs };
  }

  #id({ environment, service, direction }: Target): BundleTarget {
    const { mesh, federatedDomains } = this.#options;
    return { mesh, environment, service, direction, federatedDomains: federatedDomains?.() };
  }

  #compileLate(target: Target): void {
    this.#wanted.add(keyOf(target));
    const late = this.#inTurn(async () => {
      if (!this.#set || this.#bundles.has(keyOf(target))) return;
      this.#bundles.set(keyOf(target), await this.#version(this.#set, target));
      this.#tell();
    });
    late
      .catch((error: unknown) =>
        this.#options.log.error({ error, ...target }, 'bundle not compiled'),
      )
      .finally(() => this.#wanted.delete(keyOf(target)));
  }

  #install(publication: Publication, set: PolicySet, bundles: readonly ProvenBundle[]): void {
    this.#publication = publication;
    this.#set = set;
    for (const bundle of bundles) this.#bundles.set(keyOf(bundle), bundle);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}

// What well-known keys make can be undone by everybody.
function refuseKeyedMasks(set: PolicySet): void {
  const policy = set.masking.find(({ rules }) => rules.some(isKeyed));
  if (policy === undefined) return;
  throw new DtaError(
    'policyInvalid',
    `masks of MaskingPolicy \`${policy.name}\` need keys, and this controller has no masking secret`,
    { help: 'give it one, or use operators without a key' },
  );
}

type Target = Pick<ProvenBundle, 'environment' | 'service' | 'direction'>;

function keyOf({ environment, service, direction }: Target): string {
  return `${environment}/${service}/${direction === Direction.Inbound ? 'inbound' : 'outbound'}`;
}
