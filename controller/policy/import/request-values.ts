/** Istio's values for methods, hosts, headers and ports as terms. */
import { RequestKind, TextOp } from '../../layout.ts';
import { checkRequestText } from '../request-text.ts';
import { type Carried, neverMatching, notCarried } from './carried.ts';
import { always, never, type Test } from './term.ts';
import { readIstioText } from './text-match.ts';

/** A method; Envoy compares it as it is written, and so do rules, which know capitals only. */
export function methodTerm(value: string): Carried {
  const read = readIstioText(value);
  if (read.test === 'present') return { term: always };
  return compared(RequestKind.Method, { kind: 'method', test: read.test, text: read.text }, value);
}

/**
 * A host: compared with the whole authority, port included, without case. Requests without an authority reach no rule,
 * in Envoy (400) and here, so that `*` holds for all.
 */
export function hostTerm(value: string): Carried {
  const read = readIstioText(value);
  if (read.test === 'present') return { term: always };
  const text = lowerAscii(read.text);
  return compared(RequestKind.Authority, { kind: 'authority', test: read.test, text }, value);
}

/** A value of the header `name`, which one of its lines has to match. */
export function headerTerm(name: string, value: string): Carried {
  const lower = lowerAscii(name);
  const read = readIstioText(value);
  if (lower === ':method') return methodTerm(value);
  if (lower === ':authority' || lower === 'host') {
    if (read.test === 'present') return { term: always };
    return notCarried(
      `\`${name}\` is compared with regard to case by Envoy and without here; use \`hosts\``,
    );
  }
  if (lower === ':path') {
    return notCarried('`:path` is compared with its query by Envoy; use `paths`');
  }
  if (lower.startsWith(':')) return notCarried(`\`${name}\` cannot be read by rules`);
  if (lower.startsWith('x-dta-') || lower === 'x-forwarded-client-cert') {
    return notCarried(
      `the header \`${name}\` belongs to the mesh; what callers send is never read`,
    );
  }
  if (!headerName.test(lower)) return neverMatching(`no header can be called \`${name}\``);
  if (read.test === 'present') return { term: { kind: 'headerThere', name: lower } };
  const test: Compared = { kind: 'header', name: lower, test: read.test, text: read.text };
  return compared(RequestKind.AnyHeader, test, value);
}

/** A port of the workload; decided here and now when `only` is known to be its only one. */
export function portTerm(value: string, only: number | undefined): Carried {
  if (only === undefined) {
    return notCarried('rules do not see the port; name the only one of the workload with `--port`');
  }
  return { term: Number(value) === only ? always : never };
}

type Compared = Extract<Test, { kind: 'method' | 'authority' | 'header' }>;

// A text that rules refuse, such as a method in small letters, is no request that rules could ever name.
function compared(kind: RequestKind, test: Compared, value: string): Carried {
  const problem = checkRequestText(kind, { op: textOps[test.test], text: test.text }, value);
  return problem === undefined ? { term: test } : notCarried(problem.message);
}

// Envoy folds the case of ASCII only.
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const textOps = { equal: TextOp.Equal, prefix: TextOp.Prefix, suffix: TextOp.Suffix } as const;
