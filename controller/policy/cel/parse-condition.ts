/** Reads a `when`: the part of the Common Expression Language that can be decided exactly. */
import { parse } from '@bufbuild/cel';

import { AtomOp, Attribute } from '../../layout.ts';
import { nearestName } from '../nearest-name.ts';
import { Problem } from '../problem.ts';
import { checkTimeZone, parseWindows } from '../time-windows.ts';
import {
  type AttributeSpec,
  attributeNames,
  attributesByName,
  factDomain,
  severityNames,
  severityNumber,
} from './attributes.ts';
import { type AttributeRef, CONDITION_DEPTH_MAX, type Condition } from './condition.ts';

/**
 * Reads a condition. Refuses everything that is not in the subset, saying what is, at its offset in the text. Texts
 * over 16 KiB and nesting over CONDITION_DEPTH_MAX are refused before they can exhaust the parser.
 */
export function parseCondition(text: string): Condition | Problem {
  if (text.length > CONDITION_CHARACTERS_MAX) {
    return new Problem(
      `condition has ${text.length} characters`,
      `at most ${CONDITION_CHARACTERS_MAX}`,
    );
  }
  const deep = findDeepNesting(text);
  if (deep !== undefined) return deep;
  try {
    const parsed = parse(text);
    return new ConditionReader(parsed.sourceInfo?.positions ?? {}).readAll(parsed.expr);
  } catch (error) {
    const { message, offset } = syntaxError(error);
    return new Problem(`condition is no CEL: ${message}`, subsetHelp, offset);
  }
}

type Expr = NonNullable<ReturnType<typeof parse>['expr']>;
type Call = Extract<Expr['exprKind'], { case: 'callExpr' }>['value'];

class ConditionReader {
  readonly #positions: Readonly<Record<string, number>>;
  readonly #problems: Problem[] = [];

  constructor(positions: Readonly<Record<string, number>>) {
    this.#positions = positions;
  }

  readAll(expr: Expr): Condition | Problem {
    const condition = this.#read(expr, 1);
    const [first, ...also] = this.#problems;
    return first === undefined
      ? condition
      : new Problem(first.message, first.help, first.offset, also);
  }

