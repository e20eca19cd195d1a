/** The least that has to change about a request for another answer: a shortest path through the decision diagram. */
import type { PolicySet } from '../policy-set.ts';
import { selectFor } from '../select.ts';
import { FALSE, type Node, TRUE } from './bdd.ts';
import { type ConcreteRequest, draftOf, finishRequest } from './concrete-request.ts';
import { functionsOf } from './destination.ts';
import { ChoiceDimension, type Dimension, type DimensionKind } from './dimension.ts';
import { Effort, GaveUp, STEPS_MAX } from './effort.ts';
import type { Space } from './space.ts';
import { spaceFor } from './space-for.ts';

/** Who is asked, and what the answer of the rules shall be. */
export interface WantedAnswer {
  readonly service: string;
  readonly environment: string;
  readonly isAllowed: boolean;
  /** Steps to spend, for tests; STEPS_MAX when absent. */
  readonly steps?: number;
}

/** A request with the wanted answer. */
export interface NearbyRequest {
  /** Parts that differ; 0 when the rules give the wanted answer as it is. */
  readonly size: number;
  readonly request: ConcreteRequest;
}

/**
 * Requests with the wanted answer, the fewest changed parts first; no two of them change the same parts, and of equally
 * many the ones that an operator can change soonest come first. Exact as `Space` is: when one of size n comes first, no
 * change of fewer parts does. The trust domain never changes, and time only goes on. Throws GaveUp.
 */
export function* nearestChanges(
  set: PolicySet,
  request: ConcreteRequest,
  { service, environment, isAllowed, steps = STEPS_MAX }: WantedAnswer,
): Generator<NearbyRequest> {
  const effort = new Effort(steps);
  const selected = selectFor(set, { service, environment });
  const destination = { service, environment, isNamed: true };
  const space = spaceFor([selected], destination, request.timeMs, effort);
  const { allowed } = functionsOf(selected, space);
  const wanted = isAllowed ? allowed : space.bdd.not(allowed);
  const places = placesOf(space, request);
  for (const changes of shortestChanges(space, wanted, places, effort)) {
    yield { size: changes.size, request: changed(request, changes) };
  }
}

/** A dimension with the levels of the request in it, and what it costs to leave them. */
interface Place {
  readonly dimension: Dimension;
  readonly levels: ReadonlySet<number>;
  readonly price: number;
}

type Changes = ReadonlyMap<Dimension, ReadonlySet<number>>;

function placesOf(space: Space, request: ConcreteRequest): Place[] {
  return space.dimensions.map((dimension) => {
    const levels = dimension.read(request);
    if (levels === undefined) throw new GaveUp(`${dimension.title} is not told apart`);
    return { dimension, levels, price: PART + prices[dimension.kind] };
  });
}

// Ways that differ in what they change (Lawler 1972): behind each way, the best ones that leave one of its parts alone.
function* shortestChanges(
  space: Space,
  wanted: Node,
  places: readonly Place[],
  effort: Effort,
): Generator<Changes> {
  const fixed = places.filter(({ dimension }) => dimension.kind === 'fixed');
  const queue: { readonly way: Way; readonly frozen: ReadonlySet<Dimension> }[] = [];
  const seen = new Set<string>();
  const push = (frozen: ReadonlySet<Dimension>): void => {
    const way = new ShortestWay(space, places, frozen, effort).find(wanted);
    if (way === undefined) return;
    queue.push({ way, frozen });
    queue.sort((a, b) => a.way.cost - b.way.cost);
  };
  push(new Set(fixed.map(({ dimension }) => dimension)));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { changes } = next.way;
    const key = [...changes.keys()].map(({ from }) => from).join(' ');
    if (seen.has(key)) continue;
    seen.add(key);
    yield changes;
    for (const dimension of changes.keys()) push(new Set([...next.frozen, dimension]));
  }
}

interface Way {
  readonly cost: number;
  readonly changes: Changes;
}

/** What a function leaves behind a dimension for one choice in it. */
interface Option {
  readonly cost: number;
  readonly rest: Node;
  /** Undefined: the choice of the request itself. */
  readonly levels: ReadonlySet<number> | undefined;
}

class ShortestWay {
  readonly #space: Space;
  readonly #placeAt: Place[] = [];
  readonly #frozen: ReadonlySet<Dimension>;
  readonly #effort: Effort;
  /** By node: NaN is not known yet. */
  readonly #costs: Float64Array;

  constructor(
    space: Space,
    places: readonly Place[],
    frozen: ReadonlySet<Dimension>,
    effort: Effort,
  ) {
    this.#space = space;
    this.#frozen = frozen;
    this.#effort = effort;
    for (const place of places) {
      const { from, to } = place.dimension;
      for (let level = from; level < to; level++) this.#placeAt[level] = place;
    }
    this.#costs = new Float64Array(space.bdd.size).fill(Number.NaN);
  }

  /** The cheapest way from the request into a function; undefined when there is none. */
  find(wanted: Node): Way | undefined {
    const cost = this.#cost(wanted);
    if (cost === Number.POSITIVE_INFINITY) return undefined;
    const changes = new Map<Dimension, ReadonlySet<number>>();
    for (let node = wanted; node > TRUE; ) {
      const { dimension } = this.#placeOf(node);
      const best = this.#bestOption(node);
      if (best.levels !== undefined) changes.set(dimension, best.levels);
      node = best.rest;
    }
    return { cost, changes };
  }

