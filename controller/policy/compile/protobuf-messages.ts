/** What is masked in protobuf messages: the product of message types and places of field paths. */
import { DtaError } from '../../errors.ts';
import { FieldKind, type NameMode } from '../../layout.ts';
import { nameForMode } from '../fold-name.ts';
import { FieldWalk, type Place } from './field-walk.ts';
import { compareMasks, type Mask, maskKey } from './mask.ts';
import type { FieldTree } from './mask-tree.ts';
import type { Shape, ShapeField } from './protobuf-shapes.ts';

/** A message at a place: the fields that have something masked in them, or are looked at, by number. */
export interface MaskedMessage {
  readonly fields: readonly MaskedField[];
}

/** A field; `masks` are in force for it and everything inside. `message` is undefined where nothing is masked in it. */
export interface MaskedField {
  readonly number: number;
  readonly kind: FieldKind;
  readonly masks: readonly Mask[];
  readonly message: MaskedMessage | undefined;
}

/** What is masked by paths, by names and by detectors. */
export interface ProtobufPlan {
  readonly tree: FieldTree;
  readonly names: readonly {
    readonly fieldName: string;
    readonly match: NameMode;
    readonly mask: Mask;
  }[];
  readonly detectors: readonly { readonly mask: Mask }[];
}

/**
 * Builds the messages of types; undefined where nothing is masked in one. The same type at the same place is built once, so
 * types may hold themselves. Throws DtaError when there are too many places.
 */
export function buildMessages(
  plan: ProtobufPlan,
  types: Iterable<Shape>,
): ReadonlyMap<string, MaskedMessage | undefined> {
  const states = new StateTable(plan);
  const starts = new Map<string, State>();
  for (const type of types) {
    if (!starts.has(type.name)) starts.set(type.name, states.start(type));
  }
  const finished = finishStates(states.all());
  return new Map([...starts].map(([name, state]) => [name, finished.get(state)]));
}

// A message type, the place where it stands, and what is in force for all of it.
interface State {
  readonly type: Shape;
  readonly place: Place;
  readonly masks: readonly Mask[];
  fields: readonly StateField[];
}

interface StateField extends Omit<MaskedField, 'message'> {
  readonly isLookedAt: boolean;
  readonly inner: State | undefined;
}

class StateTable {
  readonly #walk: FieldWalk;
  readonly #plan: ProtobufPlan;
  readonly #states = new Map<string, State>();
  readonly #queue: State[] = [];

  constructor(plan: ProtobufPlan) {
    this.#plan = plan;
    this.#walk = new FieldWalk(plan.tree);
  }

  /** The state of a type that is the whole document. */
  start(type: Shape): State {
    const place = this.#walk.document();
    const state = this.#state(type, place, unique(this.#walk.masksAt(place)));
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      const from = next;
      from.fields = from.type.fields().map((field) => this.#field(from, field));
    }
    return state;
  }

  all(): Iterable<State> {
    return this.#states.values();
  }

  #state(type: Shape, place: Place, masks: readonly Mask[]): State {
    const key = [type.name, place.join(), ...masks.map(maskKey)].join('|');
    let state = this.#states.get(key);
    if (state === undefined) {
      if (this.#states.size === STATES_MAX) throw tooManyStates();
      state = { type, place, masks, fields: [] };
      this.#states.set(key, state);
      this.#queue.push(state);
    }
    return state;
  }

  #field(from: State, field: ShapeField): StateField {
    const { number, kind, message } = field;
    const place = this.#step(from.place, field);
    const own = field.way === 'opaque' ? this.#anywhereBelow(from.place) : this.#own(from, field);
    const masks = unique([...from.masks, ...own, ...this.#walk.masksAt(place)]);
    const isLookedAt = kind === FieldKind.Text && this.#plan.detectors.length > 0;
    const inner = message === undefined ? undefined : this.#state(message, place, masks);
    return { number, kind, masks, isLookedAt, inner };
  }

  #step(place: Place, { way, names }: ShapeField): Place {
    switch (way) {
      case 'member':
      case 'map':
        return this.#walk.member(place, names);
      case 'elements':
        return this.#walk.element(this.#walk.member(place, names));
      case 'mapValue':
        return this.#walk.anyMember(place);
      case 'element':
        return this.#walk.element(place);
      case 'same':
      case 'opaque':
        return place;
    }
  }

  // Masks by name, and of a list those of the list itself. The key of a map may be any name.
  #own({ place }: State, { way, names }: ShapeField): Mask[] {
    if (way === 'same' || way === 'element') return [];
    const named = this.#plan.names.filter(
      ({ match, fieldName }) =>
        way === 'mapValue' || names.some((name) => nameForMode(name, match) === fieldName),
    );
    const ofList = way === 'elements' ? this.#walk.masksAt(this.#walk.member(place, names)) : [];
    return [...named.map(({ mask }) => mask), ...ofList];
  }

  // Everything that could be masked in what cannot be looked into.
  #anywhereBelow(place: Place): Mask[] {
    const { names, detectors } = this.#plan;
    return [...this.#walk.masksBelow(place), ...[...names, ...detectors].map(({ mask }) => mask)];
  }
}

function unique(masks: readonly Mask[]): Mask[] {
  return [...new Map(masks.map((mask) => [maskKey(mask), mask])).values()].sort(compareMasks);
}

function finishStates(states: Iterable<State>): Map<State, MaskedMessage> {
  const useful = usefulStates(states);
  const fields = new Map<State, MaskedField[]>([...useful].map((state) => [state, []]));
  const finished = new Map([...fields].map(([state, list]) => [state, { fields: list }]));
  for (const [state, list] of fields) {
    for (const { number, kind, masks, isLookedAt, inner } of state.fields) {
      const message = inner === undefined ? undefined : finished.get(inner);
      if (isLookedAt || masks.length > 0 || message !== undefined) {
        list.push({ number, kind, masks, message });
      }
    }
    list.sort((a, b) => a.number - b.number);
  }
  return finished;
}

// A message is of use when a field of it is, or a message inside it.
function usefulStates(states: Iterable<State>): Set<State> {
  const holders = new Map<State, State[]>();
  const useful = new Set<State>();
  for (const state of states) {
    for (const { isLookedAt, masks, inner } of state.fields) {
      if (isLookedAt || masks.length > 0) useful.add(state);
      if (inner === undefined) continue;
      const known = holders.get(inner);
      if (known === undefined) holders.set(inner, [state]);
      else known.push(state);
    }
  }
  for (const state of useful) for (const holder of holders.get(state) ?? []) useful.add(holder);
  return useful;
}

function tooManyStates(): DtaError {
  return new DtaError('policyInvalid', `protobuf messages have more than ${STATES_MAX} places`, {
    help: 'classify fields by `name`, or leave services that are not masked out of the descriptor set',
  });
}

const STATES_MAX = 20_000;
