/** The names under which resources are asked for. */
import type { ResourceKey } from './model.ts';

/** Type URLs that the server answers; streams that ask for another type get nothing. */
export const typeUrls = {
  extensionConfig: 'type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig',
  secret: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
} as const;

const segment = '[A-Za-z0-9._-]{1,63}';
const outbound = new RegExp(`^dta/outbound/(${segment})/(${segment})$`);
const validation = new RegExp(`^dta-validation/(${segment})/(${segment})$`);

/** What `name` stands for within a type; undefined: no such resource exists. */
export function parseResourceName(typeUrl: string, name: string): ResourceKey | undefined {
  if (typeUrl === typeUrls.extensionConfig) {
    if (name === 'dta/inbound') return { kind: 'inbound' };
    if (name === 'dta-state') return { kind: 'state' };
    const destination = matchDestination(outbound, name);
    return destination && { kind: 'outbound', ...destination };
  }
  if (typeUrl === typeUrls.secret) {
    if (name === 'dta-validation') return { kind: 'validation' };
    const destination = matchDestination(validation, name);
    return destination && { kind: 'validation', destination };
  }
  return undefined;
}

/** The name of the filter configuration for calls to a destination. */
export function outboundName(destination: { environment: string; service: string }): string {
  return `dta/outbound/${destination.environment}/${destination.service}`;
}

/**
 * The name of the validation context that trusts only one destination. It is a secret of its own, because Envoy merges
 * the two halves of a combined context by appending their SAN matchers, and any one of them suffices.
 */
export function validationName(destination: { environment: string; service: string }): string {
  return `dta-validation/${destination.environment}/${destination.service}`;
}

function matchDestination(
  pattern: RegExp,
  name: string,
): { environment: string; service: string } | undefined {
  const [, environment, service] = pattern.exec(name) ?? [];
  return environment && service ? { environment, service } : undefined;
}
