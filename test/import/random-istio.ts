/** Random policies of Istio and random requests whose values meet often. */
import type { IstioSource, IstioTestPolicy, IstioTestRule, TestRequest } from './istio-text.ts';

/** A repeatable source of numbers (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to less than `bound`. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** One to `most` of what `make` makes. */
  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: 1 + this.below(most) }, make);
  }
}

/** Who calls, as parts of an identity. */
export interface Caller {
  readonly environment: string;
  readonly team: string;
  readonly service: string;
  readonly instance: string;
}

/** Callers that share parts and beginnings of parts. */
export const callers: readonly Caller[] = [
  ['prod', 'payments', 'checkout'],
  ['prod', 'payments', 'check'],
  ['prod', 'pay', 'web'],
  ['prod-eu', 'payments', 'checkout'],
  ['test', 'pay', 'checkout'],
  ['same', 'growth', 'web'],
].map(([environment = '', team = '', service = ''], i) => ({
  environment,
  team,
  service,
  instance: `00000000-0000-4000-8000-0000000000a${i}`,
}));

/** The URI of a caller. */
export function uriOf(domain: string, { environment, team, service, instance }: Caller): string {
  return `spiffe://${domain}/env/${environment}/team/${team}/svc/${service}/i/${instance}`;
}

/** What policies may name, and what of it stays unknown here. */
export interface World {
  readonly domain: string;
  readonly port: number;
  /** Also fields that no import can carry, and paths with several spellings. */
  readonly hasGaps: boolean;
}

/** One to four policies for the service `orders`. */
export function randomPolicies(random: Random, world: World): IstioTestPolicy[] {
  const make = new PolicyMaker(random, world);
  return random.some(4, () => make.policy());
}

/** A request that policies of the same world often name. */
export function randomRequest(random: Random, { domain, port }: World): TestRequest {
  const headers = [...Array(random.below(4))].map((): [string, string] => [
    random.pick(headerNames),
    random.pick(headerValues),
  ]);
  return {
    uri: uriOf(domain, random.pick(callers)),
    method: random.pick(methods),
    path: `${random.pick(requestPaths)}${random.chance(20) ? '?a=/a/b' : ''}`,
    authority: random.pick(hosts),
    headers,
    port,
    isInBlock: random.chance(50),
  };
}

class PolicyMaker {
  readonly #random: Random;
  readonly #world: World;
  #count = 0;

  constructor(random: Random, world: World) {
    this.#random = random;
    this.#world = world;
  }

