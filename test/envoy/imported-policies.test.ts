/** Imported policies in our filter against the policies they came from in Envoy's own RBAC filter, side by side. */
import { mkdtempSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { filterPath } from '../../controller/cli/project-paths.ts';
import { freePorts } from '../../controller/cli/up/free-ports.ts';
import { bundleOf, stateOf } from '../filter/mesh.ts';
import { importPolicies } from '../import/imported.ts';
import { istioText, repeatsHeader } from '../import/istio-text.ts';
import {
  type Caller,
  callers,
  Random,
  randomPolicies,
  randomRequest,
  uriOf,
} from '../import/random-istio.ts';
import { TestMesh } from '../xds/mesh.ts';
import { askInTurn } from './ask-in-turn.ts';
import type { Credentials } from './client.ts';
import { comparedBootstrap, filtersOf } from './compared-listeners.ts';
import { EnvoyProcess } from './envoy-process.ts';
import { rbacFilters } from './istio-rbac.ts';

const SETS = 24;
const REQUESTS_PER_CALLER = 84;

test('imported policies decide as Envoy decides by the originals', async () => {
  const mesh = new TestMesh();
  const directory = mkdtempSync(join(tmpdir(), 'dta-imported-'));
  const wasm = join(directory, 'filter.wasm');
  await copyFile(filterPath(), wasm);
  const server = mesh.leaf('orders', { ttlMs: 3_600_000 });
  const ports = await freePorts(2 * SETS);
  const pairs = Array.from({ length: SETS }, (_, index) => {
    const [rbacPort = 0, ourPort = 0] = ports.slice(2 * index);
    return makePair(index, rbacPort, ourPort, mesh.trustDomain);
  });
  const listeners = pairs.flatMap(({ name, istio, ours, rbacPort, ourPort }) => {
    const nowMs = Date.now();
    const bundle = bundleOf(ours, { nowMs });
    const state = stateOf({ self: server.identity.spiffeId, nowMs, epoch: BigInt(nowMs) });
    return [
      { name: `${name} of Istio`, port: rbacPort, filters: rbacFilters(istio) },
      { name, port: ourPort, filters: filtersOf(wasm, name, { bundle, state }) },
    ];
  });
  const bootstrap = comparedBootstrap(listeners, server, mesh.authority.rootPem);
  const envoy = await EnvoyProcess.start(directory, bootstrap);
  const counts = { requests: 0, allowed: 0, repeated: 0 };
  try {
    for (const caller of callers) {
      const identity = credentialsOf(mesh, caller);
      for (const pair of pairs) {
        const requests = requestsOf(pair, caller, mesh.trustDomain);
        const byRbac = await askInTurn({ port: pair.rbacPort, identity }, requests);
        const byUs = await askInTurn({ port: pair.ourPort, identity }, requests);
        const different = requests.findIndex((_, i) => byRbac[i] !== byUs[i]);
        if (different >= 0) {
          const statuses = `RBAC ${byRbac[different]}, ours ${byUs[different]}`;
          const request = JSON.stringify({ caller, ...requests[different] });
          expect.fail(`${pair.name}: ${statuses}: ${request}\n${pair.istio}\n${pair.ours}`);
        }
        counts.requests += requests.length;
        counts.repeated += requests.filter(repeatsHeader).length;
        counts.allowed += byRbac.filter((status) => status === 200).length;
      }
    }
  } finally {
    await envoy.stop();
    await rm(directory, { recursive: true });
  }
  expect(counts.requests).toBeGreaterThanOrEqual(10_000);
  expect(counts.allowed).toBeGreaterThan(counts.requests / 10);
  expect(counts.allowed).toBeLessThan((counts.requests * 9) / 10);
  expect(counts.repeated).toBeGreaterThan(counts.requests / 10);
  console.log(
    `measured: ${SETS} sets of Istio's policies in RBAC and imported: ${counts.requests} requests, ${counts.allowed} allowed, 0 differences, ${counts.repeated} with a header of several lines`,
  );
});

interface Pair {
  readonly name: string;
  readonly seed: number;
  readonly istio: string;
  readonly ours: string;
  readonly rbacPort: number;
  readonly ourPort: number;
}

// Rules of ports are about the listener with RBAC: the import is told its port.
function makePair(index: number, rbacPort: number, ourPort: number, domain: string): Pair {
  const seed = 1000 + index;
  const world = { domain, port: rbacPort, hasGaps: false };
  const policies = randomPolicies(new Random(seed), world);
  const { text, notes } = importPolicies(policies, rbacPort);
  expect(notes.filter(({ kind }) => kind === 'notCarried')).toEqual([]);
  return { name: `set-${seed}`, seed, istio: istioText(policies), ours: text, rbacPort, ourPort };
}

function requestsOf({ seed, rbacPort }: Pair, caller: Caller, domain: string) {
  const random = new Random(seed ^ (uriOf(domain, caller).length << 16));
  const world = { domain, port: rbacPort, hasGaps: false };
  return Array.from({ length: REQUESTS_PER_CALLER }, () => randomRequest(random, world));
}

function credentialsOf(mesh: TestMesh, caller: Caller): Credentials {
  const { certificatePem, keyPem } = mesh.leaf(caller.service, { ...caller, ttlMs: 3_600_000 });
  return { chainPem: certificatePem, keyPem, rootPem: mesh.authority.rootPem };
}
