/** Forced rotations and revoked groups, on a real store. */
import { X509Certificate } from 'node:crypto';

import { beforeEach, describe, expect, it } from 'vitest';

import { AttestedMesh } from './attestation/attestation.test-data.ts';
import type { IssuedIdentity } from './service.ts';
import { TrustWatch } from './trust-watch.ts';

let mesh: AttestedMesh;
let watch: TrustWatch;
beforeEach(async () => {
  mesh = await AttestedMesh.open(() => [
    { method: 'k8s', attest: async () => ({ selectors: ['k8s:ns:shop'], evidence: 'pod' }) },
  ]);
  watch = new TrustWatch(mesh.authority, mesh.identities, mesh.clock);
  return () => mesh.db.close();
});

async function joined(service = 'orders', team = 'shop'): Promise<IssuedIdentity> {
  const { token } = await mesh.identities.issueToken({ environment: 'prod', team, service });
  return await mesh.identities.join(token, mesh.csr);
}

const der = ({ certificatePem }: IssuedIdentity) => new X509Certificate(certificatePem).raw;
const keyOf = (identity: IssuedIdentity) => mesh.identities.issuerOf(der(identity)) ?? '';
/** What an agent is told to do that waits from now on. */
const wait = async (identity: IssuedIdentity, signal = new AbortController().signal, order = 0) => {
  const report = { generation: identity.trustGeneration, order, clockMs: mesh.nowMs };
  return (await watch.wait(identity.spiffeId, der(identity), report, signal)).renewal;
};
/** Undefined unless the certificate has an order to follow now. */
const due = (identity: IssuedIdentity) => mesh.identities.rotationDue(der(identity));

describe('an order', () => {
  it('concerns whom it names, until each has renewed', async () => {
    const [one, two] = [await joined(), await joined('ledger', 'bank')];
    const { rotations } = mesh.identities;
    const cases = [
      [{ kind: 'instance', name: one.instance }, [one], [two]],
      [{ kind: 'service', name: 'prod/ledger' }, [two], [one]],
      [{ kind: 'all', name: '' }, [one, two], []],
      [{ kind: 'key', name: keyOf(one) }, [one, two], []],
      [{ kind: 'key', name: '0'.repeat(16) }, [], [one, two]],
    ] as const;
    for (const [target, concerned, others] of cases) {
      const ordered = await rotations.order(target, 1_000, 'drill', 'alice');
      expect(ordered.concerned, target.kind).toBe(concerned.length);
      expect(await rotations.open()).toEqual(concerned.map(({ instance }) => instance).sort());
      for (const identity of others) expect(await due(identity)).toBeUndefined();
      for (const identity of concerned) {
        expect(await due(identity)).toMatchObject({ ...target, spreadMs: 1_000, reason: 'drill' });
        Object.assign(identity, await mesh.identities.renew(der(identity), mesh.csr));
        expect(await due(identity)).toBeUndefined();
      }
      expect(await rotations.open()).toEqual([]);
    }
  });

  it('wakes who waits, at once', async () => {
    const [one, two] = [await joined(), await joined()];
    const waiting = wait(one);
    const abort = new AbortController();
    const other = wait(two, abort.signal);
    await new Promise(setImmediate);
    await mesh.identities.rotations.order({ kind: 'instance', name: one.instance }, 0, '', 'alice');
    expect(await waiting).toMatchObject({ number: 1, spreadMs: 0 });
    abort.abort();
    expect(await other).toBeUndefined();
  });

  it('is told once to who has heard of it', async () => {
    const identity = await joined();
    const { order } = await mesh.identities.rotations.order(
      { kind: 'all', name: '' },
      0,
      '',
      'alice',
    );
    const abort = new AbortController();
    const waiting = wait(identity, abort.signal, order.number);
    await new Promise(setImmediate);
    abort.abort();
    expect(await waiting).toBeUndefined();
    expect(await wait(identity)).toMatchObject({ number: order.number });
  });

  it('tells who is revoked meanwhile', async () => {
    const identity = await joined();
    const waiting = wait(identity);
    await new Promise(setImmediate);
    await mesh.identities.revoke(identity.instance, 'stolen', 'alice');
    await expect(waiting).rejects.toMatchObject({ code: 'denied' });
    await expect(wait(identity)).rejects.toMatchObject({ code: 'denied' });
  });

  it.each([
    [{ kind: 'instance', name: '0b5f3d0e-6f0a-4a43-9c65-1f6a2f5f8d11' }, 0, 'notFound'],
    [{ kind: 'instance', name: 'orders' }, 0, 'usage'],
    [{ kind: 'service', name: 'orders' }, 0, 'usage'],
    [{ kind: 'key', name: 'zz' }, 0, 'usage'],
    [{ kind: 'all', name: 'x' }, 0, 'usage'],
    [{ kind: 'all', name: '' }, -1, 'usage'],
    [{ kind: 'all', name: '' }, 3_600_001, 'usage'],
  ] as const)('%j over %d ms fails with %s', async (target, spreadMs, code) => {
    const attempt = mesh.identities.rotations.order(target, spreadMs, '', 'alice');
    await expect(attempt).rejects.toMatchObject({ code });
  });
});

