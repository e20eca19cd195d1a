/** Parses the syntax of conditions: the grammar of the Common Expression Language, without its macros. */
import { Problem, quoted } from '../problem.ts';
import { CONDITION_DEPTH_MAX } from './condition.ts';
import type { Expression, RelationSign } from './expression.ts';
import { type Token, Tokenizer } from './tokenizer.ts';

/**
 * The expression of a text, or undefined when its syntax is wrong. Problems come in the order of their places. Texts
 * nested over CONDITION_DEPTH_MAX are refused before they can exhaust the stack.
 */
export function parseExpression(source: string): {
  expression: Expression | undefined;
  problems: readonly Problem[];
} {
  const tokens = new Tokenizer(source);
  try {
    return { expression: new ExpressionParser(tokens).parseAll(), problems: tokens.problems };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { expression: undefined, problems: [...tokens.problems, error] };
  }
}

/** The problem of a condition that is nested too deep at `offset`. */
export function tooDeep(offset: number): Problem {
  return new Problem(
    `condition is nested more than ${CONDITION_DEPTH_MAX} deep`,
    'split it into several rules',
    offset,
  );
}

class ExpressionParser {
  readonly #tokens: Tokenizer;
  #token: Token;
  #depth = 0;

  constructor(tokens: Tokenizer) {
    this.#tokens = tokens;
    this.#token = tokens.next();
  }

