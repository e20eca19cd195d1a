/** The tour: real requests through the running mesh, one line each with what was expected and what came. */

import { DtaError } from '../../errors.ts';
import { readPolicyFiles } from '../policy-files.ts';
import { projectPath } from '../project-paths.ts';
import type { DemoMesh } from './demo-mesh.ts';
import { underLoad } from './load.ts';
import { showAuthority } from './tour-authority.ts';
import {
  type Answer,
  askPlaintext,
  sendPlaintext,
  statusAndCode,
  TourClient,
} from './tour-client.ts';
import { Report } from './tour-report.ts';
import { showRestrictions } from './tour-restrictions.ts';

/** Runs the tour; gives the number of lines that were not as expected. */
export async function runTour(mesh: DemoMesh, print: (line: string) => void): Promise<number> {
  const report = new Report(print);
  await showMasking(mesh, report);
  const checkout = await TourClient.join(mesh, workload('checkout', 'payments', 'prod'), 8);
  await showDenials(mesh, report, checkout);
  await showPaths(report, checkout);
  await showRevocation(mesh, report);
  await showRestrictions(mesh, report);
  await showSwaps(mesh, report, checkout);
  await showBrokenPolicy(mesh, report, checkout);
  // The last of the load: `checkout` of the tour has no agent that would bring it the new root.
  await showAuthority(mesh, report);
  await showAudit(mesh, report);
  checkout.close();
  print(`\n${report.shown - report.failed} of ${report.shown} as expected`);
  return report.failed;
}

async function showMasking(mesh: DemoMesh, report: Report): Promise<void> {
  report.heading(
    'allowed and masked (checkout -> its Envoy -> mutual TLS -> Envoy of orders -> orders)',
  );
  const { checkoutApp, ordersApp } = mesh.ports;
  await untilAllowed(checkoutApp);
  const read = await askPlaintext(checkoutApp, '/orders/7');
  report.line('checkout reads an order', '200', String(read.status));
  const order = JSON.parse(read.body) as { card: string; customer: { iban: string; ssn: string } };
  report.line('response: card number by its checksum', '****-****-****-1111', order.card);
  report.line('response: field by path, $.customer.iban', '***', order.customer.iban);
  report.line('response: field by name, ssn', '***', order.customer.ssn);
  const card = JSON.stringify({ item: 'book', card: '4012-8888-8888-1881', ssn: '078-05-1120' });
  const placed = await askPlaintext(checkoutApp, '/orders', card);
  report.line('checkout places an order', '201', String(placed.status));
  const received = JSON.parse((await askPlaintext(ordersApp, '/received')).body) as Received;
  const arrived = JSON.parse(received.body) as { card: string };
  report.line('request: card masked before it was encrypted', '****-****-****-1881', arrived.card);
  const forged = Object.keys(received.headers).some((name) => name.startsWith('x-dta-'));
  report.line("checkout's forged x-dta-identity header", 'removed', forged ? 'arrived' : 'removed');
  const auditor = await TourClient.join(mesh, workload('auditor', 'audit', 'prod'));
  const seen = JSON.parse((await auditor.ask()).body) as { card: string };
  report.line('auditor, cleared for PCI and PII, reads the same', '4111-1111-1111-1111', seen.card);
  auditor.close();
  const unreadable = await askPlaintext(checkoutApp, '/orders', '{"card": 4111 1111');
  report.line('a body that is not the JSON it says', '403 DTA1014', statusAndCode(unreadable));
}

async function showDenials(mesh: DemoMesh, report: Report, checkout: TourClient): Promise<void> {
  report.heading('denied (straight to the Envoy of orders, with certificates of the mesh)');
  report.line('checkout, directly', '200', show(await checkout.ask()));
  const cases = [
    ['the wrong service: ads', '403 DTA1011', workload('ads', 'growth', 'prod')],
    [
      'the wrong environment: checkout in staging',
      '403 DTA1011',
      workload('checkout', 'payments', 'staging'),
    ],
    [
      'reports inside the hours of its shift',
      '200',
      { ...workload('reports', 'data', 'prod'), labels: { shift: shiftNow() } },
    ],
    [
      'reports outside the hours of its shift',
      '403 DTA1011',
      { ...workload('reports', 'data', 'prod'), labels: { shift: otherShift() } },
    ],
  ] as const;
  for (const [what, expected, who] of cases) {
    const client = await TourClient.join(mesh, who);
    report.line(what, expected, show(await client.ask()));
    client.close();
  }
  const stranger = TourClient.stranger(mesh, checkout.identity?.rootPem ?? '');
  report.line('no certificate', 'no answer', show(await stranger.ask()));
  stranger.close();
  const answer = await sendPlaintext(mesh.ports.ordersInbound);
  report.line(
    'plaintext to the listener of orders',
    'no answer',
    answer.startsWith('HTTP/') ? answer.slice(9, 12) : 'no answer',
  );
  report.line(
    'a rule that denies beats one that allows',
    '403 DTA1012',
    show(await checkout.ask({ path: '/orders/admin/keys' })),
  );
}

async function showPaths(report: Report, checkout: TourClient): Promise<void> {
  report.heading('path tricks (as checkout, who may GET /orders/{id})');
  const cases = [
    ['/orders/7/../admin/keys', '403 DTA1012'],
    ['/orders/%2e%2e/admin', '403 DTA1011'],
    // Envoy takes the first for a dot segment and leaves `/admin`; the second it passes on as `/orders/..;/admin`.
    ['/orders/..;/admin', '403 DTA1011'],
    ['/orders/%2e%2e;/admin', '403 DTA1010'],
    ['/orders/x%2Fadmin', '400'],
    ['/orders/x%00', '400'],
  ] as const;
  for (const [path, expected] of cases) {
    report.line(`GET ${path}`, expected, show(await checkout.ask({ path })));
  }
}

