/** What a rule of Istio says, as a tree of tests that exist here, with gaps where there is none. */

/** How a text is compared. */
export type TextTest = 'equal' | 'prefix' | 'suffix';

/** Parts of the caller's identity that Istio's principals reach. */
export type IdentityPart = 'domain' | 'environment' | 'team' | 'service' | 'instance';

/** A single test of a request. */
export type Test =
  | {
      readonly kind: 'identity';
      readonly part: IdentityPart;
      readonly test: TextTest;
      readonly text: string;
    }
  | { readonly kind: 'method'; readonly test: TextTest; readonly text: string }
  /** `template` as in `paths` of a rule. */
  | { readonly kind: 'path'; readonly template: string }
  /** `text` in lower case. */
  | { readonly kind: 'authority'; readonly test: TextTest; readonly text: string }
  /** A line of a header, as Envoy's RBAC compares them since CVE-2026-26308; absent: false. `name` in lower case. */
  | {
      readonly kind: 'header';
      readonly name: string;
      readonly test: TextTest;
      readonly text: string;
    }
  | { readonly kind: 'headerThere'; readonly name: string };

/**
 * A tree of tests. `gap`: something that cannot be tested here, neither true nor false; `widest` holds whenever it does,
 * everything when there is none.
 */
export type Term =
  | Test
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'gap'; readonly widest?: Term | undefined }
  | { readonly kind: 'not'; readonly operand: Term }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Term[] };

export const always: Term = { kind: 'constant', value: true };
export const never: Term = { kind: 'constant', value: false };
export const gap: Term = { kind: 'gap' };

/** All of them, simplified: constants gone, nested ones flattened, none twice. */
export function allOf(terms: readonly Term[]): Term {
  return join('and', terms);
}

/** One of them, simplified like `allOf`. */
export function anyOf(terms: readonly Term[]): Term {
  return join('or', terms);
}

/** The contrary, simplified. The contrary of a gap of which nothing is known is a gap. */
export function notOf(term: Term): Term {
  if (term.kind === 'constant') return term.value ? never : always;
  if (term.kind === 'not') return term.operand;
  return term === gap ? gap : { kind: 'not', operand: term };
}

/**
 * The term without gaps that is nearest from one side: `narrower` implies the original whatever its gaps hold,
 * `wider` is implied by it.
 */
export function closeGaps(term: Term, side: 'narrower' | 'wider'): Term {
  switch (term.kind) {
    case 'gap':
      return side === 'wider' ? (term.widest ?? always) : never;
    case 'not':
      return notOf(closeGaps(term.operand, side === 'wider' ? 'narrower' : 'wider'));
    case 'and':
    case 'or':
      return join(
        term.kind,
        term.operands.map((operand) => closeGaps(operand, side)),
      );
    default:
      return term;
  }
}

function join(kind: 'and' | 'or', terms: readonly Term[]): Term {
  // What decides at once: false in an `and`, true in an `or`.
  const decisive = kind === 'or';
  const operands = new Map<string, Term>();
  for (const term of terms.flatMap((each) => (each.kind === kind ? each.operands : [each]))) {
    if (term.kind === 'constant') {
      if (term.value === decisive) return term;
    } else operands.set(JSON.stringify(term), term);
  }
  const [only, ...others] = operands.values();
  if (only === undefined) return decisive ? never : always;
  return others.length === 0 ? only : { kind, operands: [only, ...others] };
}
