/** Tokens that may come from one place only, and what is logged, counted and told of refusals. */
import { beforeEach, describe, expect, it } from 'vitest';

import { AttestedMesh } from './attestation.test-data.ts';

const orders = { environment: 'prod', team: 'shop', service: 'orders' };
let mesh: AttestedMesh;
beforeEach(async () => {
  mesh = await AttestedMesh.open();
  return () => mesh.db.close();
});

const token = async (bounds: { host?: string; agent?: string }) =>
  (await mesh.identities.issueToken(orders, bounds)).token;

describe('a token for a host', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', '::ffff:127.0.0.1'],
    ['localhost', '127.0.0.1'],
    ['2001:db8::1', '2001:DB8:0:0:0:0:0:1'],
  ])('for %s is taken from %s', async (host, address) => {
    await mesh.identities.join(await token({ host }), mesh.csr, { address });
    expect(mesh.counted).toEqual(['join_token granted']);
  });

  it.each([
    ['127.0.0.1', '127.0.0.2'],
    ['localhost', '192.0.2.7'],
    ['no-such-host.invalid', '127.0.0.1'],
    ['127.0.0.1', undefined],
  ])('for %s is refused from %s, and not used up', async (host, address) => {
    const text = await token({ host });
    const attempt = mesh.identities.join(text, mesh.csr, { address });
    expect(await mesh.refusal(attempt)).toBe('token for another host');
    expect(await mesh.identities.list()).toEqual([]);
    expect(mesh.counted).toEqual(['join_token refused']);
    const again = mesh.identities.join(text, mesh.csr, { address });
    expect(await mesh.refusal(again)).toBe('token for another host');
  });

  it.each(['a b', '-x', 'a..b', 'x'.repeat(64)])('cannot be for `%s`', async (host) => {
    await expect(token({ host })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('a token for an agent', () => {
  const agent = {
    instance: '0b5f3d0e-6f0a-4a43-9c65-1f6a2f5f8d11',
    environment: 'prod',
    service: 'host',
  };

  it.each([agent.instance, 'prod/host'])('%s is taken from it alone', async (name) => {
    const text = await token({ agent: name });
    const other = { ...agent, instance: '1b5f3d0e-6f0a-4a43-9c65-1f6a2f5f8d11', service: 'other' };
    for (const peer of [{}, { agent: other }]) {
      const attempt = mesh.identities.join(text, mesh.csr, peer);
      expect(await mesh.refusal(attempt)).toBe('token for another agent');
    }
    await mesh.identities.join(text, mesh.csr, { agent });
  });
});

describe('refusals', () => {
  it('are counted, logged with their reason and address, and seen by who follows', async () => {
    const text = await token({});
    await mesh.identities.join(text, mesh.csr);
    const address = '192.0.2.9';
    expect(await mesh.refusal(mesh.identities.join(text, mesh.csr, { address }))).toBe(
      'token used',
    );
    expect(mesh.counted).toEqual(['join_token granted', 'join_token refused']);
    expect(mesh.lines).toContainEqual(
      expect.objectContaining({ level: 40, method: 'join_token', reason: 'token used', address }),
    );
    expect(mesh.identities.events.tail({ limit: 10 })).toMatchObject([
      { kind: 'joined', method: 'join_token' },
      { kind: 'refused', method: 'join_token', reason: 'token used', address },
    ]);
  });

  it('of a method that is not configured are refusals too', async () => {
    const request = { method: 'k8s', evidence: { token: 'x' }, csr: mesh.csr };
    expect(await mesh.refusal(mesh.identities.attest(request))).toBe('method not configured');
    expect(mesh.counted).toEqual(['unknown refused']);
  });
});

describe('a registration by name', () => {
  it('has tokens made for it', async () => {
    const named = { name: 'orders-eu', ...orders, labels: { tier: 'web' }, region: 'eu-west-1' };
    const registrar = mesh.identities.registrar;
    await registrar.register([{ ...named, attest: [] }], 'alice');
    const { token: text, registration } = await registrar.issueTokenFor('orders-eu');
    expect(registration.labels).toEqual({ region: 'eu-west-1', tier: 'web' });
    await mesh.identities.join(text, mesh.csr);
    expect(await mesh.identities.list()).toMatchObject([{ labels: { region: 'eu-west-1' } }]);
    await registrar.unregister('orders-eu', 'alice');
    await expect(registrar.issueTokenFor('orders-eu')).rejects.toMatchObject({ code: 'notFound' });
    await expect(registrar.unregister('orders-eu', 'alice')).rejects.toMatchObject({
      code: 'notFound',
    });
  });

  it.each([
    [{ name: 'a/b' }, 'registration `a/b` is not a name'],
    [{ environment: 'system' }, 'kept for the controller'],
    [{ attest: ['unix:uid:0'] }, 'registration `good`: any agent could vouch'],
    [{ region: 'eu', labels: { region: 'us' } }, 'two regions'],
    [
      { labels: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`l${i}`, 'x'])) },
      'labels',
    ],
  ])('is refused with %j, and nothing beside it is stored', async (change, message) => {
    const good = { name: 'good', ...orders, labels: {}, attest: [] };
    const attempt = mesh.identities.registrar.register(
      [
        { ...good, name: 'first' },
        { ...good, ...change },
      ],
      'alice',
    );
    await expect(attempt).rejects.toThrow(message);
    expect(await mesh.identities.registrar.registrations()).toEqual([]);
  });
});
