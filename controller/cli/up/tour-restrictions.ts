/** The part of the tour about restrictions: what an operator takes from a service, at once and until it is released. */
import type { RestrictionInput } from '../../api/live-value-messages.ts';
import type { DemoMesh } from './demo-mesh.ts';
import { type Ask, statusAndCode, TourClient } from './tour-client.ts';
import type { Report } from './tour-report.ts';

/** Isolates, degrades and throttles a workload on one connection, and releases it each time. */
export async function showRestrictions(mesh: DemoMesh, report: Report): Promise<void> {
  report.heading('restricted by an operator, on one open connection');
  const client = await TourClient.join(mesh, {
    service: 'checkout',
    team: 'payments',
    environment: 'prod',
  });
  report.line('checkout reads an order', '200', statusAndCode(await client.ask()));
  await during(mesh, { verdict: 'isolate' }, async () => {
    report.line('checkout is isolated', '403 DTA1025', await until(client, {}, '403 DTA1025'));
  });
  report.line('released', '200', await until(client, {}, '200'));
  await during(mesh, { verdict: 'degrade', readOnly: true }, async () => {
    const write = { method: 'POST', path: '/orders', body: '{}', headers };
    report.line(
      'degraded, it may not write',
      '403 DTA1022',
      await until(client, write, '403 DTA1022'),
    );
    report.line('and may still read', '200', statusAndCode(await client.ask()));
  });
  await during(mesh, { verdict: 'throttle', ratePerSecond: 1, burst: 2 }, async () => {
    report.line('throttled to 1 a second', '429 DTA1023', await until(client, {}, '429 DTA1023'));
  });
  report.line('released', '200', await until(client, {}, '200'));
  client.close();
}

async function during(
  mesh: DemoMesh,
  restriction: Omit<RestrictionInput, 'subject' | 'as'>,
  work: () => Promise<void>,
): Promise<void> {
  const subject = 'prod/checkout';
  const { id } = await mesh.operator.restrict({ subject, as: 'source', ...restriction });
  await work();
  await mesh.operator.release(id, 'tour');
}

/** Asks until the answer is as expected: a change is there within milliseconds. Gives the last answer. */
async function until(client: TourClient, ask: Ask, expected: string): Promise<string> {
  const deadline = Date.now() + 5_000;
  let came = statusAndCode(await client.ask(ask));
  while (came !== expected && Date.now() < deadline) came = statusAndCode(await client.ask(ask));
  return came;
}

const headers = { 'content-type': 'application/json' };
