import { describe, expect, it } from 'vitest';

import { outboundName, parseResourceName, typeUrls, validationName } from './resource-names.ts';

const destination = { environment: 'prod', service: 'orders.v2' };

describe('parseResourceName', () => {
  it.each([
    [typeUrls.extensionConfig, 'dta/inbound', { kind: 'inbound' }],
    [typeUrls.extensionConfig, 'dta-state', { kind: 'state' }],
    [typeUrls.extensionConfig, outboundName(destination), { kind: 'outbound', ...destination }],
    [typeUrls.secret, 'dta-validation', { kind: 'validation' }],
    [typeUrls.secret, validationName(destination), { kind: 'validation', destination }],
  ])('%s %s', (typeUrl, name, key) => {
    expect(parseResourceName(typeUrl, name)).toEqual(key);
  });

  it.each([
    [typeUrls.extensionConfig, 'dta-validation'],
    [typeUrls.extensionConfig, 'dta/inbound/orders'],
    [typeUrls.extensionConfig, 'dta/outbound/prod'],
    [typeUrls.extensionConfig, 'dta/outbound/prod/'],
    [typeUrls.extensionConfig, 'dta/outbound/prod/a/b'],
    [typeUrls.extensionConfig, `dta/outbound/prod/${'a'.repeat(64)}`],
    [typeUrls.extensionConfig, 'dta/outbound/prod/[a-z]*'],
    [typeUrls.extensionConfig, 'dta-state\n'],
    [typeUrls.secret, 'dta/inbound'],
    [typeUrls.secret, 'svid'],
    [typeUrls.secret, 'dta-validation/prod'],
    ['type.googleapis.com/envoy.config.cluster.v3.Cluster', 'dta-state'],
  ])('refuses %s %j', (typeUrl, name) => {
    expect(parseResourceName(typeUrl, name)).toBeUndefined();
  });
});
