/** What Istio and Envoy decide, read naively off their documentation; only for tests. */
import {
  type IstioTestPolicy,
  type IstioTestRule,
  isDryRun,
  type TestRequest,
} from './istio-text.ts';

/** Whether the request is allowed. DENY before ALLOW; without an ALLOW policy the rest is allowed. */
export function isAllowedByIstio(
  policies: readonly IstioTestPolicy[],
  request: TestRequest,
): boolean {
  const enforced = policies.filter((policy) => !isDryRun(policy));
  const of = (action: string) => enforced.filter(({ spec }) => (spec.action ?? 'ALLOW') === action);
  const matches = (policy: IstioTestPolicy) =>
    (policy.spec.rules ?? []).some((rule) => ruleMatches(rule, request));
  if (of('DENY').some(matches)) return false;
  return of('ALLOW').length === 0 || of('ALLOW').some(matches);
}

function ruleMatches({ from, to, when }: IstioTestRule, request: TestRequest): boolean {
  const holds = (lists: Readonly<Record<string, readonly string[]>>) =>
    Object.entries(lists).every(([field, values]) => {
      const [, first, rest] = /^not([A-Z])(.*)$/.exec(field) ?? [];
      const plain = first === undefined ? field : `${first.toLowerCase()}${rest}`;
      const isHit = values.some((value) => fieldMatches(plain, value, request));
      return first === undefined ? isHit : !isHit;
    });
  return (
    (from ?? [{ source: {} }]).some(({ source }) => holds(source)) &&
    (to ?? [{ operation: {} }]).some(({ operation }) => holds(operation)) &&
    (when ?? []).every(({ key, values, notValues }) => {
      const isHit = (value: string) => conditionMatches(key, value, request);
      return (!values || values.some(isHit)) && !(notValues ?? []).some(isHit);
    })
  );
}

function fieldMatches(field: string, value: string, request: TestRequest): boolean {
  const path = request.path.split('?')[0] ?? '';
  switch (field) {
    case 'principals':
      return conditionMatches('source.principal', value, request);
    case 'trustDomains':
      return conditionMatches('source.trustDomain', value, request);
    case 'namespaces':
      return conditionMatches('source.namespace', value, request);
    case 'ipBlocks':
      return request.isInBlock;
    case 'requestPrincipals':
      return false;
    case 'hosts':
      return textMatches(value.toLowerCase(), request.authority.toLowerCase());
    case 'ports':
      return Number(value) === request.port;
    case 'methods':
      return textMatches(value, request.method);
    case 'paths':
      return /\{\*\*?\}/.test(value) ? templateMatches(value, path) : textMatches(value, path);
    default:
      throw new Error(`no field ${field}`);
  }
}

function conditionMatches(key: string, value: string, request: TestRequest): boolean {
  const id = request.uri.slice('spiffe://'.length);
  const header = /^request\.headers\[(.+)\]$/.exec(key)?.[1];
  if (header !== undefined) {
    const name = header.toLowerCase();
    if (name === ':method') return textMatches(value, request.method);
    const lines = request.headers.flatMap(([each, line]) => (each === name ? [line] : []));
    return lines.some((line) => value === '*' || textMatches(value, line));
  }
  switch (key) {
    case 'source.principal':
      return textMatches(value, id);
    case 'source.trustDomain':
      return textMatches(value, id.split('/')[0] ?? '');
    case 'source.namespace':
      return id.includes(`/ns/${value}/`);
    case 'destination.port':
      return Number(value) === request.port;
    default:
      throw new Error(`no attribute ${key}`);
  }
}

function textMatches(value: string, text: string): boolean {
  if (value === '*') return text !== '';
  if (value.startsWith('*')) return text.endsWith(value.slice(1));
  return value.endsWith('*') ? text.startsWith(value.slice(0, -1)) : text === value;
}

function templateMatches(template: string, path: string): boolean {
  const quoted = template.replaceAll(/[.$()+]/g, '\\$&');
  const pattern = quoted.replaceAll('{**}', '.*').replaceAll('{*}', '[^/]+');
  return new RegExp(`^${pattern}$`).test(path);
}
