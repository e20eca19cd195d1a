/** A rule of Istio as terms, as Istio's own generator puts it together (pilot/pkg/security/authz/model). */
import { type Carried, neverMatching, notCarried } from './carried.ts';
import {
  type IstioCondition,
  type IstioPolicy,
  type IstioRule,
  type Lists,
  negated,
  operationFields,
  sourceFields,
  titleOf,
  type Written,
} from './istio-policy.ts';
import { fieldText, type ImportNote } from './note.ts';
import { pathTerm } from './path-value.ts';
import {
  type NameMapping,
  namespaceTerm,
  principalTerm,
  serviceAccountTerm,
  trustDomainTerm,
} from './principal.ts';
import { headerTerm, hostTerm, methodTerm, portTerm } from './request-values.ts';
import { allOf, always, anyOf, notOf, type Term } from './term.ts';

/** A rule: one of `from`, one of `to` and all of `when` hold. */
export interface RuleTerms {
  readonly from: Term;
  readonly to: readonly Term[];
  readonly when: Term;
}

/** What is known of the mesh beside the policies. */
export interface ValueMapping extends NameMapping {
  /** The only port of the workload. */
  readonly port?: number | undefined;
}

/** The terms of a rule; `notes` gets what has to be said about its values. */
export function ruleTerms(
  rule: IstioRule,
  policy: IstioPolicy,
  mapping: ValueMapping,
  notes: ImportNote[],
): RuleTerms {
  const take = (written: Written, carried: Carried, isNegated: boolean): Term => {
    if (carried.why !== undefined) notes.push(valueNote(written, carried, policy, isNegated));
    return carried.term;
  };
  const listsTerm = (lists: Lists, fields: readonly string[]): Term =>
    allOf(
      fields.flatMap((field) => {
        const read: ReadValue = (written, isNegated) =>
          take(written, fieldValue(field, written.text, policy, mapping), isNegated);
        return valuesTerm(lists.get(field) ?? [], lists.get(negated(field)) ?? [], read);
      }),
    );
  const conditionTerm = ({ key, values, notValues }: IstioCondition): Term => {
    const read: ReadValue = (written, isNegated) =>
      take(written, conditionValue(key.text, written.text, policy, mapping), isNegated);
    return allOf(valuesTerm(values, notValues, read));
  };
  const isOpen = rule.from.length === 0;
  return {
    from: isOpen ? always : anyOf(rule.from.map((lists) => listsTerm(lists, sourceFields))),
    to: rule.to.length === 0 ? [always] : rule.to.map((lists) => listsTerm(lists, operationFields)),
    when: allOf(rule.when.map(conditionTerm)),
  };
}

type ReadValue = (written: Written, isNegated: boolean) => Term;

// One of the values, and none of the negated ones.
function valuesTerm(
  values: readonly Written[],
  notValues: readonly Written[],
  read: ReadValue,
): Term[] {
  const terms: Term[] = [];
  if (values.length > 0) terms.push(anyOf(values.map((each) => read(each, false))));
  if (notValues.length > 0) {
    terms.push(notOf(anyOf(notValues.map((each) => read(each, true)))));
  }
  return terms;
}

function fieldValue(
  field: string,
  value: string,
  policy: IstioPolicy,
  mapping: ValueMapping,
): Carried {
  switch (field) {
    case 'principals':
      return conditionValue('source.principal', value, policy, mapping);
    case 'namespaces':
      return conditionValue('source.namespace', value, policy, mapping);
    case 'serviceAccounts':
      return conditionValue('source.serviceAccount', value, policy, mapping);
    case 'trustDomains':
      return conditionValue('source.trustDomain', value, policy, mapping);
    case 'requestPrincipals':
      return notCarried(noTokens);
    case 'ipBlocks':
    case 'remoteIpBlocks':
      return notCarried(noAddresses);
    case 'hosts':
      return hostTerm(value);
    case 'ports':
      return portTerm(value, mapping.port);
    case 'methods':
      return methodTerm(value);
    default:
      return pathTerm(value);
  }
}

function conditionValue(
  key: string,
  value: string,
  policy: IstioPolicy,
  mapping: ValueMapping,
): Carried {
  const header = /^request\.headers\[(.+)\]$/.exec(key)?.[1];
  if (header !== undefined) return headerTerm(header, value);
  switch (key) {
    case 'source.principal':
      return principal(value, mapping);
    case 'source.namespace':
      return named(namespaceTerm(value, mapping), noNamespaces);
    case 'source.serviceAccount':
      return named(serviceAccountTerm(value, policy.namespace, mapping), noAccounts);
    case 'source.trustDomain':
      return noIdentity(trustDomainTerm(value), value);
    case 'destination.port':
      return portTerm(value, mapping.port);
    case 'connection.sni':
      return notCarried('the server name of the handshake is not visible to rules');
    case 'source.ip':
    case 'remote.ip':
    case 'destination.ip':
      return notCarried(noAddresses);
    default:
      return notCarried(
        key.startsWith('request.auth.') ? noTokens : 'metadata of Envoy is not read',
      );
  }
}

function principal(value: string, mapping: NameMapping): Carried {
  if (value.startsWith('spiffe://')) {
    const help = `Istio puts it in front itself; \`${value.slice('spiffe://'.length)}\` was meant`;
    return neverMatching(`\`${value}\` matches nobody in Istio: ${help}`);
  }
  return noIdentity(principalTerm(value, mapping), value);
}

function named(term: Term, why: string): Carried {
  return term.kind === 'gap' ? notCarried(why) : { term };
}

function noIdentity(term: Term, value: string): Carried {
  if (term.kind !== 'constant' || term.value) return { term };
  const form = 'spiffe://<domain>/env/<environment>/team/<team>/svc/<service>/i/<uuid>';
  return neverMatching(`no identity of the mesh can match \`${value}\`: they are \`${form}\``);
}

function valueNote(
  { path }: Written,
  { term, why }: Carried,
  policy: IstioPolicy,
  isNegated: boolean,
): ImportNote {
  const isGap = term.kind === 'gap';
  const effect = isGap ? effectOf(term.widest, policy.action === 'ALLOW', isNegated) : '';
  return {
    ...policy.originOf(path),
    kind: isGap ? 'notCarried' : 'neverMatches',
    policy: titleOf(policy),
    field: fieldText(path),
    message: isGap ? `${why}: ${effect}` : `${why}`,
  };
}

// A deny rule takes the widest of what it names, an allow rule of what it excepts; otherwise nothing is left of a gap.
function effectOf(widest: Term | undefined, isAllow: boolean, isNegated: boolean): string {
  if (widest?.kind === 'path' && isAllow === isNegated) {
    const { template } = widest;
    return isAllow ? `nothing of \`${template}\` is allowed` : `all of \`${template}\` is denied`;
  }
  return isAllow ? 'what needs it is not allowed' : 'denied without it';
}

const noTokens = 'tokens of end users are not read';
const noAddresses = 'identity is bound to certificates, never to an address';
const noNamespaces =
  'identities of the mesh have no namespace; say what stands for it with `--namespace-is`';
const noAccounts =
  'identities of the mesh have no service account; map it with `--namespace-is` and `--service-account-is`';