  // A refused part does not hide what is wrong beside it; the constant in its place is never used.
  #read(expr: Expr, depth: number): Condition {
    try {
      return this.#readPart(expr, depth);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#problems.push(error);
      return { kind: 'constant', value: false };
    }
  }

  // Throws Problem. The recursion is at most CONDITION_DEPTH_MAX deep.
  #readPart(expr: Expr, depth: number): Condition {
    if (depth > CONDITION_DEPTH_MAX) throw tooDeep(this.#at(expr));
    const { exprKind } = expr;
    if (exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'boolValue') {
      return { kind: 'constant', value: exprKind.value.constantKind.value };
    }
    if (exprKind.case === 'selectExpr' && exprKind.value.testOnly) return this.#has(expr);
    if (exprKind.case === 'callExpr') return this.#call(expr, exprKind.value, depth);
    const name = dottedName(expr);
    if (name !== undefined) {
      this.#attribute(name, this.#at(expr));
      this.#refuse(
        expr,
        `\`${name}\` alone is no condition`,
        `compare it, as in \`${name} < 0.8\``,
      );
    }
    this.#refuse(expr, 'this is not allowed in a condition', subsetHelp);
  }

  #call(expr: Expr, call: Call, depth: number): Condition {
    const name = call.function;
    const [left, right] = call.args;
    if ((name === '_&&_' || name === '_||_') && left !== undefined && right !== undefined) {
      const kind = name === '_&&_' ? 'and' : 'or';
      return { kind, left: this.#read(left, depth + 1), right: this.#read(right, depth + 1) };
    }
    if (name === '!_' && left !== undefined) {
      return { kind: 'not', operand: this.#read(left, depth + 1) };
    }
    const op = operators.get(name);
    if (op !== undefined && left !== undefined && right !== undefined) {
      return this.#compare(expr, op, left, right);
    }
    if (name === 'within' && call.target === undefined) return this.#within(expr, call);
    const known = nearestName(name, ['within', 'has']);
    const help = known === undefined ? subsetHelp : `did you mean \`${known}\`? ${subsetHelp}`;
    this.#refuse(expr, `\`${readableName(name)}\` is not allowed in a condition`, help);
  }

  #has(expr: Expr): Condition {
    const ref = this.#attribute(dottedName(expr) ?? '', this.#at(expr));
    return { kind: 'has', ref };
  }

  #compare(expr: Expr, op: AtomOp, left: Expr, right: Expr): Condition {
    const leftName = dottedName(left);
    const [attribute, constant] = leftName === undefined ? [right, left] : [left, right];
    const name = dottedName(attribute);
    if (name === undefined) {
      this.#refuse(
        expr,
        'a comparison without an attribute',
        `name one of ${attributeNames.join(', ')}`,
      );
    }
    const ref = this.#attribute(name, this.#at(attribute));
    const number = this.#constant(name, constant);
    return { kind: 'compare', ref, op: leftName === undefined ? mirrored(op) : op, number };
  }

  #attribute(name: string, at: number): AttributeRef {
    if (name === 'request.time') {
      throw new Problem('`request.time` is only for `within`', withinHelp, at);
    }
    const fact = /^environment\.([A-Za-z_][A-Za-z0-9_]{0,62})$/.exec(name)?.[1];
    if (fact !== undefined) return { attribute: Attribute.EnvironmentFact, fact };
    const spec = attributesByName.get(name);
    if (spec !== undefined) return { attribute: spec.attribute, fact: '' };
    const nearest = nearestName(name, attributesByName.keys());
    const all = `attributes are ${attributeNames.join(', ')}`;
    throw new Problem(
      `unknown attribute \`${name}\``,
      nearest === undefined ? all : `did you mean \`${nearest}\`? ${all}`,
      at,
    );
  }

  #constant(name: string, expr: Expr): number {
    const domain = (attributesByName.get(name) as AttributeSpec | undefined)?.domain ?? factDomain;
    const value = expr.exprKind.case === 'constExpr' ? expr.exprKind.value.constantKind : undefined;
    if (domain.type === 'severity') {
      const severity = value?.case === 'stringValue' ? severityNumber(value.value) : undefined;
      if (severity !== undefined) return severity;
      const help = `write one of ${severityNames.map((s) => `"${s}"`).join(', ')}`;
      this.#refuse(expr, `\`${name}\` is compared with a severity`, help);
    }
    if (
      value?.case !== 'int64Value' &&
      value?.case !== 'uint64Value' &&
      value?.case !== 'doubleValue'
    ) {
      this.#refuse(expr, `\`${name}\` is compared with a constant number`, `write ${domain.unit}`);
    }
    const number = Number(value.value);
    const isExact = value.case === 'doubleValue' || BigInt(number) === value.value;
    if (!isExact || !(number >= domain.min && number <= domain.max)) {
      this.#refuse(
        expr,
        `\`${value.value}\` is out of range for \`${name}\``,
        `write ${domain.unit}`,
      );
    }
    // Adding zero turns -0 into 0, so that both are one constant.
    return number + 0;
  }

  #within(expr: Expr, call: Call): Condition {
    const [time, windowText, zoneText] = call.args;
    const text = stringOf(windowText);
    const zone = stringOf(zoneText);
    const isTime = time !== undefined && dottedName(time) === 'request.time';
    if (call.args.length !== 3 || !isTime || text === undefined || zone === undefined) {
      this.#refuse(expr, '`within` takes the time, the windows and the time zone', withinHelp);
    }
    const windows = parseWindows(text);
    // The offset inside the literal is exact because windows hold nothing that needs an escape.
    if (windows instanceof Problem) {
      throw new Problem(windows.message, windows.help, this.#at(windowText) + 1 + windows.offset);
    }
    const badZone = checkTimeZone(zone);
    if (badZone !== undefined) throw new Problem(badZone.message, badZone.help, this.#at(zoneText));
    return { kind: 'within', windows, zone };
  }

  #refuse(expr: Expr, message: string, help: string): never {
    throw new Problem(message, help, this.#at(expr));
  }

  // The parser places an operator's call at its left end and a selection at its dot; the left end is what people look for.
  #at(expr: Expr | undefined): number {
    let place = expr;
    while (place?.exprKind.case === 'selectExpr' && place.exprKind.value.operand !== undefined) {
      place = place.exprKind.value.operand;
    }
    return place === undefined ? 0 : (this.#positions[String(place.id)] ?? 0);
  }
}

