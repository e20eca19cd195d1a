/** What proxies get while revocation lists cannot be made. */
import { pino } from 'pino';
import { expect, it } from 'vitest';

import { MeshSource } from './mesh-source.ts';
import type { ResourceChange } from './xds/model.ts';

it('gives an instance that has just joined its state, though no list can be signed', async () => {
  let isReachable = true;
  const instances: { uuid: string; labels: Record<string, string> }[] = [];
  const source = new MeshSource({
    identities: {
      trustDomain: 'mesh.test',
      rootPem: 'root',
      trustGeneration: 1,
      crlPem: async () => {
        if (!isReachable) throw new Error('the program does not answer');
        return 'list';
      },
      list: async () => instances as never,
    },
    policies: { bundle: () => undefined },
    states: { epoch: 7n, stateFor: ({ labels }) => Buffer.from(JSON.stringify(labels)) },
    federation: { trusted: () => [] },
    rootLists: { pem: async () => undefined },
    log: pino({ level: 'silent' }),
  });
  await source.refresh();
  isReachable = false;
  await expect(source.refreshTrust()).rejects.toThrow('does not answer');

  const proxy = {
    ...{
      spiffeId: 'spiffe://mesh.test/env/prod/team/shop/svc/till/i/u1',
      trustDomain: 'mesh.test',
    },
    ...{ environment: 'prod', team: 'shop', service: 'till', instance: 'u1' },
  };
  instances.push({ uuid: 'u1', labels: { tier: 'web' } });
  const changed = new Promise<ResourceChange>((resolve) => source.subscribe(resolve));
  expect(source.resource(proxy, { kind: 'state' })).toBeUndefined();
  expect((await changed).kinds).toEqual(['state']);
  expect(source.resource(proxy, { kind: 'state' })).toMatchObject({
    configuration: Buffer.from('{"tier":"web"}'),
  });
  // What was good goes on.
  expect(source.resource(proxy, { kind: 'validation' })).toMatchObject({ crlPem: 'list' });
});
