/** One VM with one bundle, asked step by step as a proxy would ask it. */
import { createHash } from 'node:crypto';

import { expect } from 'vitest';

import { decodeAuditBatch } from '../../controller/audit/decode-batch.ts';
import type { AuditRecord } from '../../controller/audit/model.ts';
import { Direction, RestrictionSide, Verdict } from '../../controller/layout.ts';
import { encodeState } from '../../controller/risk/encode-state.ts';
import { type Root, Vm } from '../../host/vm.ts';
import { statusOf } from '../filter/mesh.ts';
import { randomNowMs, randomTarget } from '../oracle/random-domain.ts';
import type { RandomRequest } from '../oracle/random-requests.ts';
import type { OracleIdentity } from '../oracle/request.ts';
import type { OracleRestriction } from '../oracle/restrictions.ts';
import type { Knowledge } from './known-signals.ts';

const { mesh, environment, service } = randomTarget;
const OWN = `spiffe://${mesh}/env/${environment}/team/core/svc/${service}/i/3f0e8c1a-0000-4000-8000-0000000000ff`;

/** The digest of the certificate that a request comes with. */
export function digestOf({ identity }: RandomRequest): Uint8Array {
  return createHash('sha256')
    .update(`${uriOf(identity)} ${subjectTextOf(identity)}`)
    .digest();
}

/** What a caller sees: the reason code (empty: the request went on) and how long to wait (empty: nothing said). */
export interface Reply {
  readonly code: string;
  readonly retryAfter: string;
}

/** The bodies that came out of the filter. */
export interface Exchange {
  readonly toUpstream: string;
  readonly toCaller: string;
}

/** A VM with the filter; its clock is set from outside. */
export class Life {
  nowMs = randomNowMs;
  readonly #vm: Vm;
  readonly #root: Root;
  readonly #direction: Direction;
  #epoch = 0n;

  constructor(
    module: WebAssembly.Module,
    bundle: Uint8Array,
    direction: Direction,
    env: Record<string, string>,
  ) {
    const settings = { DTA_IDENTITY: 'header', DTA_AUDIT_CLUSTER: 'audit', ...env };
    this.#vm = new Vm(module, { env: settings, now: () => BigInt(this.nowMs) * 1_000_000n });
    this.#root = this.#vm.startRoot({ rootId: 'dta', configuration: bundle });
    this.#direction = direction;
    expect(this.#root.accepted).toBe(true);
  }

  /** Gives the VM a new state; `identity` is the proxy's own outbound. */
  learn(knowledge: Knowledge, identity: OracleIdentity): void {
    const isOutbound = this.#direction === Direction.Outbound;
    this.#epoch += 1n;
    const state = encodeState({
      ...knowledge,
      mesh,
      self: isOutbound ? uriOf(identity) : OWN,
      selfSubject: isOutbound ? subjectTextOf(identity) : '',
      epoch: this.#epoch,
      restrictions: knowledge.restrictions.map(toStateRestriction),
    });
    expect(this.#vm.startRoot({ rootId: 'dta-state', configuration: state }).accepted).toBe(true);
  }

  /** Sends one request without a body. */
  ask(request: RandomRequest): Reply {
    const { stream, outcome } = this.#open(request, true);
    stream.end();
    const headers = outcome.localResponse?.headers ?? [];
    return {
      code: statusOf(outcome).code,
      retryAfter: headers.find(([name]) => name === 'retry-after')?.[1] ?? '',
    };
  }

  /** Sends one request with a JSON body, which the upstream sends back; undefined when it was refused. */
  exchange(request: RandomRequest, body: string): Exchange | undefined {
    const json = ['content-type', 'application/json'] as const;
    const { stream, outcome } = this.#open(
      { ...request, headers: [...request.headers, json] },
      false,
    );
    if (outcome.localResponse !== undefined) {
      stream.end();
      return undefined;
    }
    stream.requestBody(body, true);
    stream.responseHeaders([[':status', '200'], json], false);
    stream.responseBody(body, true);
    const [upstream, caller] = [stream.forwardedRequest.body, stream.forwardedResponse.body];
    stream.end();
    return {
      toUpstream: Buffer.from(upstream).toString(),
      toCaller: Buffer.from(caller).toString(),
    };
  }

  #open(request: RandomRequest, isLast: boolean) {
    const hash = Buffer.from(digestOf(request)).toString('hex');
    const stream = this.#vm.stream(this.#root, {
      properties: {
        'connection.uri_san_peer_certificate': uriOf(request.identity),
        'connection.subject_peer_certificate': subjectTextOf(request.identity),
        'connection.sha256_peer_certificate_digest': hash,
      },
    });
    const { path, query, host } = request;
    const outcome = stream.requestHeaders(
      [
        [':method', request.method],
        [':path', query === '' ? path : `${path}?${query}`],
        ...(host === '' ? [] : [[':authority', host] as const]),
        ['x-forwarded-client-cert', `By=${OWN};Hash=${hash}`],
        ...request.headers,
      ],
      isLast,
    );
    return { stream, outcome };
  }

  /** Audit records and counters since the start. */
  finish(): { records: readonly AuditRecord[]; count: (name: string) => bigint } {
    this.#vm.tick(this.#root);
    const call = this.#vm.httpCalls[0];
    const records = call === undefined ? [] : decodeAuditBatch(call.body).records;
    return { records, count: (name) => this.#vm.metrics.get(name) ?? 0n };
  }
}

function uriOf(id: OracleIdentity): string {
  return `spiffe://${id.trustDomain}/env/${id.environment}/team/${id.team}/svc/${id.service}/i/${id.instance}`;
}

function subjectTextOf(id: OracleIdentity): string {
  const labels = Object.entries(id.labels).map(([name, value]) => `OU=label.${name}=${value}`);
  return [...labels, 'O=x'].join(',');
}

function toStateRestriction(restriction: OracleRestriction) {
  const { side, verdict, ...rest } = restriction;
  return {
    ...rest,
    side: side === 'source' ? RestrictionSide.Source : RestrictionSide.Destination,
    verdict: Verdict[verdict],
  };
}
