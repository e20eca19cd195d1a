/** A term as the parts of our rule: entries of `from`, an entry of `to`, and what is left for `when`. */
import { allOf, type Term, type Test } from './term.ts';

/** An entry of `from` or `to`: fields with their texts. */
export type Entry = ReadonlyMap<string, readonly string[]>;

type IdentityTest = Extract<Test, { kind: 'identity' }>;

/** A test and whether it is negated. */
interface Literal {
  readonly test: IdentityTest;
  readonly isNegated: boolean;
}

/**
 * Entries of `from` that say the same as a term of identity tests, and the rest as a condition: what `from` cannot say,
 * and what would take more than `ENTRIES_MAX` entries.
 */
export function fromParts(term: Term): { entries: Entry[]; rest: Term } {
  let entries: Entry[] = [];
  const said: Term[] = [];
  const rest: Term[] = [];
  for (const part of term.kind === 'and' ? term.operands : [term]) {
    const together = fromEntries(allOf([...said, part]));
    if (together === undefined) rest.push(part);
    else {
      said.push(part);
      entries = together;
    }
  }
  return { entries, rest: allOf(rest) };
}

function fromEntries(term: Term): Entry[] | undefined {
  const alternatives = alternativesOf(term);
  if (alternatives === undefined || alternatives.length > ENTRIES_MAX) return undefined;
  const entries = alternatives.map(entryOf);
  return entries.every((entry) => entry !== undefined) ? entries : undefined;
}

/**
 * The methods and paths of an operation as an entry of `to`, and the rest as a condition. The entry is empty when the
 * operation names neither.
 */
export function toEntry(operation: Term): { entry: Entry; rest: Term } {
  const entry = new Map<string, string[]>();
  const rest: Term[] = [];
  for (const part of operation.kind === 'and' ? operation.operands : [operation]) {
    const isNegated = part.kind === 'not';
    const inner = part.kind === 'not' ? part.operand : part;
    const tests = inner.kind === 'or' ? inner.operands : [inner];
    const field = fieldOf(tests);
    const name = field && (isNegated ? `not${field}` : field.toLowerCase());
    if (name === undefined || entry.has(name)) rest.push(part);
    else entry.set(name, tests.flatMap(textOf));
  }
  return { entry, rest: allOf(rest) };
}

// A term as alternatives of literals that all hold (disjunctive normal form); undefined for what `from` cannot say.
function alternativesOf(term: Term): Literal[][] | undefined {
  switch (term.kind) {
    case 'identity':
      return isSayable(term) ? [[{ test: term, isNegated: false }]] : undefined;
    case 'not':
      return negatedAlternatives(term.operand);
    case 'or':
      return collect(term.operands, (all, each) => [...all, ...each], []);
    case 'and':
      return collect(
        term.operands,
        (all, each) =>
          all.length * each.length > ENTRIES_MAX
            ? undefined
            : all.flatMap((first) => each.map((second) => [...first, ...second])),
        [[]],
      );
    default:
      return undefined;
  }
}

// None of several tests is still one entry. The contrary of tests that hold together is clearer as a condition.
function negatedAlternatives(term: Term): Literal[][] | undefined {
  const tests = term.kind === 'or' ? term.operands : [term];
  const literals = tests.flatMap((test): Literal[] =>
    test.kind === 'identity' && isSayable(test) ? [{ test, isNegated: true }] : [],
  );
  return literals.length === tests.length ? [literals] : undefined;
}

function collect(
  terms: readonly Term[],
  combine: (all: Literal[][], each: Literal[][]) => Literal[][] | undefined,
  start: Literal[][],
): Literal[][] | undefined {
  let all: Literal[][] | undefined = start;
  for (const term of terms) {
    const each = alternativesOf(term);
    all = each && all && combine(all, each);
  }
  return all;
}

// `environment: same` has a meaning of its own, and an instance is named by its UUID or the start of it.
function isSayable({ part, test, text }: IdentityTest): boolean {
  if (part === 'environment' && test === 'equal' && text === 'same') return false;
  return part !== 'instance' || test !== 'suffix';
}

function entryOf(literals: readonly Literal[]): Entry | undefined {
  const entry = new Map<string, string[]>();
  for (const { test, isNegated } of literals) {
    const capital = test.part.charAt(0).toUpperCase() + test.part.slice(1);
    const field = isNegated ? `not${capital}` : test.part;
    const texts = entry.get(field) ?? [];
    const text = starred(test);
    // Texts of one field are alternatives, and here both would have to hold.
    if (!isNegated && texts.length > 0 && !texts.includes(text)) return undefined;
    entry.set(field, [...new Set([...texts, text])]);
  }
  // What has to be first, what must not be behind it.
  return new Map(
    [...entry].sort(([a], [b]) => Number(a.startsWith('not')) - Number(b.startsWith('not'))),
  );
}

function fieldOf(tests: readonly Term[]): 'Methods' | 'Paths' | undefined {
  if (tests.every((test) => test.kind === 'path')) return 'Paths';
  return tests.every((test) => test.kind === 'method') ? 'Methods' : undefined;
}

function textOf(test: Term): string[] {
  if (test.kind === 'path') return [test.template];
  return test.kind === 'method' ? [starred(test)] : [];
}

function starred({ test, text }: { test: string; text: string }): string {
  if (test === 'equal') return text;
  return test === 'prefix' ? `${text}*` : `*${text}`;
}

const ENTRIES_MAX = 64;
