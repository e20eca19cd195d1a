/** The tables of conditions: postfix programs over atoms. */
import { AtomOp, Attribute, BundleSection, Op, Program, Truth } from '../../layout.ts';
import { Records, type SectionData } from '../../section-file.ts';
import type { Condition } from '../cel/condition.ts';
import type { AtomTable } from './atoms.ts';
import type { HostTable } from './hosts.ts';
import type { IdentityTestTable } from './identity-tests.ts';
import { ListTable } from './lists.ts';
import type { PathTable } from './paths.ts';
import { joinCode, negateCode, type Postfix } from './postfix.ts';
import type { RequestValueTable } from './request-values.ts';

/** The tables that atoms point into. */
export interface ConditionTables {
  readonly atoms: AtomTable;
  readonly tests: IdentityTestTable;
  readonly paths: PathTable;
  readonly hosts: HostTable;
  readonly values: RequestValueTable;
}

/** Collects programs. Conditions that say the same in another order or with constants in between are one program. */
export class ProgramTable {
  readonly #tables: ConditionTables;
  // By where their code starts.
  readonly #indexes = new Map<number, number>();
  readonly #programs = new Records(Program.SIZE);
  readonly #code = new ListTable();

  constructor(tables: ConditionTables) {
    this.#tables = tables;
  }

  /** The index of the program of a condition, or undefined when it always holds. */
  intern(condition: Condition): number | undefined {
    const compiled = this.#compile(condition);
    if (compiled === true) return undefined;
    const words = compiled === false ? [word(Op.Constant, Truth.False)] : compiled.words;
    const { start, count } = this.#code.intern(words);
    const known = this.#indexes.get(start);
    if (known !== undefined) return known;
    const index = this.#programs.add((view, at) => {
      view.setUint32(at + Program.start, start, true);
      view.setUint32(at + Program.count, count, true);
    });
    this.#indexes.set(start, index);
    return index;
  }

  /** Sections Programs and Code. */
  write(): SectionData[] {
    return [this.#programs.section(BundleSection.Programs), this.#code.section(BundleSection.Code)];
  }

  // INVARIANT: a condition is at most CONDITION_DEPTH_MAX deep but for chains of one operation, which takes no recursion;
  // that bounds the recursion here. `joinCode` keeps the operand stack below PROGRAM_STACK_MAX.
  #compile(condition: Condition): Postfix | boolean {
    switch (condition.kind) {
      case 'constant':
        return condition.value;
      case 'not':
        return this.#compileNegation(condition.operand);
      case 'and':
      case 'or': {
        const operands = operandsOf(condition).map((operand) => this.#compile(operand));
        return joinCode(operands, condition.kind === 'and' ? Op.And : Op.Or);
      }
      default:
        return this.#compileLeaf(condition);
    }
  }

  #compileNegation(operand: Condition): Postfix | boolean {
    // Exact in Kleene logic: a comparison is unknown exactly when its attribute is.
    if (operand.kind === 'compare') {
      return this.#compileLeaf({ ...operand, op: inverseOf[operand.op] ?? operand.op });
    }
    return negateCode(this.#compile(operand));
  }

  #compileLeaf(condition: Condition): Postfix | boolean {
    const { atoms, tests, paths, hosts, values } = this.#tables;
    switch (condition.kind) {
      case 'has':
        // Only the attribute counts for `Has`; one fixed comparison keeps the atoms few.
        return leaf(Op.Has, atoms.compare(condition.ref, AtomOp.Equal, 0));
      case 'compare':
        return leaf(Op.Atom, atoms.compare(condition.ref, condition.op, condition.number));
      case 'within':
      case 'dates':
      case 'before': {
        const atom = atoms.time(condition);
        return typeof atom === 'boolean' ? atom : leaf(Op.Atom, atom);
      }
      case 'identity':
        return leaf(Op.Atom, atoms.matches(Attribute.Identity, tests.intern(condition.test)));
      case 'path':
        return leaf(Op.Atom, atoms.matches(Attribute.Path, paths.intern(condition.template)));
      case 'host':
        return leaf(Op.Atom, atoms.matches(Attribute.Host, hosts.intern(condition.host)));
      case 'request': {
        const test = values.internTest(condition.ref, condition.pattern);
        return leaf(Op.Atom, atoms.matches(Attribute.RequestValue, test));
      }
      case 'hasRequest': {
        const name = values.internName(condition.ref);
        return leaf(Op.Has, atoms.matches(Attribute.RequestName, name));
      }
      default:
        throw new RangeError(`a condition of kind ${condition.kind} is nothing to compile`);
    }
  }
}

type Chain = Extract<Condition, { kind: 'and' | 'or' }>;

/** The operands of a chain of one operation, however it is nested. */
function operandsOf(chain: Chain): Condition[] {
  const operands: Condition[] = [];
  const pending: Condition[] = [chain];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === chain.kind) pending.push(next.right, next.left);
    else operands.push(next);
  }
  return operands;
}

function leaf(op: Op, atom: number): Postfix {
  return { words: [word(op, atom)], depth: 1 };
}

function word(op: Op, operand: number): number {
  return ((op << 24) | operand) >>> 0;
}

const inverseOf: Readonly<Record<number, AtomOp>> = {
  [AtomOp.Less]: AtomOp.GreaterEqual,
  [AtomOp.GreaterEqual]: AtomOp.Less,
  [AtomOp.Greater]: AtomOp.LessEqual,
  [AtomOp.LessEqual]: AtomOp.Greater,
  [AtomOp.Equal]: AtomOp.NotEqual,
  [AtomOp.NotEqual]: AtomOp.Equal,
};
