/** Row: rotation of all certificates of five Envoys under load, a rotation of the issuing key in the middle. */
import { X509Certificate } from 'node:crypto';

import { DtaError } from '../../../controller/errors.ts';
import { type FiveEnvoys, startFiveEnvoys, startTraffic } from './five-envoys.ts';
import { pause, until } from './soak-mesh.ts';
import { showTraffic } from './traffic.ts';
import type { Verdicts } from './verdicts.ts';

/** Runs it; about three minutes. */
export async function soakRotation(verdicts: Verdicts): Promise<void> {
  const five = await startFiveEnvoys('60s');
  try {
    const traffic = await startTraffic(five);
    traffic.rate(100);
    await pause(2_000);
    traffic.rate(1_000);
    await pause(3_000);
    await traffic.report();
    for (let i = 0; i < 3; i++) await rotateAll(five, verdicts);
    const first = await traffic.report();
    await rotateIssuer(five, verdicts);
    const second = await traffic.report();
    for (let i = 0; i < 2; i++) await rotateAll(five, verdicts);
    await pause(5_000);
    const third = await traffic.stop();
    const reports = { 'before the key rotation': first, 'during it': second, after: third };
    for (const [when, report] of Object.entries(reports)) {
      verdicts.note(`${when}: ${showTraffic(report)}; ${report.ownCertificates} of its own`);
      verdicts.note(
        `  answered after ${report.medianMs.toFixed(1)} ms, p99 ${report.p99Ms.toFixed(1)}`,
      );
      for (const failure of report.failures.slice(0, 5)) verdicts.note(failure);
    }
    const all = [first, second, third];
    const sum = (of: (report: (typeof all)[number]) => number) =>
      all.reduce((total, report) => total + of(report), 0);
    const [failed, requests] = [sum((r) => r.failed), sum((r) => r.requests)];
    const slowest = Math.min(...all.map(({ perSecond }) => perSecond));
    verdicts.judge({
      what: 'rotation of 5 Envoys, issuing key rotated in the middle',
      bound: '0 failed, at 1,000 a second',
      measured: `${failed} failed of ${requests}, ${sum((r) => r.handshakes)} handshakes, at least ${slowest.toFixed(0)} a second`,
      isMet: failed === 0 && slowest > 980,
    });
    verdicts.judge({
      what: 'every Envoy showed new certificates',
      bound: 'at least 5 x 8 different ones',
      measured: `${sum((r) => r.certificates)}`,
      isMet: sum((r) => r.certificates) >= 40,
    });
    const { issuers } = await five.mesh.operator.authority();
    verdicts.judge({
      what: 'issuing keys at the end',
      bound: '1, the new one',
      measured: `${issuers.length}`,
      isMet: issuers.length === 1,
    });
  } finally {
    await five.stop();
  }
}

/** `dta identity rotate --all`, until everybody has. */
async function rotateAll({ mesh }: FiveEnvoys, verdicts: Verdicts): Promise<void> {
  const startedAt = performance.now();
  const { concerned } = await mesh.identities.rotate({ kind: 'all', spreadMs: 1_000 });
  await until('all to rotate', async () => (await mesh.identities.openRotations()).length === 0);
  const tookMs = performance.now() - startedAt;
  verdicts.note(`rotate --all: ${concerned} instances in ${(tookMs / 1_000).toFixed(1)} s`);
  await pause(3_000);
}

/** Prepare, activate, taint; when the last leaf of the old key has ended it is taken away. */
async function rotateIssuer({ mesh }: FiveEnvoys, verdicts: Verdicts): Promise<void> {
  const { operator } = mesh;
  const old = (await operator.authority()).issuers[0]?.id ?? '';
  await operator.prepareIssuer({});
  await until('the new key to be known', () => isActivated(mesh));
  await pause(3_000);
  await operator.taintIssuer(old, {});
  const issuer = async () =>
    (await operator.authority()).issuers.find(({ id }) => id === old) ?? { instances: 0, live: 0 };
  await until('everybody to leave the old key', async () => (await issuer()).instances === 0);
  verdicts.note('nobody lives on the old key');
  await until('its last leaf to end', async () => (await issuer()).live === 0, 120_000, 500);
  await operator.revokeIssuer(old, {});
  verdicts.note(`the old key is gone: ${isGone(await operator.authority(), old)}`);
  await pause(3_000);
}

async function isActivated({ operator }: FiveEnvoys['mesh']): Promise<boolean> {
  try {
    await operator.activateIssuer({});
    return true;
  } catch (error) {
    if (error instanceof DtaError && error.code === 'conflict') return false;
    throw error;
  }
}

function isGone(
  { issuers }: { issuers: readonly { id: string; rootPem: string }[] },
  old: string,
): string {
  const left = issuers.find(({ id }) => id === old);
  return left ? `no, ${new X509Certificate(left.rootPem).subject}` : 'yes';
}
