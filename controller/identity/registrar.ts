/** Who may join: registrations, and the one-time tokens that are made for them. */
import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';

import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { selectorFault, selectRegistration } from './attestation/selectors.ts';
import { systemEnvironment } from './controller-certificate.ts';
import type { IdentityEvents } from './events.ts';
import { createToken, tokenLifetimeMs } from './join-token.ts';
import type { MeshIdentityStore } from './mesh-identity-store.ts';
import type { Labels, Registration } from './model.ts';
import { checkLabels, checkName, show } from './names.ts';
import type { ServiceRegistration, StoredServiceRegistration } from './registrations.ts';
import { isUuid } from './spiffe-id.ts';

/** What a token is asked for. */
export interface RegistrationRequest {
  /** Absent: the authority's own; another one is refused. */
  readonly trustDomain?: string | undefined;
  readonly environment: string;
  readonly team: string;
  readonly service: string;
  readonly labels?: Labels | undefined;
}

/** From where alone a token may come. */
export interface TokenBounds {
  /** An address, or a name that the controller resolves when the token comes. */
  readonly host?: string | undefined;
  /** UUID of an agent's instance, or `<environment>/<service>` of agents. */
  readonly agent?: string | undefined;
}

/** A token to hand to one agent, once. */
export interface IssuedToken {
  /** `dta1.<id>.<secret>.<caKeyHash>`; a secret. */
  readonly token: string;
  readonly registration: Registration;
  readonly expiresAtMs: number;
}

/** What the registrar needs of the identity service. */
export interface RegistrarOptions {
  readonly store: MeshIdentityStore;
  readonly trustDomain: string;
  readonly caKeyHash: () => string;
  readonly events: IdentityEvents;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps registrations and makes tokens; safe to call concurrently. */
export class Registrar {
  readonly #options: RegistrarOptions;

  constructor(options: RegistrarOptions) {
    this.#options = options;
  }

  /** Stores names and labels, or gives the registration that has them. Fails with `usage` on a bad name. */
  async createRegistration(request: RegistrationRequest): Promise<Registration> {
    return await this.#options.store.findOrAddRegistration(this.#checked(request));
  }

  /** Makes a one-time token for one instance, good for ten minutes, and only from within `bounds`. */
  async issueToken(request: RegistrationRequest, bounds: TokenBounds = {}): Promise<IssuedToken> {
    checkBounds(bounds);
    const registration = await this.createRegistration(request);
    return await this.#tokenFor(registration, bounds);
  }

  /** The same for the registration of this name; fails with `notFound`. */
  async issueTokenFor(name: string, bounds: TokenBounds = {}): Promise<IssuedToken> {
    checkBounds(bounds);
    const { store } = this.#options;
    const named = (await store.serviceRegistrations()).find((each) => each.name === name);
    const registration = named && (await store.registration(named.registrationId));
    if (registration) return await this.#tokenFor(registration, bounds);
    throw new DtaError('notFound', `no registration \`${show(name)}\``, { help: listHelp });
  }

  /**
   * Stores registrations, all or none, in place of those of the same names. They count for
   * instances that join from then on. Fails with `usage` on a bad name, label or selector.
   */
  async register(
    registrations: readonly ServiceRegistration[],
    actor: string,
  ): Promise<StoredServiceRegistration[]> {
    const names = registrations.map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) {
      throw new DtaError('usage', `registration \`${show(twice)}\` is there twice`);
    }
    const entries = registrations.map((each) => this.#entry(each, actor));
    await this.#options.store.putServiceRegistrations(entries);
    const { log, events } = this.#options;
    log.info({ names, actor }, 'services registered');
    for (const target of names) events.add({ kind: 'registered', target, actor });
    return (await this.registrations()).filter(({ name }) => names.includes(name));
  }

  /** Every registration that has a name, by name. */
  async registrations(): Promise<StoredServiceRegistration[]> {
    return await this.#options.store.serviceRegistrations();
  }

