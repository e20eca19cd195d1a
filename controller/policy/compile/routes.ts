/** The table of routes: method, path, host, and what else has to hold. */
import { BundleSection, MethodBit, NONE, RequestKind, Route, TextOp } from '../../layout.ts';
import type { SectionData } from '../../section-file.ts';
import type { Condition } from '../cel/condition.ts';
import type { RequestMatch } from '../policy-set.ts';
import type { HostTable } from './hosts.ts';
import { ListTable } from './lists.ts';
import type { PathTable } from './paths.ts';
import type { ProgramTable } from './programs.ts';

/** Where the parts of routes are collected. */
export interface RouteParts {
  readonly lists: ListTable;
  readonly paths: PathTable;
  readonly hosts: HostTable;
  readonly programs: ProgramTable;
}

/** Collects routes, equal ones once. */
export class RouteTable {
  readonly #parts: RouteParts;
  // A route is four words, so that a table of runs keeps equal ones once.
  readonly #routes = new ListTable();

  constructor(parts: RouteParts) {
    this.#parts = parts;
  }

  /** The routes of an entry of `to`, and its patterns (NONE for any path). */
  use(match: RequestMatch): { routes: number[]; patterns: number[] } {
    const { paths } = this.#parts;
    const hosts = this.#internHosts(match);
    const patterns = match.paths.length === 0 ? [NONE] : match.paths.map((p) => paths.intern(p));
    const routes = branchesOf(match).flatMap(({ methods, also }) => {
      const program = (also && this.#parts.programs.intern(also)) ?? NONE;
      return patterns.map((pattern) => this.#intern({ methods, pattern, hosts, program }));
    });
    return { routes, patterns };
  }

  section(): SectionData {
    const { kind, bytes } = this.#routes.section(BundleSection.Routes);
    return { kind, bytes, count: bytes.length / Route.SIZE };
  }

  #intern(route: Readonly<Record<'methods' | 'pattern' | 'hosts' | 'program', number>>): number {
    const words = [0, 0, 0, 0];
    words[Route.methods / 4] = route.methods;
    words[Route.pattern / 4] = route.pattern;
    words[Route.hosts / 4] = route.hosts;
    words[Route.program / 4] = route.program;
    return this.#routes.intern(words).start / words.length;
  }

  #internHosts({ hosts }: RequestMatch): number {
    if (hosts.length === 0) return NONE;
    const words = [0, 0];
    for (const host of hosts) {
      const bit = this.#parts.hosts.intern(host);
      const at = bit >>> 5;
      words[at] = ((words[at] ?? 0) | (1 << (bit & 31))) >>> 0;
    }
    return this.#parts.lists.intern(words).start;
  }
}

interface Branch {
  readonly methods: number;
  readonly also: Condition | undefined;
}

// Methods with a bit share one branch, the others share one that asks for their names.
function branchesOf({ methods, also }: RequestMatch): Branch[] {
  let bits = 0;
  const others = new Set<string>();
  for (const method of methods) {
    const bit = bitsByMethod.get(method);
    if (bit === undefined) others.add(method);
    else bits |= 1 << bit;
  }
  const named = [...others].map(isMethod).reduce<Condition | undefined>(joinOr, undefined);
  if (named === undefined) return [{ methods: bits, also }];
  const rest = also === undefined ? named : ({ kind: 'and', left: named, right: also } as const);
  const branch = { methods: 0, also: rest };
  return bits === 0 ? [branch] : [{ methods: bits, also }, branch];
}

function isMethod(text: string): Condition {
  const ref = { kind: RequestKind.Method, name: '' };
  return { kind: 'request', ref, pattern: { op: TextOp.Equal, text } };
}

function joinOr(left: Condition | undefined, right: Condition): Condition {
  return left === undefined ? right : { kind: 'or', left, right };
}

const bitsByMethod: ReadonlyMap<string, number> = new Map(
  Object.entries(MethodBit).filter(([name]) => name !== 'Other'),
);
