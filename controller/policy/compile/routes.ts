/** The tables of requests: routes (method, hosts, path) and the distinct hosts. */

import { DtaError } from '../../errors.ts';
import {
  BundleSection,
  HOST_PATTERNS_MAX,
  HostPattern as HostLayout,
  MethodBit,
  NONE,
  Route,
} from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import type { HostPattern } from '../host-pattern.ts';
import type { RequestMatch } from '../policy-set.ts';
import type { PathTable } from './paths.ts';

/** A route as it is written: `methods` 0 with an `otherMethod` is that method alone. */
interface RouteEntry {
  readonly methods: number;
  readonly otherMethod: string;
  readonly pattern: number;
  readonly hosts: bigint;
}

/** Collects routes, equal ones once. */
export class RouteTable {
  readonly #paths: PathTable;
  readonly #indexes = new Map<string, number>();
  readonly #routes: RouteEntry[] = [];
  readonly #hosts = new Map<string, { readonly index: number; readonly host: HostPattern }>();

  constructor(paths: PathTable) {
    this.#paths = paths;
  }

  /** The routes of an entry of `to`, and its patterns (NONE for any path). */
  use(match: RequestMatch): { routes: number[]; patterns: number[] } {
    const hosts = match.hosts.reduce((bits, host) => bits | (1n << BigInt(this.#host(host))), 0n);
    const patterns =
      match.paths.length === 0 ? [NONE] : match.paths.map((path) => this.#paths.intern(path));
    const routes = methodSets(match.methods).flatMap(({ methods, otherMethod }) =>
      patterns.map((pattern) => this.#intern({ methods, otherMethod, pattern, hosts })),
    );
    return { routes, patterns };
  }

  /** Sections Routes and Hosts. */
  write(strings: StringTable): { routes: SectionData; hosts: SectionData } {
    const routes = new Records(Route.SIZE);
    for (const route of this.#routes) {
      routes.add((view, at) => {
        view.setUint32(at + Route.methods, route.methods, true);
        view.setUint32(at + Route.pattern, route.pattern, true);
        view.setBigUint64(at + Route.hosts, route.hosts, true);
        strings.put(view, at + Route.otherMethod, route.otherMethod);
      });
    }
    const hosts = new Records(HostLayout.SIZE);
    for (const { host } of this.#hosts.values()) {
      hosts.add((view, at) => {
        view.setUint32(at + HostLayout.kind, host.kind, true);
        strings.put(view, at + HostLayout.text, host.text);
      });
    }
    return {
      routes: routes.section(BundleSection.Routes),
      hosts: hosts.section(BundleSection.Hosts),
    };
  }

  #intern(route: RouteEntry): number {
    const key = `${route.methods} ${route.otherMethod} ${route.pattern} ${route.hosts}`;
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const index = this.#routes.push(route) - 1;
    this.#indexes.set(key, index);
    return index;
  }

  #host(host: HostPattern): number {
    const key = `${host.kind} ${host.text}`;
    const known = this.#hosts.get(key);
    if (known !== undefined) return known.index;
    const index = this.#hosts.size;
    if (index >= HOST_PATTERNS_MAX) {
      throw new DtaError('policyInvalid', `more than ${HOST_PATTERNS_MAX} different hosts`, {
        help: 'use suffixes such as `*.example.org`, or split the destination',
      });
    }
    this.#hosts.set(key, { index, host });
    return index;
  }
}

// Methods with a bit share a route; each other method needs one of its own.
function methodSets(methods: readonly string[]): { methods: number; otherMethod: string }[] {
  let bits = 0;
  const others = new Set<string>();
  for (const method of methods) {
    const bit = bitsByMethod.get(method);
    if (bit === undefined) others.add(method);
    else bits |= 1 << bit;
  }
  if (others.size === 0) return [{ methods: bits, otherMethod: '' }];
  return [...others].map((otherMethod) => ({ methods: bits, otherMethod }));
}

const bitsByMethod: ReadonlyMap<string, number> = new Map(
  Object.entries(MethodBit).filter(([name]) => name !== 'Other'),
);
