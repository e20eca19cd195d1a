/** Every form of a path in a policy against every spelling of a path in a request: what is carried over is exact. */
import { expect, test } from 'vitest';

import { bundleOf, MESH, Mesh, stateOf } from '../filter/mesh.ts';
import { importPolicies, isNarrower } from './imported.ts';
import { isAllowedByIstio } from './interpret-istio.ts';
import type { IstioTestPolicy } from './istio-text.ts';
import { callers, requestPaths, uriOf } from './random-istio.ts';

const forms = [...new Set(requestPaths)].flatMap((path) => [
  path,
  ...path
    .split('')
    .flatMap((_, i) => (i === 0 ? [] : [`${path.slice(0, i)}*`, `*${path.slice(i)}`])),
  path.replace(/[^/]+$/, '{*}'),
  path.replace(/^\/[^/]+/, '/{*}'),
  `${path}/{**}`,
]);
const [caller] = callers;

test.each([
  ['ALLOW', 'paths'],
  ['ALLOW', 'notPaths'],
  ['DENY', 'paths'],
  ['DENY', 'notPaths'],
] as const)('%s with %s', { timeout: 600_000 }, async (action, field) => {
  let mesh = await Mesh.start();
  const counts = { exact: 0, lossy: 0, lost: 0 };
  for (const [index, form] of [...new Set(forms)].entries()) {
    if (index % 25 === 24) mesh = await Mesh.start();
    const policies = [policyOf(action, field, form)];
    const imported = importPolicies(policies, 8080);
    const isLossy = isNarrower(imported);
    const root = mesh.bundle(bundleOf(imported.text, { version: BigInt(index + 1) }));
    mesh.state(stateOf({ epoch: BigInt(index + 1) }));
    for (const path of requestPaths) {
      const byIstio = isAllowedByIstio(policies, requestTo(path));
      const byUs = mesh.status(root, requestTo(path).uri, { path }).status === 200;
      if (byUs !== byIstio && !(isLossy && !byUs)) {
        expect.fail(`${form}: ${path}: istio ${byIstio}, ours ${byUs}\n${imported.text}`);
      }
      counts[isLossy ? 'lossy' : 'exact'] += 1;
      counts.lost += Number(byIstio && !byUs);
    }
  }
  expect(counts.exact).toBeGreaterThan(1_000);
  expect(counts.lossy).toBeGreaterThan(1_000);
  const [all, lost] = [counts.exact + counts.lossy, counts.lost];
  console.log(
    `measured: ${action} with ${field}: ${all} decisions, none wider; of ${counts.exact} carried exactly none differs, of ${counts.lossy} others ${lost} are denied`,
  );
});

function policyOf(
  action: 'ALLOW' | 'DENY',
  field: 'paths' | 'notPaths',
  path: string,
): IstioTestPolicy {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'paths', namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'orders' } },
      action,
      rules: [{ to: [{ operation: { [field]: [path] } }] }],
    },
  };
}

function requestTo(path: string) {
  const uri = caller === undefined ? '' : uriOf(MESH, caller);
  return {
    uri,
    method: 'GET',
    path,
    authority: 'orders',
    headers: [],
    port: 8080,
    isInBlock: false,
  };
}
