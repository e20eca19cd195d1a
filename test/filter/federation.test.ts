/** Callers of other trust domains: who is let in, what their names mean, and what they never share with ours. */
import { beforeEach, describe, expect, test } from 'vitest';

import { Attribute, Band, RestrictionSide, Verdict } from '../../controller/layout.ts';
import type { Stream } from '../../host/stream.ts';
import type { Root } from '../../host/vm.ts';
import { bundleOf, CHECKOUT, Mesh, NOON_MS, policyOf, restrictionOf, stateOf } from './mesh.ts';

const PARTNER = 'partner.example';
/** The same names and the same UUID as our own checkout, in another domain. */
const FOREIGN = CHECKOUT.replace('mesh.example', PARTNER);
const THIRD = CHECKOUT.replace('mesh.example', 'third.example');
const INSTANCE = CHECKOUT.slice(-36);
const WEB = { subject: 'OU=label.tier=web' };

describe('a caller of another trust domain', () => {
  let mesh: Mesh;
  let version = 0n;
  beforeEach(async () => {
    mesh = await Mesh.start();
    mesh.state(stateOf());
    version = 0n;
  });

  function load(federatedDomains: readonly string[], ...rules: readonly string[]): Root {
    version += 1n;
    return mesh.bundle(bundleOf(policyOf(...rules), { federatedDomains, version }));
  }

  const named = `{ name: named, effect: allow, from: [{ domain: ${PARTNER}, service: checkout }] }`;

  test('is let in where it is federated and a rule names its domain', () => {
    const root = load([PARTNER], named);
    expect(mesh.status(root, FOREIGN)).toEqual({ status: 200, code: '' });
    expect(mesh.status(root, CHECKOUT).code).toBe('DTA1011');
    expect(mesh.status(root, THIRD)).toEqual({ status: 403, code: 'DTA1007' });
    const without = load([], named);
    expect(mesh.status(without, FOREIGN)).toEqual({ status: 403, code: 'DTA1007' });
  });

  test.each([
    '{ name: r, effect: allow }',
    '{ name: r, effect: allow, from: [{ service: checkout }] }',
    '{ name: r, effect: allow, from: [{ labels: { tier: web } }] }',
    '{ name: r, effect: allow, from: [{ notDomain: evil.example }] }',
    `{ name: r, effect: allow, when: 'source.domain != "evil.example"' }`,
  ])('gets nothing from %s', (rule) => {
    const root = load([PARTNER], rule);
    expect(mesh.status(root, CHECKOUT, WEB).status).toBe(200);
    expect(mesh.status(root, FOREIGN, WEB).code).toBe('DTA1011');
  });

  // What our own checkout gets, then what the stranger gets.
  test.each([
    ['from: [{ service: checkout }]', 'DTA1012', 'DTA1012'],
    ['from: [{ labels: { tier: web } }]', 'DTA1012', 'DTA1012'],
    ['from: [{ service: cart }]', '', ''],
    ['from: [{ notService: checkout }]', '', 'DTA1012'],
    ['from: [{ notLabels: { tier: web } }]', '', 'DTA1012'],
    ['from: [{ notEnvironment: same }]', '', 'DTA1012'],
    [`from: [{ notDomain: ${PARTNER} }]`, 'DTA1012', ''],
    [`from: [{ domain: ${PARTNER}, notService: checkout }]`, '', ''],
    [`when: 'source.labels.tier != "web"'`, '', 'DTA1012'],
    [`when: '!(source.team == "payments" && source.service == "checkout")'`, '', 'DTA1012'],
    [`when: 'source.team != "payments" || source.service == "cart"'`, '', 'DTA1012'],
    [`when: 'source.domain != "mesh.example"'`, '', 'DTA1012'],
    [`from: [{ domain: ${PARTNER} }], when: 'source.labels.tier != "web"'`, '', ''],
  ])('and a deny rule with %s', (part, own, foreign) => {
    const both = `{ name: all, effect: allow, from: [{ domain: [mesh.example, ${PARTNER}] }] }`;
    const root = load([PARTNER], both, `{ name: never, effect: deny, ${part} }`);
    expect(mesh.status(root, CHECKOUT, WEB).code).toBe(own);
    expect(mesh.status(root, FOREIGN, WEB).code).toBe(foreign);
  });

  test('has no band, signal or restriction of a service of ours with its names', () => {
    const observedAtMs = NOON_MS;
    const known = { attribute: Attribute.SourceCpu, value: 0.1, observedAtMs, maxAgeMs: 0 };
    const low = `{ name: low, effect: allow, from: [{ domain: "*.example" }], maxRisk: low }`;
    const calm = `{ name: calm, effect: allow, from: [{ domain: "*.example" }], to: [{ methods: [PUT] }], when: source.cpu < 0.5 }`;
    const root = load([PARTNER], low, calm);
    const isolated = restrictionOf('prod/checkout', RestrictionSide.Source, Verdict.Isolate);
    const learn = (epoch: bigint, subject: string, isIsolated = false) =>
      mesh.state(
        stateOf({
          epoch,
          bands: [{ subject, band: Band.Low }],
          signals: [
            { subject: INSTANCE, ...known },
            ...(subject === 'prod/checkout' ? [] : [{ subject, ...known }]),
          ],
          restrictions: isIsolated ? [isolated] : [],
        }),
      );
    learn(2n, 'prod/checkout');
    expect(mesh.status(root, CHECKOUT).code).toBe('');
    expect(mesh.status(root, FOREIGN).code).toBe('DTA1013');
    expect(mesh.status(root, CHECKOUT, { method: 'PUT' }).code).toBe('');
    expect(mesh.status(root, FOREIGN, { method: 'PUT' }).code).toBe('DTA1013');
    learn(3n, `${PARTNER}/prod/checkout`, true);
    expect(mesh.status(root, CHECKOUT).code).toBe('DTA1025');
    expect(mesh.status(root, FOREIGN).code).toBe('');
    expect(mesh.status(root, FOREIGN, { method: 'PUT' }).code).toBe('');
  });

  test('is refused, also on streams that run, once its domain is federated no more', () => {
    const root = load([PARTNER, 'friend.example'], named, '{ name: own, effect: allow }');
    const streams = [FOREIGN, CHECKOUT].map((uri) => {
      const stream = mesh.stream(root, uri);
      expect(mesh.ask(stream, uri, { end: false }).action).toBe('continue');
      return stream;
    });
    const isCut = (stream: Stream) => stream.outcome().reset === true;
    mesh.vm.tick(root);
    expect(streams.map(isCut)).toEqual([false, false]);
    const next = load(['friend.example'], named, '{ name: own, effect: allow }');
    mesh.vm.tick(next);
    expect(streams.map(isCut)).toEqual([true, false]);
    expect(mesh.status(next, FOREIGN).code).toBe('DTA1007');
    expect(mesh.status(root, FOREIGN).code).toBe('DTA1007');
  });
});
