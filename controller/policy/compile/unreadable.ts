/** What several masking policies of one destination come to for bodies that cannot be read. */
import { UnreadableAction } from '../../layout.ts';
import type { PathTemplate } from '../path-template.ts';
import type { MaskingPolicy } from '../policy-set.ts';

/** The stricter of two actions: Deny over RedactBody over PassUnmasked. */
export function stricterAction(a: UnreadableAction, b: UnreadableAction): UnreadableAction {
  return a < b ? a : b;
}

/** What happens where no route says anything else: the strictest of all policies, Deny when there is none. */
export function defaultAction(policies: readonly MaskingPolicy[]): UnreadableAction {
  const [first, ...others] = policies.map((policy) => policy.unreadable);
  return others.reduce(stricterAction, first ?? UnreadableAction.Deny);
}

/**
 * The routes of all policies. A route never loosens what another policy says in general; where routes of two policies meet,
 * the strictest counts.
 */
export function actionsOfRoutes(
  policies: readonly MaskingPolicy[],
): { path: PathTemplate; action: UnreadableAction }[] {
  return policies.flatMap((policy) => {
    const others = policies.filter((other) => other !== policy).map((other) => other.unreadable);
    return policy.routes.flatMap(({ paths, unreadable }) => {
      const action = others.reduce(stricterAction, unreadable);
      return paths.map((path) => ({ path, action }));
    });
  });
}
