/** Selectors: what a registration asks for, and which registration some evidence selects. */
import { DtaError } from '../../errors.ts';
import { show } from '../names.ts';
import type { ServiceRegistration } from '../registrations.ts';

/** Why a list of selectors cannot stand in a registration, with what helps; undefined: it can. */
export function selectorFault(
  selectors: readonly string[],
): { readonly message: string; readonly help: string } | undefined {
  if (selectors.length > mostSelectors) {
    return { message: `${selectors.length} selectors are more than ${mostSelectors}`, help: forms };
  }
  const bad = selectors.find((selector) => !selectorForm.test(selector));
  if (bad !== undefined) return { message: `\`${show(bad)}\` is no selector`, help: forms };
  const methods = new Set(selectors.map((selector) => selector.slice(0, selector.indexOf(':'))));
  if (methods.has('agent') && !methods.has('unix')) {
    const message = 'an agent alone proves nothing about a workload';
    return { message, help: 'add `unix:workload:<name>` or `unix:uid:<number>`' };
  }
  if (methods.has('unix') && !methods.has('agent')) {
    const message = 'any agent could vouch for this workload';
    return {
      message,
      help: 'add `agent:service:<environment>/<service>` or `agent:instance:<uuid>`',
    };
  }
  methods.delete('agent');
  if (methods.size > 1) {
    const message = 'evidence of two methods never comes together';
    return { message, help: 'make a registration for each method; they may name the same service' };
  }
  if (methods.has('k8s') && !selectors.some((selector) => selector.startsWith('k8s:ns:'))) {
    const message = 'any namespace of the cluster would do';
    return { message, help: 'add `k8s:ns:<namespace>`' };
  }
  return undefined;
}

/**
 * The registration whose selectors are all among those that were proved; of several the one that
 * asks for everything that the others ask for. Undefined: none, or no such one.
 *
 * @throws DtaError `conflict` when several match and none of them is the strictest.
 */
export function selectRegistration<Registration extends ServiceRegistration>(
  registrations: readonly Registration[],
  proved: readonly string[],
): Registration | undefined {
  const shown = new Set(proved);
  const matching = registrations.filter(
    ({ attest }) => attest.length > 0 && attest.every((selector) => shown.has(selector)),
  );
  const [first, ...others] = matching.sort((a, b) => b.attest.length - a.attest.length);
  if (!first) return undefined;
  const asked = new Set(first.attest);
  const rival = others.find(
    ({ attest }) => attest.length === first.attest.length || !attest.every((s) => asked.has(s)),
  );
  if (!rival) return first;
  throw new DtaError(
    'conflict',
    `registrations \`${first.name}\` and \`${rival.name}\` both match`,
    {
      help: 'give one of them every selector of the other, and one more',
    },
  );
}

const mostSelectors = 16;
/** What follows is compared, never interpreted: printable ASCII without spaces. */
const selectorForm =
  /^(?:k8s:(?:cluster|ns|sa|pod|pod-uid|node)|x509pop:(?:cn|dns|uri|fingerprint|ca)|unix:(?:uid|workload)|agent:(?:service|instance)):[!-~]{1,255}$/;
const forms =
  'use k8s:cluster|ns|sa|pod|pod-uid|node:…, x509pop:cn|dns|uri|fingerprint|ca:…, unix:uid|workload:…, agent:service|instance:…';
