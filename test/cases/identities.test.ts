/** SPIFFE IDs out of certificates: the filter takes exactly those of the mesh's own form for an identity. */
import { expect, test } from 'vitest';
import { Direction } from '../../controller/layout.ts';
import { compileBundle } from '../../controller/policy/compile.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import { digestOf, Mesh, NOON_MS, stateOf, statusOf } from '../filter/mesh.ts';
import { spiffeCases } from './shared-cases.ts';

const DOMAIN = 'trustdomain';
const UUID = '00000000-0000-4000-8000-00000000000b';
const OWN = `spiffe://${DOMAIN}/env/prod/team/t/svc/orders/i/00000000-0000-4000-8000-00000000000a`;
const POLICY = `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: all }
spec:
  destination: { service: orders }
  rules: [{ name: all, effect: allow }]
`;

// The form that policy-model, "Identity" gives, with the dot segments that SPIFFE forbids taken out.
const segment = '(?!\\.{1,2}/)[A-Za-z0-9._-]{1,63}';
const form = new RegExp(
  `^spiffe://([a-z0-9._-]{1,255})/env/${segment}/team/${segment}/svc/${segment}` +
    '/i/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$(?!\\n)',
);

function expected(id: string): string {
  const found = form.exec(id);
  if (!found) return 'DTA1006';
  return found[1] === DOMAIN ? '' : 'DTA1007';
}

async function startMesh() {
  const mesh = await Mesh.start();
  const { set } = parsePolicySet([{ name: 'all.yaml', text: POLICY }]);
  const target = {
    mesh: DOMAIN,
    environment: 'prod',
    service: 'orders',
    direction: Direction.Inbound,
  };
  const root = mesh.bundle(compileBundle(set, target, { version: 1n, nowMs: NOON_MS }));
  mesh.state(stateOf({ mesh: DOMAIN, self: OWN }));
  return (uri: string, own = OWN): string => {
    const stream = mesh.stream(root, uri);
    const digest = Buffer.from(digestOf(uri)).toString('hex');
    const outcome = stream.requestHeaders(
      [
        [':method', 'GET'],
        [':path', '/'],
        ['x-forwarded-client-cert', `By=${own};Hash=${digest}`],
      ],
      true,
    );
    stream.end();
    return statusOf(outcome).code;
  };
}

/** The same odd characters in every place of an identity of the mesh's form. */
function meshForms(id: string): string[] {
  const odd = id.replace(/^spiffe:\/\/trustdomain/, '').replace(/^\/path|\/path$/, '');
  return [
    `${id}/env/prod/team/t/svc/s/i/${UUID}`,
    `spiffe://${DOMAIN}${odd}/env/prod/team/t/svc/s/i/${UUID}`,
    `spiffe://${DOMAIN}/env/prod${odd}/team/t/svc/s/i/${UUID}`,
    `spiffe://${DOMAIN}/env/${odd}/team/t/svc/s/i/${UUID}`,
    `spiffe://${DOMAIN}/env/prod/team/${odd}t/svc/s/i/${UUID}`,
    `spiffe://${DOMAIN}/env/prod/team/t/svc/${odd}/i/${UUID}`,
    `spiffe://${DOMAIN}/env/prod/team/t/svc/s${odd}/i/${UUID}`,
    `spiffe://${DOMAIN}/env/prod/team/t/svc/s/i/${odd}${UUID}`,
    `spiffe://${DOMAIN}/env/prod/team/t/svc/s/i/${UUID}${odd}`,
    `spiffe://${DOMAIN}/env/prod/team/t/svc/s/i/${odd}${UUID.slice(odd.length)}`,
  ];
}

test('of the shared cases, as they are and put into the form of the mesh', async () => {
  const ask = await startMesh();
  const cases = spiffeCases();
  expect(cases.length).toBe(535);
  const ids = [...new Set(cases.flatMap(({ id }) => [id, ...meshForms(id)]))];
  const wrong = ids.filter((id) => ask(id) !== expected(id));
  expect(wrong).toEqual([]);
  // Every kind of outcome is there: the check above cannot pass by refusing all.
  const outcomes = new Set(ids.map(expected));
  expect([...outcomes].sort()).toEqual(['', 'DTA1006', 'DTA1007']);
});

const good = `spiffe://${DOMAIN}/env/prod/team/t/svc/s/i/${UUID}`;
test.each([
  good,
  good.toUpperCase(),
  good.replace('spiffe', 'SPIFFE'),
  good.replace('/env/', '/Env/'),
  good.replace('/t/', '/'),
  good.replace('/env/prod', ''),
  good.replace('/env/prod', '/env/prod/env/prod'),
  good.replace('/s/', `/${'s'.repeat(63)}/`),
  good.replace('/s/', `/${'s'.repeat(64)}/`),
  good.replace('0000000b', '0000000B'),
  good.replace('-4000-', '-40000-'),
  good.replaceAll('-', ''),
  good.slice(0, -1),
  `${good}0`,
  `${good}\n`,
  `${good},${good}`,
  `${good}?a`,
  `${good}#a`,
  `${good}/`,
  ` ${good}`,
  good.replace(DOMAIN, `${DOMAIN}:8443`),
  good.replace(DOMAIN, `user@${DOMAIN}`),
  good.replace(DOMAIN, `${DOMAIN}.`),
  good.replace(DOMAIN, 'd'.repeat(255)),
  good.replace(DOMAIN, 'd'.repeat(256)),
])('%j', async (id) => {
  expect((await startMesh())(id)).toBe(expected(id));
});

test('a proxy whose own identity is of another form or place is not the destination', async () => {
  const ask = await startMesh();
  for (const own of [
    OWN.replace('/orders/', '/billing/'),
    OWN.replace('/prod/', '/test/'),
    OWN.replace(DOMAIN, 'other'),
    `${OWN}0`,
    OWN.replace('0a', '0A'),
    'spiffe://trustdomain',
  ]) {
    expect(ask(good, own)).toBe('DTA1009');
    expect(ask(good)).toBe('');
  }
  // A header that somebody else had a hand in is nobody's identity.
  for (const own of [`${OWN};Hash=x`, `${OWN},By=x`, `${OWN}"`, '']) {
    expect(['DTA1006', 'DTA1009']).toContain(ask(good, own));
  }
});