  /** Lets nobody join under a registration any more; who has joined stays. Fails with `notFound`. */
  async unregister(name: string, actor: string): Promise<void> {
    if (!(await this.#options.store.removeServiceRegistration(name))) {
      throw new DtaError('notFound', `no registration \`${show(name)}\``, { help: listHelp });
    }
    const { log, events } = this.#options;
    log.info({ name, actor }, 'service unregistered');
    events.add({ kind: 'unregistered', target: name, actor });
  }

  /** The registration that selectors select; undefined: none. Fails with `conflict` when they select no single one. */
  async select(selectors: readonly string[]): Promise<Registration | undefined> {
    const { store } = this.#options;
    const named = selectRegistration(await store.serviceRegistrations(), selectors);
    return named && (await store.registration(named.registrationId));
  }

  #entry(request: ServiceRegistration, actor: string) {
    const { region, labels } = request;
    if (region !== undefined && labels.region !== undefined && labels.region !== region) {
      throw new DtaError('usage', `registration \`${show(request.name)}\` has two regions`, {
        help: 'leave the label `region` out: the region is written into it',
      });
    }
    const registration = this.#checked({
      ...request,
      trustDomain: undefined,
      labels: region === undefined ? labels : { ...labels, region },
    });
    const fault = selectorFault(request.attest);
    if (fault) {
      const message = `registration \`${show(request.name)}\`: ${fault.message}`;
      throw new DtaError('usage', message, { help: fault.help });
    }
    const { id, environment, team, service, createdAtMs } = registration;
    const named = {
      name: checkName('registration', request.name),
      ...{ environment, team, service, region, actor },
      labels: registration.labels,
      attest: [...new Set(request.attest)].sort(),
      registrationId: id,
      setAtMs: createdAtMs,
    };
    return { named, registration };
  }

  #checked(request: RegistrationRequest): Registration {
    const { trustDomain: own, clock } = this.#options;
    const trustDomain = request.trustDomain ?? own;
    if (trustDomain !== own) {
      throw new DtaError('usage', `trust domain \`${trustDomain}\` is not this authority's`, {
        help: `leave it out, or use \`${own}\``,
      });
    }
    const environment = checkName('environment', request.environment);
    if (environment === systemEnvironment) {
      const message = `environment \`${systemEnvironment}\` is kept for the controller`;
      throw new DtaError('usage', message, { help: 'choose another name for the environment' });
    }
    return {
      id: randomUUID(),
      trustDomain,
      environment,
      team: checkName('team', request.team),
      service: checkName('service', request.service),
      labels: checkLabels(request.labels ?? {}),
      createdAtMs: clock(),
    };
  }

  async #tokenFor(registration: Registration, bounds: TokenBounds): Promise<IssuedToken> {
    const { store, clock, caKeyHash } = this.#options;
    const nowMs = clock();
    const { token, id, secretSha256 } = createToken(caKeyHash());
    const expiresAtMs = nowMs + tokenLifetimeMs;
    await store.addToken({
      ...{ id, secretSha256, expiresAtMs, host: bounds.host, agent: bounds.agent },
      registrationId: registration.id,
      createdAtMs: nowMs,
      consumedAtMs: undefined,
    });
    return { token, registration, expiresAtMs };
  }
}

function checkBounds({ host, agent }: TokenBounds): void {
  if (host !== undefined && isIP(host) === 0 && !hostForm.test(host)) {
    throw new DtaError('usage', `\`${show(host)}\` is no address or name of a host`);
  }
  if (agent === undefined || isUuid(agent) || /^[^/]+\/[^/]+$/.test(agent)) return;
  throw new DtaError('usage', `\`${show(agent)}\` is no agent`, {
    help: 'give the UUID of its instance, or <environment>/<service>',
  });
}

const listHelp = '`dta identity list --registrations` shows what there is';
const hostForm =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
