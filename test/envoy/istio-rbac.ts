/**
 * Istio's AuthorizationPolicies as Envoy's RBAC filters, the way Istio's control plane writes them
 * (pilot/pkg/security/authz/builder, model and matcher). Only for tests; shares nothing with the import.
 */
import { parseAllDocuments } from 'yaml';

import type { Json } from '../../controller/xds/fill-template.ts';

/** The filters of a workload that all policies of the text select, in the order of Istio: DENY, then ALLOW. */
export function rbacFilters(text: string): Json[] {
  const policies = [...parseAllDocuments(text)].map((document) => document.toJS() as Policy);
  const of = (action: string) => policies.filter(({ spec }) => (spec.action ?? 'ALLOW') === action);
  return (['DENY', 'ALLOW'] as const).flatMap((action) => {
    const chosen = of(action);
    return chosen.length === 0 ? [] : [rbacFilter(action, chosen)];
  });
}

type Values = Readonly<Record<string, readonly string[]>>;

interface Rule {
  readonly from?: readonly { readonly source: Values }[];
  readonly to?: readonly { readonly operation: Values }[];
  readonly when?: readonly {
    readonly key: string;
    readonly values?: readonly string[];
    readonly notValues?: readonly string[];
  }[];
}

interface Policy {
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly action?: string; readonly rules?: readonly Rule[] };
}

function rbacFilter(action: 'ALLOW' | 'DENY', policies: readonly Policy[]): Json {
  const isShadow = ({ metadata }: Policy) => metadata.annotations?.['istio.io/dry-run'] === 'true';
  const enforced = policies.filter((policy) => !isShadow(policy));
  const shadow = policies.filter(isShadow);
  return {
    name: 'envoy.filters.http.rbac',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC',
      ...(enforced.length > 0 && { rules: { action, policies: rulesOf(enforced) } }),
      ...(shadow.length > 0 && { shadow_rules: { action, policies: rulesOf(shadow) } }),
    },
  };
}

function rulesOf(policies: readonly Policy[]): Record<string, Json> {
  const entries = policies.flatMap(({ metadata, spec }): [string, Json][] => {
    const name = (index: number) => `ns[shop]-policy[${metadata.name}]-rule[${index}]`;
    if (!spec.rules || spec.rules.length === 0) return [[name(0), matchNever]];
    return spec.rules.map((rule, index) => [name(index), ruleOf(rule)]);
  });
  return Object.fromEntries(entries);
}

const matchNever: Json = {
  permissions: [{ not_rule: { any: true } }],
  principals: [{ not_id: { any: true } }],
};

// Conditions go to the permissions or to the principals; those behind the fields of `from` and `to`.
function ruleOf({ from, to, when }: Rule): Json {
  const conditions = (when ?? []).map((each) => ({
    ...each,
    isPermission: isPermission(each.key),
  }));
  const permissionBase = conditions.filter((each) => each.isPermission);
  const principalBase = conditions.filter((each) => !each.isPermission);
  const principals = (from ?? [{ source: {} }]).map(({ source }) =>
    and('and_ids', 'ids', [
      ...fieldsOf(source, sourceKeys, principalSet, principalOf),
      ...principalBase.flatMap((each) => listOf(each, principalSet, principalOf)),
    ]),
  );
  const permissions = (to ?? [{ operation: {} }]).map(({ operation }) =>
    and('and_rules', 'rules', [
      ...fieldsOf(operation, operationKeys, permissionSet, permissionOf),
      ...permissionBase.flatMap((each) => listOf(each, permissionSet, permissionOf)),
    ]),
  );
  return { permissions, principals };
}

interface SetNames {
  readonly or: string;
  readonly inner: string;
  readonly not: string;
}

const permissionSet: SetNames = { or: 'or_rules', inner: 'rules', not: 'not_rule' };
const principalSet: SetNames = { or: 'or_ids', inner: 'ids', not: 'not_id' };