describe('revoking a group', () => {
  const refused = async (service: string, team = 'shop') => {
    const { token } = await mesh.identities.issueToken({ environment: 'prod', team, service });
    return await mesh.refusal(mesh.identities.join(token, mesh.csr));
  };

  it.each([
    ['service', 'prod/orders'],
    ['team', 'shop'],
    ['domain', 'mesh.test'],
  ] as const)(
    'of %s %s takes all of it, and lets nobody in until it is lifted',
    async (kind, name) => {
      const [mine, other] = [await joined(), await joined('ledger', 'bank')];
      const isAll = kind === 'domain';
      const group = await mesh.identities.groups.revokeGroup({ kind, name }, 'breach', 'alice');
      const taken = isAll ? [mine, other] : [mine];
      expect(group).toMatchObject({
        ...{ kind, name, reason: 'breach', actor: 'alice', repeated: false },
        instances: taken.map(({ instance }) => instance).sort(),
        certificates: taken.length,
      });
      expect((await mesh.identities.revocations()).instances).toEqual(group.instances);
      await expect(mesh.identities.renew(der(mine), mesh.csr)).rejects.toThrow('renewal denied');
      expect(await refused('orders')).toBe('token blocked');
      if (isAll) expect(await refused('ledger', 'bank')).toBe('token blocked');
      else await joined('ledger', 'bank');
      expect(await mesh.identities.groups.revokedGroups()).toHaveLength(1);
      await mesh.identities.groups.liftGroup(group.id, 'clean', 'bob');
      await expect(mesh.identities.renew(der(mine), mesh.csr)).rejects.toThrow('renewal denied');
      const fresh = await joined();
      expect((await mesh.identities.revocations()).instances).not.toContain(fresh.instance);
      await expect(
        mesh.identities.groups.liftGroup(group.id, 'again', 'bob'),
      ).rejects.toMatchObject({ code: 'notFound' });
    },
  );

  it('of a key takes its certificates, not the instances for ever', async () => {
    const identity = await joined();
    const target = { kind: 'key', name: keyOf(identity) } as const;
    const group = await mesh.identities.groups.revokeGroup(target, 'leaked', 'alice');
    expect(group).toMatchObject({ instances: [identity.instance], certificates: 1 });
    expect((await mesh.identities.revocations()).digests).toHaveLength(1);
    expect(await mesh.identities.crlPem()).toContain('X509 CRL');
    await expect(mesh.identities.renew(der(identity), mesh.csr)).rejects.toThrow('renewal denied');
  });

  it('of a key takes what is signed and not stored yet, also when it is repeated', async () => {
    const { identities, authority } = mesh;
    await mesh.register('pod', ['k8s:ns:shop']);
    const tokenOf = async () =>
      (await identities.issueToken({ environment: 'prod', team: 'shop', service: 'orders' })).token;
    const target = { kind: 'key', name: authority.active.id } as const;
    const issue = authority.issue.bind(authority);
    for (const _time of ['first', 'again']) {
      const identity = await joined();
      authority.issue = async (request) => {
        const leaf = await issue(request);
        await identities.groups.revokeGroup(target, 'leaked', 'alice');
        return leaf;
      };
      await expect(identities.renew(der(identity), mesh.csr)).rejects.toThrow('renewal denied');
      const attempt = identities.join(await tokenOf(), mesh.csr);
      expect(await mesh.refusal(attempt)).toBe('token blocked');
      const pod = { method: 'k8s', evidence: {}, csr: mesh.csr };
      expect(await mesh.refusal(identities.attest(pod))).toBe('evidence blocked');
      authority.issue = issue;
      const live = await joined();
      expect((await identities.renew(der(live), mesh.csr)).instance).toBe(live.instance);
      await identities.attest(pod);
      expect(await identities.standingOf(der(live))).toBe('inForce');
    }
  });

  it('of a key that is not trusted is no revocation', async () => {
    const target = { kind: 'key', name: '0123456789abcdef' } as const;
    const attempt = mesh.identities.groups.revokeGroup(target, 'leaked', 'alice');
    await expect(attempt).rejects.toMatchObject({ code: 'notFound' });
    expect(await mesh.identities.groups.revokedGroups()).toEqual([]);
  });

  it('again keeps the first cause', async () => {
    await joined();
    const { groups } = mesh.identities;
    const first = await groups.revokeGroup({ kind: 'team', name: 'shop' }, 'breach', 'alice');
    const heard: unknown[] = [];
    mesh.identities.onRevoked((revocation) => heard.push(revocation));
    const again = await groups.revokeGroup({ kind: 'team', name: 'shop' }, 'other', 'bob');
    expect(again).toMatchObject({ id: first.id, reason: 'breach', actor: 'alice', repeated: true });
    expect(heard).toEqual([]);
  });

  it.each([
    { kind: 'service', name: 'orders' },
    { kind: 'service', name: 'a/b/c' },
    { kind: 'team', name: 'a/b' },
    { kind: 'domain', name: 'other.test' },
    { kind: 'key', name: 'x' },
  ] as const)('of %j fails', async (target) => {
    const attempt = mesh.identities.groups.revokeGroup(target, '', 'alice');
    await expect(attempt).rejects.toMatchObject({ code: 'usage' });
  });
});
