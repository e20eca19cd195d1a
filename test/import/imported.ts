/** Imports for tests: the text that comes out of random policies. */
import {
  type ImportResult,
  importAuthorizationPolicies,
} from '../../controller/policy/import/authorization-policies.ts';
import { type IstioTestPolicy, istioText } from './istio-text.ts';

/** Imports policies for `orders`, whose only port is `port`. Throws when one is not valid. */
export function importPolicies(policies: readonly IstioTestPolicy[], port: number): ImportResult {
  const result = importAuthorizationPolicies([{ name: 'istio.yaml', text: istioText(policies) }], {
    serviceLabel: 'app',
    rootNamespace: 'istio-system',
    port,
  });
  if (result.errors.length > 0) throw new Error(JSON.stringify(result.errors[0]));
  return result;
}

/** Whether something was lost, so that the import may deny more than the original. */
export function isNarrower({ notes }: ImportResult): boolean {
  return notes.some(({ kind }) => kind === 'notCarried');
}