const sourceKeys: Readonly<Record<string, string>> = {
  principals: 'source.principal',
  trustDomains: 'source.trustDomain',
  namespaces: 'source.namespace',
};
const operationKeys: Readonly<Record<string, string>> = {
  hosts: ':authority',
  methods: ':method',
  paths: 'path',
  ports: 'destination.port',
};

function isPermission(key: string): boolean {
  return key === 'destination.port';
}

function fieldsOf(
  values: Values,
  keys: Readonly<Record<string, string>>,
  set: SetNames,
  matcher: (key: string, value: string) => Json,
): Json[] {
  return Object.entries(keys).flatMap(([field, key]) => {
    const not = `not${field.charAt(0).toUpperCase()}${field.slice(1)}`;
    const lists = { key, values: values[field] ?? [], notValues: values[not] ?? [] };
    return listOf(lists, set, matcher);
  });
}

function listOf(
  { key, values = [], notValues = [] }: NonNullable<Rule['when']>[number],
  set: SetNames,
  matcher: (key: string, value: string) => Json,
): Json[] {
  const or = (texts: readonly string[]): Json => ({
    [set.or]: { [set.inner]: texts.map((text) => matcher(key, text)) },
  });
  return [
    ...(values.length > 0 ? [or(values)] : []),
    ...(notValues.length > 0 ? [{ [set.not]: or(notValues) }] : []),
  ];
}

function and(outer: string, inner: string, parts: readonly Json[]): Json {
  return { [outer]: { [inner]: parts.length > 0 ? parts : [{ any: true }] } };
}

function permissionOf(key: string, value: string): Json {
  switch (key) {
    case 'destination.port':
      return { destination_port: Number(value) };
    case ':method':
      return { header: headerMatcher(key, value, false) };
    case ':authority':
      return { header: headerMatcher(key, value, true) };
    default:
      return value.includes('{*}') || value.includes('{**}')
        ? uriTemplate(value.replaceAll('{**}', '**').replaceAll('{*}', '*'))
        : { url_path: { path: stringMatcher(value) } };
  }
}

function uriTemplate(template: string): Json {
  const type = 'envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig';
  const typed_config = { '@type': `type.googleapis.com/${type}`, path_template: template };
  return { uri_template: { name: 'uri-template', typed_config } };
}

function principalOf(key: string, value: string): Json {
  const name = /^request\.headers\[(.+)\]$/.exec(key)?.[1];
  if (name !== undefined) return { header: headerMatcher(name, value, false) };
  return { authenticated: { principal_name: principalName(key, value) } };
}

function principalName(key: string, value: string): Json {
  if (key === 'source.principal') return stringMatcher(value, 'spiffe://');
  if (key === 'source.namespace') return regex(`.*/ns/${quote(value)}/.*`);
  if (value === '*') return { prefix: 'spiffe://' };
  if (!value.includes('*')) return { prefix: `spiffe://${value}/` };
  return regex(`spiffe://${value.split('*').map(quote).join('[^/]*')}/.*`);
}

function headerMatcher(name: string, value: string, ignore_case: boolean): Json {
  if (value === '*') return { name, present_match: true };
  return { name, string_match: { ...plainMatcher(value), ignore_case } };
}

function plainMatcher(value: string): Record<string, Json> {
  if (value.startsWith('*')) return { suffix: value.slice(1) };
  return value.endsWith('*') ? { prefix: value.slice(0, -1) } : { exact: value };
}

function stringMatcher(value: string, prefix = ''): Json {
  if (value === '*') return regex('.+');
  if (value.startsWith('*')) {
    return prefix === ''
      ? { suffix: value.slice(1) }
      : regex(`${prefix}.*${quote(value.slice(1))}`);
  }
  if (value.endsWith('*')) return { prefix: `${prefix}${value.slice(0, -1)}` };
  return { exact: `${prefix}${value}` };
}

function regex(text: string): Json {
  return { safe_regex: { regex: text } };
}

function quote(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
