/** Federation as functions, for the command line. */
import type { OperatorClient } from './client.ts';
import {
  type FederatedReply,
  type FederationInput,
  federatedListReply,
  federatedReply,
  federationRemovalReply,
  type TrustBundleReply,
  trustBundleReply,
} from './federation-messages.ts';

/** Fails as `OperatorClient` does. */
export class FederationClient {
  readonly #client: OperatorClient;

  constructor(client: OperatorClient) {
    this.#client = client;
  }

  /** Federates a trust domain, or changes where its bundle comes from. */
  add(trustDomain: string, source: FederationInput['source']): Promise<FederatedReply> {
    return this.#client.request('PUT', pathOf(trustDomain), federatedReply, { source });
  }

  async list(): Promise<FederatedReply[]> {
    return (await this.#client.request('GET', '/v1/federation', federatedListReply)).domains;
  }

  show(trustDomain: string): Promise<FederatedReply> {
    return this.#client.request('GET', pathOf(trustDomain), federatedReply);
  }

  /** Looks for a newer bundle now. */
  refresh(trustDomain: string): Promise<FederatedReply> {
    return this.#client.request('POST', `${pathOf(trustDomain)}/refresh`, federatedReply);
  }

  async remove(trustDomain: string): Promise<void> {
    await this.#client.request('DELETE', pathOf(trustDomain), federationRemovalReply);
  }

  /** Our own SPIFFE bundle. */
  ownBundle(): Promise<TrustBundleReply> {
    return this.#client.request('GET', '/v1/trust-bundle', trustBundleReply);
  }
}

function pathOf(trustDomain: string): string {
  return `/v1/federation/${encodeURIComponent(trustDomain)}`;
}