  policy(): IstioTestPolicy {
    const random = this.#random;
    this.#count += 1;
    const action = random.pick(['ALLOW', 'ALLOW', 'ALLOW', 'DENY', 'DENY', 'AUDIT'] as const);
    const isEmpty = action === 'ALLOW' && random.chance(5);
    return {
      apiVersion: random.pick(['security.istio.io/v1', 'security.istio.io/v1beta1']),
      kind: 'AuthorizationPolicy',
      metadata: {
        name: `policy-${this.#count}`,
        namespace: 'shop',
        ...(random.chance(10) && { annotations: { 'istio.io/dry-run': 'true' } }),
      },
      spec: {
        ...((this.#count === 1 || random.chance(70)) && {
          selector: { matchLabels: { app: 'orders' } },
        }),
        ...((action !== 'ALLOW' || random.chance(50)) && { action }),
        ...(!isEmpty && { rules: random.some(3, () => this.#rule()) }),
      },
    };
  }

  #rule(): IstioTestRule {
    const random = this.#random;
    if (random.chance(2)) return {};
    return {
      ...(random.chance(60) && { from: random.some(2, () => ({ source: this.#source() })) }),
      ...(random.chance(70) && { to: random.some(3, () => ({ operation: this.#operation() })) }),
      ...(random.chance(40) && { when: random.some(2, () => this.#condition()) }),
    };
  }

  #source(): IstioSource {
    return this.#lists([
      ['principals', 60, () => this.#principal()],
      ['notPrincipals', 25, () => this.#principal()],
      ['trustDomains', 10, () => this.#trustDomain()],
      ['notTrustDomains', 5, () => this.#trustDomain()],
      ['ipBlocks', this.#world.hasGaps ? 15 : 0, () => '10.0.0.0/8'],
      ['notIpBlocks', this.#world.hasGaps ? 15 : 0, () => '10.0.0.0/8'],
      ['namespaces', this.#world.hasGaps ? 10 : 0, () => 'shop'],
      ['notRequestPrincipals', this.#world.hasGaps ? 10 : 0, () => 'issuer/*'],
    ]);
  }

  #operation(): IstioSource {
    return this.#lists([
      ['paths', 60, () => this.#path()],
      ['notPaths', 20, () => this.#path()],
      ['methods', 50, () => this.#wild(methods)],
      ['notMethods', 15, () => this.#wild(methods)],
      ['hosts', 30, () => this.#wild(hosts)],
      ['notHosts', 10, () => this.#wild(hosts)],
      ['ports', 8, () => this.#port()],
      ['notPorts', 5, () => this.#port()],
    ]);
  }

  #lists(fields: readonly [field: string, percent: number, make: () => string][]): IstioSource {
    const random = this.#random;
    const chosen = fields.filter(([, percent]) => random.chance(percent));
    const first = fields[0];
    const all = chosen.length === 0 && first !== undefined ? [first] : chosen;
    return Object.fromEntries(all.map(([field, , make]) => [field, random.some(3, make)]));
  }

  #condition() {
    const random = this.#random;
    const [key, make] = random.pick<[string, () => string]>([
      [
        `request.headers[${random.pick(['X-Env', 'x-env', 'x-version'])}]`,
        () => this.#wild(headerValues),
      ],
      ['request.headers[x-env]', () => this.#wild(headerValues)],
      ['request.headers[:method]', () => this.#wild(methods)],
      ['source.principal', () => this.#principal()],
      ['destination.port', () => this.#port()],
    ]);
    const kind = random.below(3);
    return {
      key,
      ...(kind !== 0 && { values: random.some(3, make) }),
      ...(kind !== 1 && { notValues: random.some(2, make) }),
    };
  }

  #principal(): string {
    const random = this.#random;
    const id = uriOf(this.#world.domain, random.pick(callers)).slice('spiffe://'.length);
    const end = id.lastIndexOf('/');
    switch (random.below(8)) {
      case 0:
        return id;
      case 1:
        return `${id.slice(0, 1 + random.below(end))}*`;
      case 2:
        return `*${id.slice(1 + random.below(end))}`;
      case 3:
        return `${id.slice(0, random.pick(cutsOf(id)))}*`;
      case 4:
        return random.pick([
          '*',
          'cluster.local/ns/default/sa/web',
          '*/sa/web',
          `${id}*`,
          `*${id}`,
        ]);
      default:
        return `${id.slice(0, end + 1)}*`;
    }
  }

  #trustDomain(): string {
    const { domain } = this.#world;
    return this.#random.pick([
      domain,
      '*',
      `${domain.slice(0, 4)}*`,
      `*${domain.slice(4)}`,
      'other',
    ]);
  }

  #path(): string {
    const random = this.#random;
    const { hasGaps } = this.#world;
    const path = random.pick(hasGaps ? [...paths, ...spellings] : paths);
    const parts = path.split('/');
    switch (random.below(6)) {
      case 0:
        return `${path.slice(0, 1 + random.below(path.length))}*`;
      case 1: {
        const end = path.slice(1 + random.below(path.length));
        // A digit in front may be the end of an escape: not carried exactly.
        return `*${hasGaps ? end : end.replace(/^[0-9A-Fa-f]+/, '')}`;
      }
      case 2:
        return parts.map((part) => (part !== '' && random.chance(40) ? '{*}' : part)).join('/');
      case 3:
        return `${parts.slice(0, 1 + random.below(parts.length - 1)).join('/')}/{**}`;
      case 4:
        return random.chance(20) ? '*' : path;
      default:
        return path;
    }
  }

  #wild(values: readonly string[]): string {
    const random = this.#random;
    const value = random.pick(values.filter((each) => each !== ''));
    const cut = 1 + random.below(value.length);
    const kind = random.below(6);
    if (kind === 0) return `${value.slice(0, cut)}*`;
    if (kind === 1) return `*${value.slice(cut - 1)}`;
    return kind === 2 && random.chance(30) ? '*' : value;
  }

  #port(): string {
    return this.#random.pick([String(this.#world.port), '1']);
  }
}

function cutsOf(id: string): number[] {
  return [...id.matchAll(/\//g)].map(({ index }) => index + 1);
}

const methods = ['GET', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const hosts = [
  'orders',
  'orders.example.com',
  'Orders.Example.com',
  'orders.example.com:8443',
  'api.example.com',
  'api.example.com:80',
];
const paths = [
  '/',
  '/a',
  '/a/',
  '/a/b',
  '/a/b/c',
  '/ab',
  '/orders/1',
  '/orders/1/lines',
  '/orders/22/lines/3',
  '/orders/list.json',
  '/x/b',
];
/** Each group is one path to rules, and several to Envoy. */
const spellings = [
  ...['/a,b', '/a%2Cb', '/a%2cb'],
  ...['/x=1/b', '/x%3D1/b', '/x%3d1/b'],
  ...['/a/b:c', '/a/b%3Ac', '/a/%40', '/a/@', '/a/b%2A', '/a/b*'],
  ...["/a/!$&'()+", '/a/%21%24%26%27%28%29%2B'],
  ...['/%c3%a4/b', '/%C3%A4/b', '/%3Ca', '/%3ca'],
];
/** Paths of requests: those of policies, and further spellings. */
export const requestPaths = [
  ...paths,
  ...paths,
  ...spellings,
  '/%2a/b',
  '/a%20/b',
  '/a%23b',
  '/a;b',
];
const headerNames = ['x-env', 'x-env', 'x-version', 'x-other'];
const headerValues = ['prod', 'prod-eu', 'test', 'prod,test', 'v1', 'v2', ''];
