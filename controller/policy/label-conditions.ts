/** Conditions on labels, replaced by the paths, headers and parameters that carry them at one destination. */
import type { Condition } from './cel/condition.ts';
import { joinConditions } from './cel/join-conditions.ts';
import type { AccessPolicy, AccessRule, DataClassification, RequestMatch } from './policy-set.ts';

/** A condition on a label of the route or of the request. */
export type LabelCondition = Extract<Condition, { kind: 'routeLabel' | 'requestLabel' }>;

/** Resolves conditions on labels with the classifications of one destination. What names no label stays as it is. */
export class LabelResolver {
  readonly #classifications: readonly DataClassification[];
  readonly #resolved = new Map<string, Condition>();

  constructor(classifications: readonly DataClassification[]) {
    this.#classifications = classifications;
  }

  /** The policy with resolved conditions; itself when it has no conditions on labels. */
  resolvePolicy(policy: AccessPolicy): AccessPolicy {
    const rules = mapSame(policy.rules, (rule) => this.#resolveRule(rule));
    return rules === policy.rules ? policy : { ...policy, rules };
  }

  /** What carries the label at this destination: the constant false when nothing does. */
  resolveLabel({ kind, label }: LabelCondition): Condition {
    const key = `${kind} ${label}`;
    let condition = this.#resolved.get(key);
    if (condition === undefined) {
      condition = joinConditions('or', this.#carriers(kind, label));
      this.#resolved.set(key, condition);
    }
    return condition;
  }

  #carriers(kind: LabelCondition['kind'], label: string): Condition[] {
    const found = new Map<string, Condition>();
    for (const { routes, requestValues } of this.#classifications) {
      if (kind === 'routeLabel') {
        for (const { paths } of routes.filter(({ labels }) => labels.includes(label))) {
          for (const template of paths) found.set(template.text, { kind: 'path', template });
        }
      } else {
        for (const { ref } of requestValues.filter((value) => value.label === label)) {
          found.set(`${ref.kind} ${ref.name}`, { kind: 'hasRequest', ref });
        }
      }
    }
    return [...found.values()];
  }

  #resolveRule(rule: AccessRule): AccessRule {
    const when = rule.when === undefined ? undefined : this.#resolve(rule.when);
    const to = mapSame(rule.to, (match) => this.#resolveMatch(match));
    return when === rule.when && to === rule.to ? rule : { ...rule, when, to };
  }

  #resolveMatch(match: RequestMatch): RequestMatch {
    const also = match.also === undefined ? undefined : this.#resolve(match.also);
    return also === match.also ? match : { ...match, also };
  }

  #resolve(condition: Condition): Condition {
    switch (condition.kind) {
      case 'routeLabel':
      case 'requestLabel':
        return this.resolveLabel(condition);
      case 'not': {
        const operand = this.#resolve(condition.operand);
        return operand === condition.operand ? condition : { kind: 'not', operand };
      }
      case 'and':
      case 'or': {
        const left = this.#resolve(condition.left);
        const right = this.#resolve(condition.right);
        const isSame = left === condition.left && right === condition.right;
        return isSame ? condition : { kind: condition.kind, left, right };
      }
      default:
        return condition;
    }
  }
}

// Sets without labels are the rule, and large: nothing is copied for them.
function mapSame<T>(items: readonly T[], change: (item: T) => T): readonly T[] {
  let changed: T[] | undefined;
  for (const [i, item] of items.entries()) {
    const next = change(item);
    if (next !== item) changed ??= items.slice(0, i);
    changed?.push(next);
  }
  return changed ?? items;
}