async function showRevocation(mesh: DemoMesh, report: Report): Promise<void> {
  report.heading('revoked while its connection is open');
  const client = await TourClient.join(mesh, workload('checkout', 'payments', 'prod'));
  report.line('a second instance of checkout', '200', show(await client.ask()));
  const startedAt = performance.now();
  await mesh.operator.revoke(client.identity?.instance ?? '', 'stolen key (tour)');
  let answer = await client.ask();
  while (answer.status === 200 && performance.now() - startedAt < 5_000)
    answer = await client.ask();
  const tookMs = performance.now() - startedAt;
  report.line('the next request on that connection', '403 DTA1008', show(answer));
  const within =
    tookMs <= revocationBoundMs
      ? `within ${revocationBoundMs} ms`
      : `after ${Math.round(tookMs)} ms`;
  report.line(
    `from the command to the refusal: ${Math.round(tookMs)} ms`,
    `within ${revocationBoundMs} ms`,
    within,
  );
  client.close();
}

async function showSwaps(mesh: DemoMesh, report: Report, checkout: TourClient): Promise<void> {
  report.heading(`the policy is swapped ${swapCount} times under load`);
  const files = readPolicyFiles([projectPath('examples/demo/policies')]);
  const variant = (operator: string) =>
    files.map(({ name, text: policy }) => ({
      name,
      text: policy.replaceAll('operator: redact', `operator: ${operator}`),
    }));
  const result = await underLoad(checkout, 8, judgeVersion, async () => {
    for (let i = 0; i < swapCount; i++) {
      await mesh.operator.pushPolicies(variant(i % 2 === 0 ? '"null"' : 'redact'));
      await new Promise((resolve) => setTimeout(resolve, swapEveryMs));
    }
  });
  report.line(
    `${result.requests} requests, failed or under two versions`,
    '0',
    String(result.failed),
  );
  for (const failure of result.failures) report.line('  one of them', 'a whole answer', failure);
  const rate = result.perSecond >= loadBound ? `at least ${loadBound}/s` : `${result.perSecond}/s`;
  report.line(`load: ${result.perSecond} requests a second`, `at least ${loadBound}/s`, rate);
}

async function showBrokenPolicy(
  mesh: DemoMesh,
  report: Report,
  checkout: TourClient,
): Promise<void> {
  report.heading('a broken policy is refused as a whole');
  const before = await mesh.operator.policies();
  const places: string[] = [];
  try {
    const path = projectPath('examples/demo/broken.yaml');
    await mesh.operator.pushPolicies(
      readPolicyFiles([path]).map(({ text: policy }) => ({ name: 'broken.yaml', text: policy })),
    );
  } catch (error) {
    if (!(error instanceof DtaError) || error.code !== 'policyInvalid') throw error;
    for (const { file, line, column, message } of error.fields.errors as Place[]) {
      places.push(`${line}:${column}`);
      report.note(`${file}:${line}:${column}: ${message}`);
    }
  }
  report.line('every mistake with file, line and column', '8:7 9:7 11:39 12:13', places.join(' '));
  const after = await mesh.operator.policies();
  report.line(
    'the policy before goes on',
    `revision ${before?.revision}`,
    `revision ${after?.revision}`,
  );
  report.line('checkout reads an order', '200', show(await checkout.ask()));
}

/** Records come on the filter's tick and the agent's way: at most a few hundred milliseconds behind. */
async function showAudit(mesh: DemoMesh, report: Report): Promise<void> {
  report.heading('evidence');
  const reasons = new Set<string>();
  const deadline = Date.now() + 10_000;
  while (!(reasons.has('Revoked') && reasons.has('Isolated')) && Date.now() < deadline) {
    for (const verdict of ['Deny', 'Isolate'] as const)
      for (const { reason } of await mesh.operator.audit({ limit: '1000', verdict }))
        reasons.add(reason);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const wanted = ['DenyRule', 'Isolated', 'NoRulePermits', 'PathAmbiguous', 'Revoked'];
  report.line(
    'reasons of denials in the audit store',
    wanted.join(' '),
    wanted.filter((each) => reasons.has(each)).join(' '),
  );
  const { audit } = await mesh.operator.status();
  report.line(`${audit.stored} records, missing in between`, '0', audit.missing);
}

interface Received {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Every answer has to be whole under one version: both personal fields redacted, or both null. */
function judgeVersion(answer: Answer): string | undefined {
  if (answer.status !== 200) return `status ${show(answer)}`;
  const { customer, card } = JSON.parse(answer.body) as {
    card: string;
    customer: Record<string, unknown>;
  };
  if (card !== '****-****-****-1111') return `card ${card}`;
  const [iban, ssn] = [customer.iban, customer.ssn];
  return iban === ssn && (iban === null || iban === '***') ? undefined : `iban ${iban}, ssn ${ssn}`;
}

function workload(service: string, team: string, environment: string) {
  return { service, team, environment };
}

function shiftNow(): string {
  const hour = new Date().getUTCHours();
  return hour >= 6 && hour < 18 ? 'day' : 'night';
}

function otherShift(): string {
  return shiftNow() === 'day' ? 'night' : 'day';
}

function show(answer: Answer): string {
  return answer.status === 0 ? 'no answer' : statusAndCode(answer);
}

/** The sidecars serve before the last worker has its bundle: until then everything is denied. */
async function untilAllowed(port: number): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (Date.now() < deadline) {
    if ((await askPlaintext(port, '/orders/7')).status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const revocationBoundMs = 100;
const swapCount = 20;
const swapEveryMs = 150;
const loadBound = 500;
