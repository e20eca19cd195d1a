/** Terms written as conditions in CEL. */
import type { Term, Test, TextTest } from './term.ts';

/** A condition; undefined when it always holds. `path` tests cannot be written in CEL and belong into `to`. */
export function conditionText(term: Term): string | undefined {
  if (term.kind === 'constant' && term.value) return undefined;
  const texts = term.kind === 'and' ? term.operands.map((each) => inside('&&', each)) : [];
  return term.kind === 'and' && texts.length <= GROUP
    ? texts.join('\n&& ')
    : expressionOf(term).text;
}

/** A text in CEL, in double quotes. */
export function celString(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** `operator` is the outermost one, empty for what needs no parentheses inside `&&` and `||`. */
interface Expression {
  readonly text: string;
  readonly operator: '&&' | '||' | '';
}

function expressionOf(term: Term): Expression {
  switch (term.kind) {
    case 'constant':
      return { text: String(term.value), operator: '' };
    case 'not': {
      const { text } = expressionOf(term.operand);
      return {
        text: term.operand.kind === 'headerThere' ? `!${text}` : `!(${text})`,
        operator: '',
      };
    }
    case 'and':
      return grouped(
        term.operands.map((operand) => inside('&&', operand)),
        '&&',
      );
    case 'or':
      return alternatives(term.operands);
    case 'header':
      return alternatives([term]);
    case 'headerThere':
      return { text: `has(${headerOf(term.name)})`, operator: '' };
    case 'identity':
    case 'method':
    case 'authority':
      return { text: comparison(subjectOf(term), [term])[0] ?? '', operator: '' };
    default:
      throw new Error(`a ${term.kind} has no condition`);
  }
}

function inside(operator: '&&' | '||', term: Term): string {
  return parenthesised(operator, expressionOf(term));
}

// Mixed operators are always told apart by parentheses, for the reader.
function parenthesised(operator: '&&' | '||', expression: Expression): string {
  const isSame = expression.operator === '' || expression.operator === operator;
  return isSame ? expression.text : `(${expression.text})`;
}

// Long chains are put in groups, so that no condition grows deep.
function grouped(texts: readonly string[], operator: '&&' | '||'): Expression {
  if (texts.length === 1) return { text: texts[0] ?? '', operator: '' };
  if (texts.length <= GROUP) return { text: texts.join(` ${operator} `), operator };
  const groups = Array.from({ length: Math.ceil(texts.length / GROUP) }, (_, i) => {
    return `(${texts.slice(i * GROUP, (i + 1) * GROUP).join(` ${operator} `)})`;
  });
  return grouped(groups, operator);
}

type Compared = Extract<Test, { test: TextTest }>;

/** Tests of one subject stand together: equalities as `in [..]`, a header behind its `has`. */
function alternatives(operands: readonly Term[]): Expression {
  const subjects = new Map<string, Compared[]>();
  const expressions: Expression[] = [];
  for (const operand of operands) {
    if ('test' in operand) {
      const subject = subjectOf(operand);
      subjects.set(subject, [...(subjects.get(subject) ?? []), operand]);
    } else expressions.push(expressionOf(operand));
  }
  for (const [subject, tests] of subjects) {
    const compared = grouped(comparison(subject, tests), '||');
    const header = tests[0]?.kind === 'header' ? headerOf(tests[0].name) : undefined;
    if (header === undefined) expressions.push(compared);
    else {
      const text = `has(${header}) && ${parenthesised('&&', compared)}`;
      expressions.push({ text, operator: '&&' });
    }
  }
  const [only, ...others] = expressions;
  if (only !== undefined && others.length === 0) return only;
  return grouped(
    expressions.map((expression) => parenthesised('||', expression)),
    '||',
  );
}

/** One comparison for all equalities, one for each other test. */
function comparison(subject: string, tests: readonly Compared[]): string[] {
  const equal = tests.flatMap(({ test, text }) => (test === 'equal' ? [celString(text)] : []));
  const others = tests.flatMap(({ test, text }) => {
    if (test === 'equal') return [];
    return [`${subject}.${test === 'prefix' ? 'startsWith' : 'endsWith'}(${celString(text)})`];
  });
  if (equal.length === 0) return others;
  const equality = equal.length === 1 ? `== ${equal[0]}` : `in [${equal.join(', ')}]`;
  return [`${subject} ${equality}`, ...others];
}

function subjectOf(test: Compared): string {
  switch (test.kind) {
    case 'identity':
      return `source.${test.part}`;
    case 'method':
      return 'request.method';
    case 'authority':
      return 'request.authority';
    default:
      return `any(${headerOf(test.name)})`;
  }
}

function headerOf(name: string): string {
  return `request.headers[${celString(name)}]`;
}

const GROUP = 16;
