/** Federation as functions, for the command line. */
import {
  type FederatedReply,
  type FederationInput,
  federatedListReply,
  federatedReply,
  federationRemovalReply,
  type TrustBundleReply,
  trustBundleReply,
} from './federation-messages.ts';
import type { OperatorCalls } from './operator-calls.ts';

/** Fails as `OperatorCalls`. */
export class FederationClient {
  readonly #calls: OperatorCalls;

  constructor(calls: OperatorCalls) {
    this.#calls = calls;
  }

  /** Federates a trust domain, or changes where its bundle comes from. */
  add(trustDomain: string, source: FederationInput['source']): Promise<FederatedReply> {
    return this.#calls.request('PUT', pathOf(trustDomain), federatedReply, { source });
  }

  async list(): Promise<FederatedReply[]> {
    return (await this.#calls.request('GET', '/v1/federation', federatedListReply)).domains;
  }

  show(trustDomain: string): Promise<FederatedReply> {
    return this.#calls.request('GET', pathOf(trustDomain), federatedReply);
  }

  /** Looks for a newer bundle now. */
  refresh(trustDomain: string): Promise<FederatedReply> {
    return this.#calls.request('POST', `${pathOf(trustDomain)}/refresh`, federatedReply);
  }

  async remove(trustDomain: string): Promise<void> {
    await this.#calls.request('DELETE', pathOf(trustDomain), federationRemovalReply);
  }

  /** Our own SPIFFE bundle. */
  ownBundle(): Promise<TrustBundleReply> {
    return this.#calls.request('GET', '/v1/trust-bundle', trustBundleReply);
  }
}

function pathOf(trustDomain: string): string {
  return `/v1/federation/${encodeURIComponent(trustDomain)}`;
}
