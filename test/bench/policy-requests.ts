/** Requests to a big policy set, and what they cost in the compiled filter. */
import { Attribute, Band } from '../../controller/layout.ts';
import type { Root } from '../../host/vm.ts';
import { digestOf, id, type Mesh, ORDERS, stateOf } from '../filter/mesh.ts';
import { BENCH_NOW_MS, benchTeam, isDenying } from './policy-set.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** How often is measured, after rounds that only warm up, and how many requests a round has. */
export const ROUNDS = 15;
export const REQUESTS_PER_ROUND = 4_000;

/** A request that is ready to be sent, so that making it is no part of what is measured. */
interface Ask {
  readonly properties: Record<string, string>;
  readonly headers: [string, string][];
}

/** Asks what the rules of `bigPolicySet` allow; times are µs of CPU for one request. Throws when one is refused. */
export class Asker {
  readonly #mesh: Mesh;
  readonly #root: Root;
  // Rules that allow, spread over the set.
  readonly #rules: readonly number[];
  readonly #known: readonly Ask[];
  #epoch = 0n;
  #asked = 0;

  constructor(mesh: Mesh, root: Root, ruleCount: number) {
    this.#mesh = mesh;
    this.#root = root;
    const count = Math.min(CALLERS_MAX, ruleCount);
    const rules = Array.from({ length: count }, (_, i) => Math.floor((i * ruleCount) / count));
    this.#rules = rules.map((rule) => (isDenying(rule) ? rule - 1 : rule));
    const step = Math.max(1, Math.floor(count / KNOWN_CALLERS));
    this.#known = Array.from({ length: KNOWN_CALLERS }, (_, i) =>
      askOf(this.#rules[(i * step) % count] ?? 0, i),
    );
  }

  /** Share of all requests so far whose decision was known, 0 to 1. */
  get hitRate(): number {
    const countOf = (result: string): number =>
      Number(this.#mesh.vm.metrics.get(`dta_cache_total_result=${result}`) ?? 0n);
    const hits = countOf('hit');
    return hits / (hits + countOf('miss'));
  }

  /** An instance and a path that the filter has not met. */
  timeNew(): Spread {
    const { length } = this.#rules;
    return this.#sample(() => {
      this.#renewState();
      const asks = Array.from({ length: REQUESTS_PER_ROUND }, () => {
        this.#asked += 1;
        // A step that meets the rules in an order without pattern, each as often.
        return askOf(this.#rules[(this.#asked * 7_919) % length] ?? 0, this.#asked);
      });
      return this.#costOf(asks) / REQUESTS_PER_ROUND;
    });
  }

  /** Callers and paths are known; decisions as well, in a mesh that keeps them. */
  timeKnown(): Spread {
    const times = REQUESTS_PER_ROUND / KNOWN_CALLERS;
    const asks = Array.from({ length: times }, () => this.#known).flat();
    this.#renewState();
    return this.#sample(() => this.#costOf(asks) / asks.length);
  }

  #sample(measure: () => number): Spread {
    for (let i = 0; i < WARM_UP_ROUNDS; i++) measure();
    return spreadOf(Array.from({ length: ROUNDS }, measure));
  }

  // CPU time of this thread in µs: other work on the machine does not count.
  #costOf(asks: readonly Ask[]): number {
    const before = process.threadCpuUsage();
    for (const ask of asks) this.#send(ask);
    const { user, system } = process.threadCpuUsage(before);
    // Records are taken away, as an agent would: a full ring is another path.
    const { vm } = this.#mesh;
    vm.tick(this.#root);
    for (const { token } of [...vm.httpCalls]) vm.answerHttpCall(token, { status: 200 });
    return user + system;
  }

  #send({ properties, headers }: Ask): void {
    const stream = this.#mesh.vm.stream(this.#root, { properties });
    const outcome = stream.requestHeaders(headers, true);
    const reply = outcome.localResponse;
    if (reply) throw new Error(`answer is ${reply.status}, not to go on`);
    stream.end();
  }

  #renewState(): void {
    this.#epoch += 1n;
    const subjects = this.#rules.map((rule) => `prod/caller-${rule}`);
    const state = stateOf({
      epoch: this.#epoch,
      nowMs: BENCH_NOW_MS,
      bands: subjects.map((subject) => ({ subject, band: Band.Low })),
      signals: subjects.map((subject) => ({
        subject,
        attribute: Attribute.SourceCpu,
        value: 0.01,
        observedAtMs: BENCH_NOW_MS,
        maxAgeMs: 0,
      })),
    });
    if (!this.#mesh.state(state).accepted) throw new Error('the filter refused the state');
    // The first request under a state pays for all that follow.
    const [first] = this.#known;
    if (first) this.#send(first);
  }
}

function askOf(rule: number, serial: number): Ask {
  const uri = id('prod', benchTeam(rule), `caller-${rule}`, uuidOf(rule, serial));
  const digest = Buffer.from(digestOf(uri)).toString('hex');
  return {
    properties: {
      'connection.uri_san_peer_certificate': uri,
      'connection.subject_peer_certificate': 'OU=label.tier=web,O=x',
      'connection.sha256_peer_certificate_digest': digest,
      'connection.uri_san_local_certificate': ORDERS,
    },
    headers: [
      [':method', 'GET'],
      [':path', `/resource-${rule}/${serial}`],
      [':authority', 'orders.example'],
      ['x-tenant', 'north'],
      ['x-forwarded-client-cert', `By=${ORDERS};Hash=${digest}`],
    ],
  };
}

function uuidOf(rule: number, serial: number): string {
  const [high, low] = [rule, serial].map((number) => number.toString(16).padStart(8, '0'));
  return `${high}-0000-4000-8000-0000${low}`;
}

/** Environment of a filter that keeps next to no decisions: it keeps identities and path classes all the same. */
export const FEW_DECISIONS = { DTA_CACHE_ENTRIES: '16' } as const;

const WARM_UP_ROUNDS = 5;
/** Callers, each with a path: few enough for the filter to keep them all, more than FEW_DECISIONS. */
const KNOWN_CALLERS = 100;
/** Services that call at all: a state holds a signal and a band of each. */
const CALLERS_MAX = 5_000;
