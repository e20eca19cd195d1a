/**
 * Kubernetes: the projected service account token of a pod, verified against the cluster's keys or
 * by the cluster itself (TokenReview).
 */
import { z } from 'zod';

import type { Clock } from '../../clock.ts';
import { DtaError } from '../../errors.ts';
import { denied } from '../denied.ts';
import type { AttestationContext, Attested, Attestor, Evidence } from './attestor.ts';
import { fetchText } from './fetch-text.ts';
import {
  checkClaims,
  checkSignature,
  type ParsedToken,
  parseJsonWebToken,
  TokenFault,
} from './json-web-token.ts';
import { KeySet, type KeySetPlace } from './key-set.ts';

/** A cluster whose workloads may join. */
export interface KubernetesCluster {
  /** Its name here: `k8s:cluster:<name>`. */
  readonly name: string;
  /** What tokens have to be made for; never the API server's own audience. */
  readonly audience: string;
  /** `iss` of its tokens. */
  readonly issuer: string;
  readonly verify:
    | { readonly keys: KeySetPlace }
    | {
        /** URL of `/apis/authentication.k8s.io/v1/tokenreviews`. */
        readonly reviewUrl: string;
        readonly caPem?: string | undefined;
        /** Gives the bearer that may make reviews; asked each time, because it changes. */
        readonly bearer: () => Promise<string>;
      };
}

interface Candidate {
  readonly cluster: KubernetesCluster;
  /** Absent: the cluster is asked. */
  readonly keys?: KeySet;
}

/**
 * Evidence: `token`. The cluster is the one whose issuer the token names and, as most clusters have
 * the same, whose key has signed it. A cluster that makes reviews has to have its issuer for itself:
 * it would see the tokens of others.
 */
export class KubernetesAttestor implements Attestor {
  readonly method = 'k8s';
  readonly #candidates: readonly Candidate[];

  constructor(clusters: readonly KubernetesCluster[], clock: Clock) {
    this.#candidates = clusters.map((cluster) =>
      'keys' in cluster.verify
        ? { cluster, keys: new KeySet(cluster.verify.keys, clock) }
        : { cluster },
    );
  }

  async attest({ token: text = '' }: Evidence, { nowMs }: AttestationContext): Promise<Attested> {
    try {
      const token = parseJsonWebToken(text);
      const { cluster, keys } = await this.#find(token);
      // Also before a review: what is wrong anyway is not worth a call.
      checkClaims(token, { issuer: cluster.issuer, audience: cluster.audience, nowMs });
      const reviewed = keys ? undefined : await review(cluster, text);
      return attestedBy(cluster.name, token.claims, reviewed);
    } catch (error) {
      if (error instanceof TokenFault) throw denied('join', error.message);
      throw error;
    }
  }

  async #find(token: ParsedToken): Promise<Candidate> {
    const { iss } = token.claims;
    const candidates = this.#candidates.filter(({ cluster }) => cluster.issuer === iss);
    if (candidates.length === 0) throw new TokenFault('token of another issuer');
    try {
      // All at once: a cluster that is away must not keep the pods of others waiting.
      return await Promise.any(candidates.map((candidate) => verify(token, candidate)));
    } catch (error) {
      const faults = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
      const other = faults.find((fault) => !(fault instanceof TokenFault));
      if (other) throw other;
      throw new TokenFault(
        [...new Set(faults.map((fault) => String((fault as Error).message)))].join('; '),
      );
    }
  }
}

/** The candidate whose key has signed the token; one that is reviewed is taken as it is. */
async function verify(token: ParsedToken, candidate: Candidate): Promise<Candidate> {
  const { keys } = candidate;
  if (keys) checkSignature(token, await keys.find(token.keyId));
  return candidate;
}

function attestedBy(
  cluster: string,
  claims: Readonly<Record<string, unknown>>,
  reviewed: string | undefined,
): Attested {
  const parsed = podClaims.safeParse(claims);
  if (!parsed.success) throw new TokenFault('token is of no pod');
  const { sub, 'kubernetes.io': about } = parsed.data;
  const { namespace, serviceaccount, pod, node } = about;
  const subject = `system:serviceaccount:${namespace}:${serviceaccount.name}`;
  if (sub !== subject || (reviewed !== undefined && reviewed !== subject)) {
    throw new TokenFault('token says two things about its subject');
  }
  return {
    selectors: [
      `k8s:cluster:${cluster}`,
      `k8s:ns:${namespace}`,
      `k8s:sa:${serviceaccount.name}`,
      `k8s:pod:${pod.name}`,
      `k8s:pod-uid:${pod.uid}`,
      ...(node ? [`k8s:node:${node.name}`] : []),
    ],
    evidence: `k8s:${cluster}:${pod.uid}`,
  };
}

/** The user name that the cluster gives for the token. */
async function review(cluster: KubernetesCluster, token: string): Promise<string> {
  if ('keys' in cluster.verify) throw new TokenFault('cluster makes no reviews');
  const { reviewUrl, caPem, bearer } = cluster.verify;
  const { audience } = cluster;
  const answer = await askCluster(async () =>
    reviewReply.parse(
      JSON.parse(
        await fetchText({
          url: reviewUrl,
          caPem,
          bearer: await bearer(),
          body: JSON.stringify({
            apiVersion: 'authentication.k8s.io/v1',
            kind: 'TokenReview',
            spec: { token, audiences: [audience] },
          }),
        }),
      ),
    ),
  );
  const { authenticated = false, audiences = [], user } = answer.status;
  // A server that knows no audiences gives none: then the token was checked for its own.
  if (!authenticated || !audiences.includes(audience)) throw new TokenFault('cluster refuses it');
  return user?.username ?? '';
}

async function askCluster<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw new DtaError('unreachable', 'the cluster cannot be asked about the token', { cause });
  }
}

/** What an API server can name: a selector holds it as it is. */
const kubernetesName = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/);
const podClaims = z.object({
  sub: z.string(),
  'kubernetes.io': z.object({
    namespace: kubernetesName,
    serviceaccount: z.object({ name: kubernetesName }),
    pod: z.object({ name: kubernetesName, uid: z.uuid() }),
    node: z.object({ name: kubernetesName }).optional(),
  }),
});
const reviewReply = z.object({
  status: z.object({
    authenticated: z.boolean().optional(),
    audiences: z.array(z.string()).optional(),
    user: z.object({ username: z.string().optional() }).optional(),
  }),
});
