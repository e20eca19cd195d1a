/** Whom proxies are told to trust, with and without federated domains. */
import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';

import { SPIFFECertValidatorConfigSchema } from './gen/envoy/extensions/transport_sockets/tls/v3/tls_spiffe_validator_config_pb.js';
import type { ValidationResource } from './model.ts';
import { validationSecret } from './resources.ts';

const own: ValidationResource = {
  kind: 'validation',
  version: '1.1',
  trustDomain: 'a.test',
  trustedCaPem: 'ROOT A',
  crlPem: 'LIST A',
};
const federated = [{ trustDomain: 'b.test', rootPem: 'ROOT B' }];
const anybody = { kind: 'validation' } as const;
const orders = { environment: 'prod', service: 'orders' };

function contextOf(key: Parameters<typeof validationSecret>[1], resource: ValidationResource) {
  const { type } = validationSecret('x', key, resource);
  if (type.case !== 'validationContext') throw new Error('no validation context');
  return type.value;
}

function domainsOf(resource: ValidationResource) {
  const { typedConfig } = contextOf(anybody, resource).customValidatorConfig ?? {};
  const bytes = typedConfig?.value ?? new Uint8Array();
  const { trustDomains } = fromBinary(SPIFFECertValidatorConfigSchema, bytes);
  return trustDomains.map(({ name, trustBundle }) => [name, trustBundle?.specifier.value]);
}

test('without federation the context is the roots with their lists', () => {
  for (const resource of [own, { ...own, federated: [] }]) {
    const context = contextOf(anybody, resource);
    expect(context.trustedCa?.specifier.value).toBe('ROOT A');
    expect(context.crl?.specifier.value).toBe('LIST A');
    expect(context.customValidatorConfig).toBeUndefined();
  }
});

test('each domain has its own roots, and lists only where all are there', () => {
  expect(domainsOf({ ...own, federated, rootCrlPem: 'LIST OF ROOT A' })).toEqual([
    ['a.test', 'ROOT ALIST ALIST OF ROOT A'],
    ['b.test', 'ROOT B'],
  ]);
  expect(domainsOf({ ...own, federated })).toEqual([
    ['a.test', 'ROOT A'],
    ['b.test', 'ROOT B'],
  ]);
  const { matchTypedSubjectAltNames } = contextOf(anybody, { ...own, federated });
  const prefixes = matchTypedSubjectAltNames.map(({ matcher }) => matcher?.matchPattern.value);
  expect(prefixes).toEqual(['spiffe://a.test/', 'spiffe://b.test/']);
});

test('nobody foreign vouches for a destination of ours', () => {
  const key = { ...anybody, destination: orders };
  const context = contextOf(key, { ...own, federated });
  expect(context).toEqual(contextOf(key, own));
  expect(context.trustedCa?.specifier.value).toBe('ROOT A');
});