  #cost(node: Node): number {
    if (node <= TRUE) return node === TRUE ? 0 : Number.POSITIVE_INFINITY;
    const known = this.#costs[node] as number;
    if (!Number.isNaN(known)) return known;
    const { cost, rest } = this.#bestOption(node);
    const total = cost + this.#cost(rest);
    this.#costs[node] = total;
    return total;
  }

  #bestOption(node: Node): Option {
    let best: Option = { cost: Number.POSITIVE_INFINITY, rest: FALSE, levels: undefined };
    let bestTotal = Number.POSITIVE_INFINITY;
    for (const option of this.#options(node)) {
      this.#effort.spend(1);
      // What is dearer by itself needs no look behind it.
      if (option.cost >= bestTotal) continue;
      const total = option.cost + this.#cost(option.rest);
      if (total >= bestTotal) continue;
      best = option;
      bestTotal = total;
    }
    return best;
  }

  #options(node: Node): Iterable<Option> {
    const place = this.#placeOf(node);
    const { dimension } = place;
    if (this.#frozen.has(dimension)) return [this.#stay(node, place)];
    return dimension instanceof ChoiceDimension
      ? this.#choices(node, place, dimension)
      : this.#flips(node, place);
  }

  #stay(node: Node, { dimension, levels }: Place): Option {
    const { bdd } = this.#space;
    let rest = node;
    while (bdd.levelOf(rest) < dimension.to) {
      rest = levels.has(bdd.levelOf(rest)) ? bdd.highOf(rest) : bdd.lowOf(rest);
    }
    return { cost: 0, rest, levels: undefined };
  }

  *#choices(
    node: Node,
    place: Place,
    { choices, kind, usual }: ChoiceDimension,
  ): Generator<Option> {
    const own = choices.chosen(place.levels);
    // What is unknown is nearest to what is usual.
    const near = kind === 'signal' && own === 0 ? usual : own;
    yield this.#stay(node, place);
    for (const { first, last, rest } of choices.runs(node)) {
      if (first <= own && own <= last) continue;
      // Class 0 of a signal is that it is unknown: a value is better, if one will do.
      const low = kind === 'signal' && first === 0 && last > 0 ? 1 : first;
      const index = Math.max(low, Math.min(near, last));
      const isUnknown = kind === 'signal' && index === 0;
      const distance = isUnknown ? DISTANCE_MAX : Math.min(Math.abs(index - near), DISTANCE_MAX);
      yield { cost: place.price + distance, rest, levels: choices.levelsOf(index) };
    }
  }

  // Values come and go one by one; the cheapest set of them for each rest, level by level.
  *#flips(node: Node, place: Place): Generator<Option> {
    const { bdd } = this.#space;
    const { from, to } = place.dimension;
    yield this.#stay(node, place);
    let row = new Map<Node, ReadonlySet<number>>([[node, new Set()]]);
    for (let level = from; level < to; level++) {
      const next = new Map<Node, ReadonlySet<number>>();
      const keep = (rest: Node, flips: ReadonlySet<number>): void => {
        const known = next.get(rest);
        if (known === undefined || flips.size < known.size) next.set(rest, flips);
      };
      for (const [at, flips] of row) {
        this.#effort.spend(1);
        if (bdd.levelOf(at) !== level) {
          keep(at, flips);
          continue;
        }
        const isHigh = place.levels.has(level);
        keep(isHigh ? bdd.highOf(at) : bdd.lowOf(at), flips);
        keep(isHigh ? bdd.lowOf(at) : bdd.highOf(at), new Set([...flips, level]));
      }
      row = next;
    }
    for (const [rest, flips] of row) {
      if (flips.size === 0) continue;
      const cost = place.price + Math.min(flips.size, DISTANCE_MAX);
      yield { cost, rest, levels: flipped(place.levels, flips) };
    }
  }

  // INVARIANT: every level of the diagram belongs to a dimension.
  #placeOf(node: Node): Place {
    return this.#placeAt[this.#space.bdd.levelOf(node)] as Place;
  }
}

function flipped(levels: ReadonlySet<number>, flips: ReadonlySet<number>): Set<number> {
  const result = new Set(levels);
  for (const level of flips) {
    if (!result.delete(level)) result.add(level);
  }
  return result;
}

function changed(request: ConcreteRequest, changes: Changes): ConcreteRequest {
  const draft = draftOf(request);
  for (const [dimension, levels] of changes) dimension.write(levels, draft);
  const { query, ...finished } = finishRequest(draft);
  const before = finishRequest(draftOf(request)).query;
  // A query that nothing changed stays as it was written.
  return { ...finished, query: query === before ? request.query : query };
}

/** More than all preferences together, for as many parts as anybody would change. */
const PART = 1_000_000;
const DISTANCE_MAX = 999;
const prices: Readonly<Record<DimensionKind, number>> = {
  signal: 1_000,
  band: 2_000,
  time: 3_000,
  request: 20_000,
  identity: 60_000,
  fixed: 0,
};
