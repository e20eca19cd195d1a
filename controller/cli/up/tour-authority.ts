/** The part of the tour about the authority: a new root and issuing key, while requests run. */
import type { DemoMesh } from './demo-mesh.ts';
import { underLoad } from './load.ts';
import { askPlaintext, statusAndCode, TourClient } from './tour-client.ts';
import type { Report } from './tour-report.ts';

/** Rotates the issuing key as an operator does after a theft; nobody may notice. */
export async function showAuthority(mesh: DemoMesh, report: Report): Promise<void> {
  report.heading('the authority takes a new root and issuing key under load');
  const { operator, ports } = mesh;
  const before = await serials(mesh);
  const isOk = ({ status }: { status: number }) =>
    status === 200 ? undefined : `status ${status}`;
  const ask = () => askPlaintext(ports.checkoutApp, '/orders/7');
  let states: string[] = [];
  const result = await underLoad({ ask }, 2, isOk, async () => {
    const old = (await operator.authority()).issuers[0]?.id ?? '';
    const next = await operator.prepareIssuer({ reason: 'stolen key (tour)' });
    await until(async () => (await issuer(mesh, next.id))?.lacking.length === 0);
    await operator.activateIssuer({ reason: 'stolen key (tour)' });
    await operator.taintIssuer(old, { reason: 'stolen key (tour)' });
    await until(async () => (await renewed(mesh, before)) === before.size);
    states = (await operator.authority()).issuers.map(({ state }) => state);
  });
  report.line('the new key signs, the old one no more', 'active tainted', states.join(' '));
  report.line('sidecars that renewed at once', '2', String(await renewed(mesh, before)));
  report.line(
    `${result.requests} requests through both Envoys meanwhile, failed`,
    '0',
    String(result.failed),
  );
  for (const failure of result.failures) report.line('  one of them', 'status 200', failure);
  const client = await TourClient.join(mesh, {
    ...{ service: 'checkout', team: 'payments', environment: 'prod' },
  });
  report.line(
    'a new connection with a certificate of the new key',
    '200',
    statusAndCode(await client.ask()),
  );
  client.close();
}

/** Serials of the sidecars' certificates by instance: the first of each workload belongs to its agent. */
async function serials(mesh: DemoMesh): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const services = new Set<string>();
  for (const { uuid, service, certificate } of await mesh.operator.listIdentities()) {
    if (!sidecars.has(service) || services.has(service)) continue;
    services.add(service);
    found.set(uuid, certificate?.serial ?? '');
  }
  return found;
}

async function renewed(mesh: DemoMesh, before: ReadonlyMap<string, string>): Promise<number> {
  const now = await mesh.operator.listIdentities();
  return now.filter(({ uuid, certificate }) => {
    const serial = before.get(uuid);
    return serial !== undefined && serial !== certificate?.serial;
  }).length;
}

async function issuer(mesh: DemoMesh, id: string) {
  return (await mesh.operator.authority()).issuers.find((each) => each.id === id);
}

/** Gives up after 20 seconds: the lines after it tell what is missing. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isSo()) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const sidecars = new Set(['orders', 'checkout']);
