/** Registrations, rotation, revocation of groups and events as functions, for the command line. */
import {
  type EventsQueryInput,
  eventsReply,
  type GroupInput,
  type GroupReply,
  groupReply,
  groupsReply,
  type IdentityEventReply,
  identityEvent,
  liftReply,
  type RegistrationReply,
  type RotateInput,
  type RotateReply,
  registrationsReply,
  rotateReply,
  rotationsReply,
  type StoredGroupReply,
  unregisterReply,
} from './identity-messages.ts';
import { type PolicyFile, type TokenReply, tokenReply } from './messages.ts';
import { type OperatorCalls, pathWith } from './operator-calls.ts';

/** Fails as `OperatorCalls`. */
export class IdentityClient {
  readonly #calls: OperatorCalls;

  constructor(calls: OperatorCalls) {
    this.#calls = calls;
  }

  /** Stores the registrations of files, all or none (`policyInvalid` with every mistake). */
  async register(files: readonly PolicyFile[]): Promise<RegistrationReply[]> {
    const body = { files };
    return (await this.#calls.request('POST', registrationsPath, registrationsReply, body))
      .registrations;
  }

  async registrations(): Promise<RegistrationReply[]> {
    return (await this.#calls.request('GET', registrationsPath, registrationsReply)).registrations;
  }

  async unregister(name: string): Promise<void> {
    const path = `${registrationsPath}/${encodeURIComponent(name)}`;
    await this.#calls.request('DELETE', path, unregisterReply);
  }

  /** Makes a join token for the registration `name`. */
  issueToken(name: string, bounds: { host?: string; agent?: string }): Promise<TokenReply> {
    const path = `${registrationsPath}/${encodeURIComponent(name)}/tokens`;
    return this.#calls.request('POST', path, tokenReply, bounds);
  }

  /** Orders certificates to be renewed now. */
  rotate(request: RotateInput): Promise<RotateReply> {
    return this.#calls.request('POST', '/v1/rotations', rotateReply, request);
  }

  /** UUIDs of instances that were ordered to renew and have not. */
  async openRotations(): Promise<string[]> {
    return (await this.#calls.request('GET', '/v1/rotations', rotationsReply)).open;
  }

  revokeGroup(request: GroupInput): Promise<GroupReply> {
    return this.#calls.request('POST', revocationsPath, groupReply, request);
  }

  async revokedGroups(): Promise<StoredGroupReply[]> {
    return (await this.#calls.request('GET', revocationsPath, groupsReply)).revocations;
  }

  liftGroup(id: string, reason: string): Promise<StoredGroupReply> {
    const query = new URLSearchParams({ reason });
    const path = `${revocationsPath}/${encodeURIComponent(id)}?${query}`;
    return this.#calls.request('DELETE', path, liftReply);
  }

  /** The newest events, oldest first. */
  async events(query: EventsQueryInput = {}): Promise<IdentityEventReply[]> {
    return (await this.#calls.request('GET', pathWith(eventsPath, query), eventsReply)).events;
  }

  /** Events as they happen, until `signal` is aborted. */
  followEvents(query: EventsQueryInput, signal: AbortSignal): AsyncGenerator<IdentityEventReply> {
    return this.#calls.follow(
      pathWith(eventsPath, { ...query, follow: 'true' }),
      identityEvent,
      signal,
    );
  }
}

const eventsPath = '/v1/identities/events';
const registrationsPath = '/v1/registrations';
const revocationsPath = '/v1/revocations';
