/** Field paths of JSON documents, a subset of JSONPath: `$.a.b`, `$.a.*`, `$.lines[*].iban`, `$.lines[0].iban`, `$.**.iban`, `$['a b']`. */
import { StepKind } from '../layout.ts';
import { Problem } from './problem.ts';

/** A step down; `key` is empty except for StepKind.Member, `index` is 0 except for StepKind.Element. */
export interface Step {
  readonly kind: StepKind;
  readonly key: string;
  readonly index: number;
}

/** Reads a field path. The empty list is the whole document. */
export function parseFieldPath(text: string): Step[] | Problem {
  if (!text.startsWith('$'))
    return new Problem(`field path \`${text}\` does not start with \`$\``, pathHelp);
  if (!text.isWellFormed()) return new Problem('field path has half a character', pathHelp);
  const steps: Step[] = [];
  let at = 1;
  while (at < text.length) {
    const match = stepShape.exec(text.slice(at));
    if (match === null) {
      return new Problem(
        `field path \`${text}\` cannot be read at \`${text.slice(at)}\``,
        pathHelp,
        at,
      );
    }
    const step = stepOf(match);
    if (step.index > INDEX_MAX) {
      return new Problem('index in a field path is too large', `at most ${INDEX_MAX}`, at);
    }
    if (step.key.length > KEY_CHARACTERS_MAX) {
      return new Problem('name in a field path is too long', `at most ${KEY_CHARACTERS_MAX}`, at);
    }
    steps.push(step);
    at += match[0].length;
    if (steps.length > FIELD_PATH_STEPS_MAX) {
      return new Problem(`field path has more than ${FIELD_PATH_STEPS_MAX} steps`, 'use `**`', at);
    }
  }
  return simplify(steps);
}

function stepOf(match: RegExpExecArray): Step {
  const [token, name, single, double, index] = match;
  if (token === '.**') return { kind: StepKind.AnyDepth, key: '', index: 0 };
  if (token === '.*') return { kind: StepKind.AnyMember, key: '', index: 0 };
  if (token === '[*]') return { kind: StepKind.AnyElement, key: '', index: 0 };
  if (index !== undefined) return { kind: StepKind.Element, key: '', index: Number(index) };
  return { kind: StepKind.Member, key: name ?? single ?? double ?? '', index: 0 };
}

// A mask covers everything inside its value, so `**` at the end says nothing more, nor does `**` after `**`.
function simplify(steps: readonly Step[]): Step[] {
  const kept = steps.filter(
    (step, i) => step.kind !== StepKind.AnyDepth || steps[i - 1]?.kind !== StepKind.AnyDepth,
  );
  if (kept.at(-1)?.kind === StepKind.AnyDepth) kept.pop();
  return kept;
}

const FIELD_PATH_STEPS_MAX = 64;
const KEY_CHARACTERS_MAX = 255;
// Far more elements than a document has in practice, and few enough to be counted in 32 bits.
const INDEX_MAX = 1_000_000;
const stepShape =
  /^(?:\.\*\*|\.\*|\[\*\]|\.([\p{L}\p{N}_$-]+)|\['([^'\\]+)'\]|\["([^"\\]+)"\]|\[(0|[1-9][0-9]{0,9})\])/u;
const pathHelp =
  "write for example `$.customer.iban`, `$.lines[*].card`, `$.lines[0]`, `$.**.ssn` or `$['a b']`";
