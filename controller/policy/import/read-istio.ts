/** Reads AuthorizationPolicies out of YAML files; what Istio would refuse is an error here as well. */
import { suggestName } from '../nearest-name.ts';
import type { PolicyError } from '../policy-error.ts';
import type { Origin } from '../policy-set.ts';
import { type PolicyDocument, type PolicyFile, readPolicyFile, slowBudget } from '../yaml-file.ts';
import {
  type IstioAction,
  type IstioCondition,
  type IstioPolicy,
  type IstioRule,
  type IstioScope,
  type Lists,
  negated,
  operationFields,
  sourceFields,
  type Written,
} from './istio-policy.ts';
import type { ImportNote } from './note.ts';

/** What was found. `notes` name documents of other kinds, which are passed over. */
export interface IstioFiles {
  readonly policies: readonly IstioPolicy[];
  readonly notes: readonly ImportNote[];
  readonly errors: readonly PolicyError[];
}

/** Reads every document, also the items of a `List`; `serviceLabel` is the label that names a service. */
export function readIstioFiles(files: readonly PolicyFile[], serviceLabel: string): IstioFiles {
  const policies: IstioPolicy[] = [];
  const notes: ImportNote[] = [];
  const errors: PolicyError[] = [];
  const budget = slowBudget();
  for (const read of files.flatMap((file) => [...readPolicyFile(file, budget)])) {
    if (Array.isArray(read)) errors.push(...read);
    else {
      for (const path of itemsOf(read.raw)) {
        const reader = new Reader(read, path, serviceLabel);
        const policy = reader.policy();
        errors.push(...reader.errors);
        if (typeof policy !== 'string') policies.push(policy);
        else notes.push(otherKind(read.originOf(path), policy));
      }
    }
  }
  return { policies, notes, errors };
}

function itemsOf(raw: unknown): PropertyKey[][] {
  const items = isMap(raw) && raw.kind === 'List' ? raw.items : undefined;
  return Array.isArray(items) ? items.map((_, i) => ['items', i]) : [[]];
}

