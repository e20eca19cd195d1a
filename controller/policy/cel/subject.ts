/** Finds the attribute that an expression names. */
import { Attribute, IdentityAttribute, RequestKind } from '../../layout.ts';
import { parseName } from '../kinds/leaf.ts';
import { nearestName } from '../nearest-name.ts';
import { Problem, quoted } from '../problem.ts';
import { parseHeaderName, parseParameterName } from '../request-text.ts';
import {
  attributeNames,
  collectionNames,
  factDomain,
  type Subject,
  subjectsByName,
} from './attributes.ts';
import type { Expression } from './expression.ts';

/** The attribute of an expression, or undefined when it names none. Throws Problem for unknown attributes. */
export function subjectOf(expression: Expression): Subject | undefined {
  if (expression.kind === 'call') return anyLine(expression);
  const path = pathOf(expression);
  if (path === undefined) return undefined;
  const [root, first, second, ...rest] = path;
  const name = dottedName(path);
  const known = subjectsByName.get(name);
  if (known !== undefined && path.every(({ isIndex }) => !isIndex)) return known;
  const isPlain = first !== undefined && !first.isIndex && rest.length === 0;
  if (isPlain && second !== undefined) {
    const member = memberOf(`${root?.text}.${first.text}`, second);
    if (member !== undefined) return member;
  }
  const isFact = root?.text === 'environment' && isPlain && second === undefined;
  if (isFact && factName.test(first.text)) {
    const ref = { attribute: Attribute.EnvironmentFact, fact: first.text };
    return { kind: 'signal', name, ref, domain: factDomain };
  }
  throw unknownAttribute(path, expression.at);
}

interface Step {
  readonly text: string;
  readonly isIndex: boolean;
  readonly at: number;
}

// Names and keys from the left; undefined when something else than a name stands there.
function pathOf(expression: Expression): Step[] | undefined {
  const steps: Step[] = [];
  let place = expression;
  while (place.kind === 'field' || place.kind === 'index') {
    if (place.kind === 'field') steps.push({ text: place.name, isIndex: false, at: place.at });
    else {
      const { key } = place;
      if (key.kind !== 'text') {
        throw new Problem(
          'a name in quotes stands in brackets',
          'write for example `["x"]`',
          key.at,
        );
      }
      steps.push({ text: key.value, isIndex: true, at: key.at });
    }
    place = place.of;
  }
  if (place.kind !== 'name') return undefined;
  steps.push({ text: place.name, isIndex: false, at: place.at });
  return steps.reverse();
}

function dottedName(path: readonly Step[]): string {
  return path
    .map(({ text, isIndex }, i) => (isIndex ? `["${text}"]` : i === 0 ? text : `.${text}`))
    .join('');
}

function memberOf(collection: string, step: Step): Subject | undefined {
  const name = dottedName([{ ...step, text: collection, isIndex: false }, step]);
  switch (collection) {
    case 'source.labels': {
      const label = placed(parseName(step.text), step);
      return { kind: 'identity', name, attribute: IdentityAttribute.Label, label };
    }
    case 'request.headers': {
      const header = placed(parseHeaderName(step.text), step);
      return { kind: 'request', name, ref: { kind: RequestKind.Header, name: header } };
    }
    case 'request.parameters': {
      const parameter = placed(parseParameterName(step.text), step);
      return { kind: 'request', name, ref: { kind: RequestKind.Parameter, name: parameter } };
    }
    default:
      return undefined;
  }
}

function placed(name: string | Problem, step: Step): string {
  if (name instanceof Problem) throw new Problem(name.message, name.help, step.at);
  return name;
}

function anyLine(call: Extract<Expression, { kind: 'call' }>): Subject | undefined {
  if (call.name !== 'any' || call.of !== undefined) return undefined;
  const [argument] = call.args;
  const header = argument === undefined ? undefined : subjectOf(argument);
  if (
    call.args.length !== 1 ||
    header?.kind !== 'request' ||
    header.ref.kind !== RequestKind.Header
  ) {
    throw new Problem('`any` takes a header', 'write `any(request.headers["x"])`', call.at);
  }
  const ref = { kind: RequestKind.AnyHeader, name: header.ref.name };
  return { kind: 'request', name: `any(${header.name})`, ref };
}

function unknownAttribute(path: readonly Step[], at: number): Problem {
  const name = dottedName(path);
  if (collectionNames.includes(name)) {
    return new Problem(`\`${name}\` takes a name`, `write for example \`${name}["x"]\``, at);
  }
  const all = `attributes are ${attributeNames.join(', ')}`;
  const nearest = nearestAttribute(name, path);
  const help = nearest === undefined ? all : `did you mean \`${nearest}\`? ${all}`;
  return new Problem(`unknown attribute ${quoted(name)}`, help, at);
}

// By the whole name, by its first two parts for attributes with a name inside, or by its last part alone.
function nearestAttribute(name: string, path: readonly Step[]): string | undefined {
  const candidates = [...subjectsByName.keys(), ...collectionNames];
  const start = path.length > 2 ? dottedName(path.slice(0, 2)) : name;
  return (
    nearestName(name, candidates) ??
    nearestName(start, candidates) ??
    candidates.find((candidate) => candidate.endsWith(`.${name}`))
  );
}

const factName = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