  parseAll(): Expression {
    const expression = this.#expression();
    if (this.#token.kind !== 'end') this.#unexpected('an operator such as `&&`');
    return expression;
  }

  #expression(): Expression {
    const condition = this.#chain('||');
    if (!this.#isSign('?')) return condition;
    const whatAt = this.#token.at;
    this.#nested(() => {
      this.#advance();
      this.#chain('||');
      this.#expect(':');
      return this.#expression();
    });
    return { kind: 'refused', at: condition.at, what: '?:', whatAt };
  }

  // INVARIANT: the recursion runs through here, so it ends at CONDITION_DEPTH_MAX.
  #nested(parse: () => Expression): Expression {
    if (++this.#depth > CONDITION_DEPTH_MAX) throw tooDeep(this.#token.at);
    const expression = parse();
    this.#depth--;
    return expression;
  }

  #chain(sign: '||' | '&&'): Expression {
    const first = this.#operand(sign);
    if (!this.#isSign(sign)) return first;
    const operands = [first];
    while (this.#isSign(sign)) {
      this.#advance();
      operands.push(this.#operand(sign));
    }
    return { kind: sign === '&&' ? 'and' : 'or', at: first.at, operands };
  }

  #operand(sign: '||' | '&&'): Expression {
    return sign === '||' ? this.#chain('&&') : this.#relation();
  }

  #relation(): Expression {
    const left = this.#arithmetic();
    const sign = this.#relationSign();
    if (sign === undefined) return left;
    const signAt = this.#token.at;
    this.#advance();
    const right = this.#arithmetic();
    if (this.#relationSign() !== undefined) {
      const help = 'join two comparisons with `&&`';
      throw new Problem('comparisons cannot be chained', help, this.#token.at);
    }
    return { kind: 'relation', at: left.at, sign, signAt, left, right };
  }

  #arithmetic(): Expression {
    const first = this.#unary();
    let refused: Expression | undefined;
    while (this.#token.kind === 'sign' && '+-*/%'.includes(this.#token.sign)) {
      const { at: whatAt, sign: what } = this.#token;
      this.#advance();
      this.#unary();
      refused ??= { kind: 'refused', at: first.at, what, whatAt };
    }
    return refused ?? first;
  }

  #unary(): Expression {
    const { at } = this.#token;
    if (this.#isSign('!')) {
      return this.#nested(() => {
        this.#advance();
        return { kind: 'not', at, operand: this.#isSign('!') ? this.#unary() : this.#member() };
      });
    }
    if (!this.#isSign('-')) return this.#member();
    this.#advance();
    const operand = this.#isSign('-') ? undefined : this.#member();
    if (operand?.kind !== 'number') {
      throw new Problem('`-` is for numbers', 'write for example `-0.5`', at);
    }
    const { value, isExact, written } = operand;
    return { kind: 'number', at, value: -value, isExact, written: `-${written}` };
  }

  #member(): Expression {
    let expression = this.#primary();
    for (let links = 0; ; links++) {
      const isLink = this.#isSign('.') || this.#isSign('[');
      if (isLink && links >= CONDITION_DEPTH_MAX) throw tooDeep(this.#token.at);
      if (this.#isSign('.')) expression = this.#field(expression);
      else if (this.#isSign('[')) expression = this.#index(expression);
      else return expression;
    }
  }

  #field(of: Expression): Expression {
    this.#advance();
    const token = this.#token;
    if (token.kind !== 'word') this.#unexpected('a name');
    this.#advance();
    const { word: name, at: nameAt } = token;
    if (!this.#isSign('(')) return { kind: 'field', at: of.at, of, name };
    return { kind: 'call', at: of.at, of, name, nameAt, args: this.#items(')') };
  }

  #index(of: Expression): Expression {
    const key = this.#nested(() => {
      this.#advance();
      return this.#expression();
    });
    this.#expect(']');
    return { kind: 'index', at: of.at, of, key };
  }

  #primary(): Expression {
    const token = this.#token;
    switch (token.kind) {
      case 'literal':
        this.#advance();
        return token.literal;
      case 'bytes':
        this.#advance();
        return { kind: 'refused', at: token.at, what: 'b""', whatAt: token.at };
      case 'word':
        return this.#name(token.word, token.at);
      case 'end':
        return this.#unexpected('a condition');
      default:
        return this.#signed(token.sign, token.at);
    }
  }

  #name(name: string, at: number): Expression {
    this.#advance();
    if (!this.#isSign('(')) return { kind: 'name', at, name };
    return { kind: 'call', at, of: undefined, name, nameAt: at, args: this.#items(')') };
  }

  #signed(sign: string, at: number): Expression {
    if (sign === 'true' || sign === 'false') {
      this.#advance();
      return { kind: 'boolean', at, value: sign === 'true' };
    }
    if (sign === '[') return { kind: 'list', at, items: this.#items(']') };
    if (sign === 'null') {
      this.#advance();
      return { kind: 'refused', at, what: sign, whatAt: at };
    }
    if (sign !== '(') this.#unexpected('a condition');
    const inner = this.#nested(() => {
      this.#advance();
      return this.#expression();
    });
    this.#expect(')');
    return inner;
  }

  // From the opening bracket to behind the closing one; a comma may stand behind the last item of a list.
  #items(close: ')' | ']'): Expression[] {
    const items: Expression[] = [];
    this.#nested(() => {
      this.#advance();
      while (!this.#isSign(close)) {
        items.push(this.#expression());
        if (!this.#isSign(',')) break;
        this.#advance();
        if (close === ')' && this.#isSign(close)) this.#unexpected('an argument');
      }
      return { kind: 'boolean', at: 0, value: true };
    });
    this.#expect(close);
    return items;
  }

  #relationSign(): RelationSign | undefined {
    const { kind } = this.#token;
    return kind === 'sign' ? relationSigns.get(this.#token.sign) : undefined;
  }

  #isSign(sign: string): boolean {
    return this.#token.kind === 'sign' && this.#token.sign === sign;
  }

  #advance(): void {
    this.#token = this.#tokens.next();
  }

  #expect(sign: string): void {
    if (!this.#isSign(sign)) this.#unexpected(`\`${sign}\``);
    this.#advance();
  }

  #unexpected(wanted: string): never {
    const { kind, at, end } = this.#token;
    const found =
      kind === 'end' ? 'end of the condition' : quoted(this.#tokens.source.slice(at, end));
    const word = this.#token.kind === 'word' ? this.#token.word.toLowerCase() : '';
    const help = signOfWord.get(word) ?? `expected ${wanted}`;
    throw new Problem(`unexpected ${found}`, help, at);
  }
}

const relationSigns: ReadonlyMap<string, RelationSign> = new Map(
  (['<', '<=', '>', '>=', '==', '!=', 'in'] as const).map((sign) => [sign, sign]),
);
const signOfWord: ReadonlyMap<string, string> = new Map([
  ['and', 'write `&&`'],
  ['or', 'write `||`'],
  ['not', 'write `!`'],
  ['matches', 'write `==`, `in`, `startsWith` or `endsWith`'],
]);