function otherKind(origin: Origin, kind: string): ImportNote {
  const message = `a ${kind === '' ? 'document without `kind`' : `\`${kind}\``} is not imported`;
  return { ...origin, kind: 'information', policy: '', field: 'kind', message };
}

type Fields = Record<string, unknown>;
type Path = readonly PropertyKey[];

/** Reads one policy, collecting what is wrong with it. */
class Reader {
  readonly errors: PolicyError[] = [];
  readonly #document: PolicyDocument;
  readonly #base: Path;
  readonly #serviceLabel: string;

  constructor(document: PolicyDocument, base: Path, serviceLabel: string) {
    this.#document = document;
    this.#base = base;
    this.#serviceLabel = serviceLabel;
  }

  /** The policy, or the kind of a document that is none. */
  policy(): IstioPolicy | string {
    const raw = this.#base.reduce<unknown>(at, this.#document.raw);
    if (!isMap(raw) || raw.kind !== 'AuthorizationPolicy') {
      return isMap(raw) && typeof raw.kind === 'string' ? raw.kind : '';
    }
    this.#checkVersion(raw.apiVersion);
    const metadata = this.#map(raw.metadata, [...this.#base, 'metadata']);
    const namespace = textOr(metadata.namespace, '');
    if (!placeName.test(namespace) && namespace !== '') {
      const help = 'Kubernetes takes 1 to 63 lower-case letters, digits and hyphens';
      this.#error([...this.#base, 'metadata', 'namespace'], 'not a namespace', help);
    }
    const annotations = isMap(metadata.annotations) ? metadata.annotations : {};
    const specPath = [...this.#base, 'spec'];
    const spec = this.#map(raw.spec ?? {}, specPath);
    this.#known(spec, specPath, specFields);
    const action = this.#action(spec.action, [...specPath, 'action']);
    const scope = this.#scope(spec, specPath);
    const rules = this.#list(spec.rules, [...specPath, 'rules']).map(({ value, path }) =>
      this.#rule(value, path),
    );
    return {
      namespace,
      name: textOr(metadata.name, 'unnamed'),
      action,
      isDryRun: dryRunTexts.has(textOr(annotations['istio.io/dry-run'], '')),
      ...scope,
      rules,
      path: this.#base,
      originOf: this.#document.originOf,
    };
  }

  #checkVersion(version: unknown): void {
    if (version === 'security.istio.io/v1' || version === 'security.istio.io/v1beta1') return;
    const help = 'versions `security.istio.io/v1` and `security.istio.io/v1beta1` are read';
    this.#error([...this.#base, 'apiVersion'], '`apiVersion` is not one of Istio', help);
  }

  #action(value: unknown, path: Path): IstioAction {
    const action = value ?? 'ALLOW';
    if (isOneOf(action, actions)) return action;
    this.#error(path, 'unknown action', `write one of ${actions.join(', ')}`);
    return 'ALLOW';
  }

  #scope(spec: Fields, path: Path): { scope: IstioScope; scopePath: Path } {
    for (const field of ['targetRef', 'targetRefs']) {
      if (spec[field] === undefined) continue;
      const how = `\`${field}\` ${JSON.stringify(spec[field])}`;
      return { scope: { kind: 'some', also: [how] }, scopePath: [...path, field] };
    }
    const scopePath = [...path, 'selector'];
    if (spec.selector === undefined) return { scope: everywhere, scopePath: path };
    const selector = this.#map(spec.selector, scopePath);
    this.#known(selector, scopePath, ['matchLabels']);
    const labels = this.#map(selector.matchLabels ?? {}, [...scopePath, 'matchLabels']);
    const service = labels[this.#serviceLabel];
    const also = Object.entries(labels)
      .filter(([name]) => name !== this.#serviceLabel || typeof service !== 'string')
      .map(([name, value]) => `label \`${name}: ${String(value)}\``)
      .sort();
    if (typeof service !== 'string') {
      return { scope: also.length === 0 ? everywhere : { kind: 'some', also }, scopePath };
    }
    if (!placeName.test(service)) {
      const help = 'services are called by 1 to 63 letters, digits, dots, underscores and hyphens';
      this.#error([...scopePath, 'matchLabels', this.#serviceLabel], 'not a service name', help);
    }
    return { scope: { kind: 'named', service, also }, scopePath };
  }

  #rule(value: unknown, path: Path): IstioRule {
    const rule = this.#map(value, path);
    this.#known(rule, path, ['from', 'to', 'when']);
    return {
      path,
      from: this.#entries(rule.from, [...path, 'from'], 'source', sourceFields),
      to: this.#entries(rule.to, [...path, 'to'], 'operation', operationFields),
      when: this.#list(rule.when, [...path, 'when']).map((each) => this.#condition(each)),
    };
  }

  #entries(value: unknown, path: Path, inner: string, fields: readonly string[]): Lists[] {
    const allFields = fields.flatMap((field) => [field, negated(field)]);
    const entries = this.#list(value, path);
    if (Array.isArray(value) && value.length === 0) {
      this.#error(path, 'an empty list matches nothing in Istio', 'leave it out for everything');
    }
    return entries.map(({ value: entry, path: at }) => {
      const outer = this.#map(entry, at);
      this.#known(outer, at, [inner]);
      const innerPath = [...at, inner];
      const map = this.#map(outer[inner], innerPath);
      this.#known(map, innerPath, allFields);
      const lists = allFields.flatMap((field): [string, Written[]][] => {
        const texts = this.#texts(map[field], [...innerPath, field]);
        return texts.length === 0 ? [] : [[field, texts]];
      });
      if (lists.length === 0) {
        this.#error(innerPath, `\`${inner}\` names nothing`, 'leave it out for everything');
      }
      return new Map(lists);
    });
  }

  #condition({ value, path }: Item): IstioCondition {
    const map = this.#map(value, path);
    this.#known(map, path, ['key', 'values', 'notValues']);
    const values = this.#texts(map.values, [...path, 'values']);
    const notValues = this.#texts(map.notValues, [...path, 'notValues']);
    if (values.length + notValues.length === 0) {
      this.#error(path, 'a condition needs `values` or `notValues`', 'add one of them');
    }
    if (typeof map.key !== 'string' || !attributes.test(map.key)) {
      const known = 'source.principal, source.namespace, request.headers[name], destination.port';
      this.#error([...path, 'key'], 'unknown attribute', `Istio knows for example ${known}`);
    }
    return { key: { text: textOr(map.key, ''), path: [...path, 'key'] }, values, notValues };
  }

  #texts(value: unknown, path: Path): Written[] {
    return this.#list(value, path).map(({ value: text, path: at }) => {
      if (typeof text !== 'string' || text === '') {
        this.#error(at, 'not a text, or an empty one', 'Istio takes texts only; quote numbers');
      }
      return { text: textOr(text, ''), path: at };
    });
  }

  #list(value: unknown, path: Path): Item[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value.map((each, i) => ({ value: each, path: [...path, i] }));
    this.#error(path, 'not a list', 'start each entry with `- `');
    return [];
  }

  #map(value: unknown, path: Path): Fields {
    if (isMap(value)) return value;
    this.#error(path, 'not a map of fields', 'write it as Istio documents it');
    return {};
  }

  #known(map: Fields, path: Path, fields: readonly string[]): void {
    for (const key of Object.keys(map).filter((each) => !fields.includes(each))) {
      const place = this.#document.originOfKey([...path, key]);
      const help = suggestName(key, fields);
      this.errors.push({ ...place, message: `unknown field \`${key}\``, help });
    }
  }

  #error(path: Path, message: string, help: string): void {
    this.errors.push({ ...this.#document.originOf(path), message, help });
  }
}

interface Item {
  readonly value: unknown;
  readonly path: Path;
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function at(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function isOneOf<T extends string>(value: unknown, values: readonly T[]): value is T {
  return values.some((each) => each === value);
}

const everywhere: IstioScope = { kind: 'all', also: [] };
const placeName = /^[A-Za-z0-9._-]{1,63}$/;
const actions = ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'] as const;
const specFields = ['selector', 'targetRef', 'targetRefs', 'rules', 'action', 'provider'];
/** What Go's ParseBool, which Istio uses, takes for true. */
const dryRunTexts = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const attributes =
  /^(source\.(ip|principal|namespace|serviceAccount|trustDomain)|remote\.ip|destination\.(ip|port)|connection\.sni|request\.auth\.(principal|audiences|presenter)|request\.(headers|auth\.claims)\[.+\]|experimental\.envoy\.filters\..+\[.+\])$/;