function dottedName(expr: Expr): string | undefined {
  const parts: string[] = [];
  let place: Expr | undefined = expr;
  // A name in conditions has two parts; deeper chains are read up to a bound and then refused by their name.
  while (place?.exprKind.case === 'selectExpr' && parts.length < CONDITION_DEPTH_MAX) {
    parts.unshift(place.exprKind.value.field);
    place = place.exprKind.value.operand;
  }
  if (place?.exprKind.case !== 'identExpr') return undefined;
  return [place.exprKind.value.name, ...parts].join('.');
}

function stringOf(expr: Expr | undefined): string | undefined {
  if (expr?.exprKind.case !== 'constExpr') return undefined;
  const { constantKind } = expr.exprKind.value;
  return constantKind.case === 'stringValue' ? constantKind.value : undefined;
}

// Brackets outside of string literals, counted before the recursive parser sees them.
function findDeepNesting(text: string): Problem | undefined {
  let depth = 0;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (quote !== '') {
      if (character === '\\') i++;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if ('([{'.includes(character) && ++depth > CONDITION_DEPTH_MAX) return tooDeep(i);
    else if (')]}'.includes(character)) depth--;
  }
  return undefined;
}

function tooDeep(offset: number): Problem {
  return new Problem(
    `condition is nested more than ${CONDITION_DEPTH_MAX} deep`,
    'split it into several rules',
    offset,
  );
}

function syntaxError(error: unknown): { message: string; offset: number } {
  const message = error instanceof Error ? error.message : String(error);
  const found = /found (.+?) but expecting/.exec(message)?.[1];
  const location = (error as { location?: { start?: { offset?: number } } }).location;
  return {
    message: found === undefined ? 'it cannot be read' : `unexpected ${found}`,
    offset: location?.start?.offset ?? 0,
  };
}

function mirrored(op: AtomOp): AtomOp {
  return mirror.get(op) ?? op;
}

function readableName(name: string): string {
  return name.replaceAll(/^@|_/g, '') || name;
}

const CONDITION_CHARACTERS_MAX = 16_384;
const operators: ReadonlyMap<string, AtomOp> = new Map([
  ['_<_', AtomOp.Less],
  ['_<=_', AtomOp.LessEqual],
  ['_>_', AtomOp.Greater],
  ['_>=_', AtomOp.GreaterEqual],
  ['_==_', AtomOp.Equal],
  ['_!=_', AtomOp.NotEqual],
]);
const mirror: ReadonlyMap<AtomOp, AtomOp> = new Map<AtomOp, AtomOp>([
  [AtomOp.Less, AtomOp.Greater],
  [AtomOp.LessEqual, AtomOp.GreaterEqual],
  [AtomOp.Greater, AtomOp.Less],
  [AtomOp.GreaterEqual, AtomOp.LessEqual],
]);
const withinHelp = 'write `within(request.time, "Mon-Fri 09:00-18:00", "Europe/Paris")`';
const subsetHelp =
  'allowed are attributes compared with constants, within(...), has(...), true, false, && || ! and brackets';
