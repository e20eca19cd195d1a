/** Registrations, rotation, groups and events over real HTTP, by the client that the command line uses. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { makeKeyAndRequest } from '../agent/csr.ts';
import { RegistrationFiles } from '../registration-files.ts';
import { createApp, listen } from './app.ts';
import { OperatorClient } from './client.ts';
import { IdentityClient } from './identity-client.ts';
import type { IdentityEventReply } from './identity-messages.ts';
import { addIdentityRoutes } from './identity-routes.ts';
import { LiveMesh } from './live-mesh.test-data.ts';

const text = `
apiVersion: sm-dta/v1
kind: ServiceRegistration
metadata: { name: orders-eu }
spec:
  service: orders
  team: shop
  environment: prod
  region: eu-west-1
  labels: { tier: web }
  attest: ["k8s:ns:shop", "k8s:sa:orders"]
`;
let mesh: LiveMesh;
let app: Awaited<ReturnType<typeof createApp>>;
let operator: OperatorClient;
let client: IdentityClient;

beforeEach(async () => {
  mesh = new LiveMesh();
  await mesh.open('mesh.test');
  app = await createApp({ title: 'test', log: mesh.log });
  const { identities } = mesh;
  const registrations = new RegistrationFiles(identities.registrar);
  addIdentityRoutes(app, { identities, registrations, actor: 'operator' });
  const port = await listen(app, { host: '127.0.0.1', port: 0 });
  operator = new OperatorClient({ address: `http://127.0.0.1:${port}`, token: 'x' });
  client = new IdentityClient(operator);
});
afterEach(async () => {
  await app.close();
  await mesh.close();
});

async function joined(): Promise<string> {
  const { token } = await operator.issueIdentity({
    ...{ environment: 'prod', team: 'shop', service: 'orders' },
  });
  return (await mesh.identities.join(token, makeKeyAndRequest().csrPem)).instance;
}

describe('registrations', () => {
  it('are stored, listed, used for tokens and taken back', async () => {
    const [stored] = await client.register([{ name: 'a.yaml', text }]);
    expect(stored).toMatchObject({
      ...{ name: 'orders-eu', region: 'eu-west-1', actor: 'operator' },
      labels: { region: 'eu-west-1', tier: 'web' },
      attest: ['k8s:ns:shop', 'k8s:sa:orders'],
    });
    expect(await client.registrations()).toEqual([stored]);
    const { registration } = await client.issueToken('orders-eu', { host: '127.0.0.1' });
    expect(registration.id).toBe(stored?.registrationId);
    await client.unregister('orders-eu');
    expect(await client.registrations()).toEqual([]);
    await expect(client.unregister('orders-eu')).rejects.toMatchObject({ code: 'notFound' });
  });

  it.each([
    ['kind: AccessPolicy', 'a.yaml:1:7: document is no ServiceRegistration'],
    [text.replace('team: shop', 'team: a b'), 'a.yaml:7:9: `a b` is not a name'],
    [text.replace('k8s:sa:orders', 'orders'), 'a.yaml:11:28: `orders` is no selector'],
    [text.replace('region:', 'regoin:'), 'unknown field `regoin`'],
    [`${text}---${text}`, '`orders-eu` is there twice'],
  ])('with a mistake are not stored, and the place is told', async (broken, message) => {
    const failure = await client.register([{ name: 'a.yaml', text: broken }]).catch((e) => e);
    expect(failure).toMatchObject({ code: 'policyInvalid' });
    const told = failure.fields.errors.map(
      (e: { file: string; line: number; column: number; message: string }) =>
        `${e.file}:${e.line}:${e.column}: ${e.message}`,
    );
    expect(told.join('\n')).toContain(message);
    expect(await client.registrations()).toEqual([]);
  });

  it('that could be claimed by anybody are refused', async () => {
    const weak = text.replace('"k8s:ns:shop", ', '');
    await expect(client.register([{ name: 'a.yaml', text: weak }])).rejects.toMatchObject({
      code: 'usage',
      message: 'registration `orders-eu`: any namespace of the cluster would do',
    });
  });
});

describe('rotation and revocation', () => {
  it('orders a rotation and shows who has not followed', async () => {
    const instance = await joined();
    const order = await client.rotate({ kind: 'service', name: 'prod/orders', spreadMs: 500 });
    expect(order).toMatchObject({ kind: 'service', concerned: 1, spreadMs: 500 });
    expect(await client.openRotations()).toEqual([instance]);
    await expect(client.rotate({ kind: 'service', name: 'x' })).rejects.toMatchObject({
      code: 'usage',
    });
  });

  it('revokes a group, lists it and lifts it', async () => {
    const instance = await joined();
    const group = await client.revokeGroup({ kind: 'team', name: 'shop', reason: 'breach' });
    expect(group).toMatchObject({ instances: [instance], certificates: 1, repeated: false });
    expect(await client.revokedGroups()).toMatchObject([{ id: group.id, reason: 'breach' }]);
    await expect(joined()).rejects.toMatchObject({ code: 'denied' });
    expect(await client.liftGroup(group.id, 'clean')).toMatchObject({ liftReason: 'clean' });
    expect(await client.revokedGroups()).toEqual([]);
    await joined();
  });
});

describe('events', () => {
  it('can be read, and followed from there without gaps', async () => {
    const first = await joined();
    expect(await client.events()).toMatchObject([{ kind: 'joined', instance: first }]);
    const abort = new AbortController();
    const seen: IdentityEventReply[] = [];
    const following = (async () => {
      for await (const event of client.followEvents({}, abort.signal)) {
        seen.push(event);
        if (event.kind === 'joined' && seen.length === 1) await operator.revoke(first, 'stolen');
        if (event.kind === 'revoked') abort.abort();
      }
    })();
    await following;
    expect(seen).toMatchObject([
      { id: 1, kind: 'joined', instance: first },
      { id: 2, kind: 'revoked', instance: first, reason: 'stolen', actor: 'operator' },
    ]);
  });
});
