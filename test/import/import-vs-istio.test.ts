/** Imported policies, compiled and decided by the filter, against a naive reading of Istio's. */
import { expect, test } from 'vitest';

import { bundleOf, MESH, Mesh, stateOf } from '../filter/mesh.ts';
import { importPolicies, isNarrower } from './imported.ts';
import { isAllowedByIstio } from './interpret-istio.ts';
import { istioText, repeatsHeader } from './istio-text.ts';
import { Random, randomPolicies, randomRequest } from './random-istio.ts';

const sets = Math.ceil(Number(process.env.FUZZ_RUNS ?? 20_000) / 100);

test('what is carried means the same, and what is lost only denies more', {
  timeout: 3_600_000,
}, async () => {
  let mesh = await Mesh.start();
  const counts = { requests: 0, allowed: 0, lossy: 0, lost: 0, repeated: 0 };
  for (let seed = 1; seed <= sets; seed++) {
    // A VM keeps every bundle that a root was started with.
    if (seed % 25 === 0) mesh = await Mesh.start();
    const random = new Random(seed);
    const world = { domain: MESH, port: 8080, hasGaps: seed % 4 === 0 };
    const policies = randomPolicies(random, world);
    const imported = importPolicies(policies, world.port);
    const root = mesh.bundle(bundleOf(imported.text, { version: BigInt(seed) }));
    mesh.state(stateOf({ epoch: BigInt(seed) }));
    const isLossy = isNarrower(imported);
    for (let count = 0; count < 100; count++) {
      const request = randomRequest(random, world);
      const byIstio = isAllowedByIstio(policies, request);
      const { uri, method, path, authority } = request;
      const headers = request.headers.map(([name, value]): [string, string] => [name, value]);
      const { status } = mesh.status(root, uri, { method, path, authority, headers });
      const isRight = isLossy && status === 403 ? true : (status === 200) === byIstio;
      if (!isRight) {
        const what = `seed ${seed}, istio ${byIstio}, status ${status}: ${JSON.stringify(request)}`;
        expect.fail(`${what}\n${istioText(policies)}\n${imported.text}`);
      }
      counts.requests += 1;
      counts.allowed += Number(byIstio);
      counts.lossy += Number(isLossy);
      counts.lost += Number(isLossy && byIstio && status === 403);
      counts.repeated += Number(repeatsHeader(request));
    }
  }
  expect(counts.allowed).toBeGreaterThan(counts.requests / 10);
  expect(counts.lossy).toBeGreaterThan(0);
  expect(counts.repeated).toBeGreaterThan(counts.requests / 10);
  console.log(
    `measured: imported policies: ${sets} sets, ${counts.requests} decisions, 0 differences, ${counts.repeated} with a header of several lines; ${counts.lost} of ${counts.lossy} denied for want of what could not be carried`,
  );
});
