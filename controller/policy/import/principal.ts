/** Istio's principals, namespaces and trust domains, taken apart into tests of the parts of an identity. */
import {
  allOf,
  always,
  anyOf,
  gap,
  type IdentityPart,
  never,
  type Term,
  type TextTest,
} from './term.ts';
import { readIstioText } from './text-match.ts';

/** What stands for names that Kubernetes has and this mesh has not. Both or only the first may be absent. */
export interface NameMapping {
  /** The part that says what a namespace says. */
  readonly namespaceIs?: 'environment' | 'team' | undefined;
  /** The part that says what a service account says; needs `namespaceIs`. */
  readonly serviceAccountIs?: 'service' | undefined;
}

/**
 * A principal: what Istio compares with the URI of the certificate without `spiffe://`. Exact, because the URI has nine
 * parts between slashes and no part holds a slash. `never` when no identity of the mesh can match. With a service
 * account mapped a caller has a second name, `<domain>/ns/<namespace>/sa/<service account>`.
 */
export function principalTerm(value: string, mapping: NameMapping): Term {
  const read = readIstioText(value);
  if (read.test === 'present') return always;
  const layouts = [ownLayout];
  const { namespaceIs, serviceAccountIs } = mapping;
  if (namespaceIs !== undefined && serviceAccountIs !== undefined) {
    layouts.push([
      { part: 'domain' },
      'ns',
      { part: namespaceIs },
      'sa',
      { part: serviceAccountIs },
    ]);
  }
  return anyOf(layouts.map((layout) => matchLayout(read.text, read.test, layout)));
}

/** A namespace; a gap unless namespaces are mapped, or when the wildcard stands in the middle. */
export function namespaceTerm(value: string, { namespaceIs }: NameMapping): Term {
  if (namespaceIs === undefined) return gap;
  if (value === '*') return always;
  const read = readIstioText(value);
  if (read.test === 'present' || read.text.includes('*')) return gap;
  return partTerm(namespaceIs, read.test, read.text);
}

/** `<service account>` of the policy's namespace, or `<namespace>/<service account>`; a gap unless both are mapped. */
export function serviceAccountTerm(value: string, namespace: string, mapping: NameMapping): Term {
  const { namespaceIs, serviceAccountIs } = mapping;
  if (namespaceIs === undefined || serviceAccountIs === undefined) return gap;
  const [first = '', second] = value.split('/');
  return allOf([
    partTerm(namespaceIs, 'equal', second === undefined ? namespace : first),
    partTerm(serviceAccountIs, 'equal', second ?? first),
  ]);
}

/** A trust domain. */
export function trustDomainTerm(value: string): Term {
  const read = readIstioText(value);
  return read.test === 'present' ? always : partTerm('domain', read.test, read.text);
}

/** A part between slashes: a fixed word, or a part of the identity. */
type LayoutPart = string | { readonly part: IdentityPart };

const ownLayout: readonly LayoutPart[] = [
  { part: 'domain' },
  'env',
  { part: 'environment' },
  'team',
  { part: 'team' },
  'svc',
  { part: 'service' },
  'i',
  { part: 'instance' },
];

function matchLayout(text: string, test: TextTest, layout: readonly LayoutPart[]): Term {
  const written = text.split('/');
  if (written.length > layout.length) return never;
  if (test === 'equal' && written.length < layout.length) return never;
  // Aligned at the start, or for a suffix at the end; only the outermost written part may be incomplete.
  const shift = test === 'suffix' ? layout.length - written.length : 0;
  const open = test === 'suffix' ? 0 : test === 'prefix' ? written.length - 1 : -1;
  const terms = written.map((part, index): Term => {
    const place = layout[index + shift] ?? '';
    const partTest = index === open ? test : 'equal';
    if (typeof place === 'string') return fitsWord(part, partTest, place) ? always : never;
    // Istio reads `cluster.local` in names of five parts as the trust domain of the mesh itself.
    if (place.part === 'domain' && part === 'cluster.local' && written.length === 5) {
      if (partTest === 'equal') return always;
    }
    return partTerm(place.part, partTest, part);
  });
  return allOf(terms);
}

function fitsWord(part: string, test: TextTest, word: string): boolean {
  if (test === 'equal') return part === word;
  return test === 'prefix' ? word.startsWith(part) : word.endsWith(part);
}

function partTerm(part: IdentityPart, test: TextTest, text: string): Term {
  if (text === '' && test !== 'equal') return always;
  const { characters, lengthMax } = part === 'domain' ? domain : segment;
  if (text === '' || text.length > lengthMax || !characters.test(text)) return never;
  if (part === 'instance') {
    if (!fitsUuid(text, test)) return never;
    return { kind: 'identity', part, test: text.length === uuidForm.length ? 'equal' : test, text };
  }
  return { kind: 'identity', part, test, text };
}

function fitsUuid(text: string, test: TextTest): boolean {
  if (test === 'equal' && text.length !== uuidForm.length) return false;
  const form = test === 'suffix' ? uuidForm.slice(-text.length) : uuidForm.slice(0, text.length);
  if (form.length !== text.length) return false;
  return [...text].every((letter, i) =>
    form[i] === '-' ? letter === '-' : /[0-9a-f]/.test(letter),
  );
}

const domain = { characters: /^[a-z0-9._-]*$/, lengthMax: 255 };
const segment = { characters: /^[A-Za-z0-9._-]*$/, lengthMax: 63 };
const uuidForm = 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx';
