/** Signals and facts compared with constants. Comparisons that say nothing are refused. */
import { AtomOp } from '../../layout.ts';
import { Problem, quoted } from '../problem.ts';
import {
  type Domain,
  factDomain,
  type Subject,
  severityNames,
  severityNumber,
} from './attributes.ts';
import type { Condition } from './condition.ts';
import type { Expression, RelationSign } from './expression.ts';
import { refuse } from './refusals.ts';

type Signal = Extract<Subject, { kind: 'signal' }>;
/** Signs that compare two values; the attribute stands on their left. */
export type ComparisonSign = Exclude<RelationSign, 'in'>;

/** The condition of `signal sign constant`. Throws Problem. */
export function compareSignal(
  signal: Signal,
  sign: ComparisonSign,
  constant: Expression,
): Condition {
  const { name, ref, domain } = signal;
  const number =
    domain.type === 'severity'
      ? severityOf(name, constant)
      : numberOf(signal, domain, sign, constant);
  const outcome =
    domain.type === 'severity' ? severityOutcome(sign, number) : outcomeOf(domain, sign, number);
  if (outcome === undefined) return { kind: 'compare', ref, op: operations[sign], number };
  const shown =
    constant.kind === 'text'
      ? `"${constant.value}"`
      : constant.kind === 'number'
        ? constant.written
        : '';
  const unit = domain.type === 'severity' ? severityHelp : `write ${domain.unit}`;
  throw new Problem(
    `\`${name} ${sign} ${shown}\` ${outcome ? 'always holds' : 'can never hold'}`,
    outcome ? `${unit}; \`has(${name})\` says whether it is known` : unit,
    constant.at,
  );
}

function severityOf(name: string, constant: Expression): number {
  const severity = constant.kind === 'text' ? severityNumber(constant.value) : undefined;
  if (severity !== undefined) return severity;
  throw refuse(constant, `\`${name}\` is compared with a severity`, severityHelp);
}

function numberOf(
  { name }: Signal,
  domain: Extract<Domain, { type: 'number' }>,
  sign: ComparisonSign,
  constant: Expression,
): number {
  const help = `write ${domain.unit}`;
  if (constant.kind === 'boolean' && domain === factDomain) {
    if (sign === '==' || sign === '!=') return constant.value ? 1 : 0;
    throw new Problem(`\`${sign}\` compares numbers`, 'write `==` or `!=`', constant.at);
  }
  if (constant.kind !== 'number') {
    throw refuse(constant, `\`${name}\` is compared with a constant number`, help);
  }
  const { value, isExact, written, at } = constant;
  if (!isExact || !Number.isFinite(value)) {
    const why = isExact ? help : `${help} that a double holds exactly`;
    throw new Problem(`${quoted(written)} is out of range for \`${name}\``, why, at);
  }
  // Adding zero turns -0 into 0, so that both are one constant.
  return value + 0;
}

// Whether a known signal always or never compares so; undefined when it depends.
function outcomeOf(
  { min, max, isWhole }: Extract<Domain, { type: 'number' }>,
  sign: ComparisonSign,
  number: number,
): boolean | undefined {
  switch (sign) {
    case '<':
      return number <= min ? false : number > max ? true : undefined;
    case '<=':
      return number < min ? false : number >= max ? true : undefined;
    case '>':
      return negated(outcomeOf({ ...anyNumber, min, max, isWhole }, '<=', number));
    case '>=':
      return negated(outcomeOf({ ...anyNumber, min, max, isWhole }, '<', number));
    default: {
      const isPossible = number >= min && number <= max && (!isWhole || Number.isInteger(number));
      return isPossible ? undefined : sign === '!=';
    }
  }
}

function severityOutcome(sign: ComparisonSign, number: number): boolean | undefined {
  return outcomeOf({ ...anyNumber, min: 0, max: severityNames.length - 1 }, sign, number);
}

function negated(outcome: boolean | undefined): boolean | undefined {
  return outcome === undefined ? undefined : !outcome;
}

const anyNumber = { type: 'number', isWhole: false, unit: '' } as const;
const severityHelp = `write one of ${severityNames.map((name) => `"${name}"`).join(', ')}`;
const operations = {
  '<': AtomOp.Less,
  '<=': AtomOp.LessEqual,
  '>': AtomOp.Greater,
  '>=': AtomOp.GreaterEqual,
  '==': AtomOp.Equal,
  '!=': AtomOp.NotEqual,
} as const;
