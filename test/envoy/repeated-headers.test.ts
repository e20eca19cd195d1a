/** Repeated header lines through a real Envoy, which joins those of some headers with commas and leaves others alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bundleOf } from '../filter/mesh.ts';
import { askInTurn } from './ask-in-turn.ts';
import { DirectMesh, renewed } from './direct-mesh.ts';
import { Upstream } from './upstream.ts';

const policies = `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders }
  rules:
    - name: known-callers
      effect: allow
      to: [{ headers: { authorization: "Basic*", x-zone: "eu-*" } }]
    - name: no-evil
      effect: deny
      to: [{ headers: { user-agent: evil } }, { headers: { x-agent: evil } }]
    - name: no-pair
      effect: deny
      when: has(request.headers.referer) && any(request.headers.referer) == "a,b"
`;

describe('lines of a header count alike, whoever joins them', () => {
  let upstream: Upstream;
  let mesh: DirectMesh;
  beforeAll(async () => {
    upstream = await Upstream.start();
    const bundle = renewed(bundleOf(policies, { nowMs: Date.now() }), 1n);
    mesh = await DirectMesh.start(bundle, upstream.port);
  });
  afterAll(async () => {
    await mesh?.stop();
    await upstream?.close();
  });

  const status = async (...lines: [name: string, value: string][]) => {
    const peer = { port: mesh.inboundPort, identity: mesh.credentials('checkout') };
    const headers = [
      ...base.filter(([name]) => !lines.some(([other]) => other === name)),
      ...lines,
    ];
    const request = { method: 'GET', path: '/orders/7', authority: 'orders', headers };
    const [answer] = await askInTurn(peer, [request]);
    return answer;
  };
  const base: [string, string][] = [
    ['authorization', 'Basic YTpi'],
    ['x-zone', 'eu-1'],
  ];

  // Envoy joins the lines of the first, not those of the second.
  it.each(['user-agent', 'x-agent'])('a deny on %s sees each line', async (name) => {
    expect(await status([name, 'ok'], [name, 'fine'])).toBe(200);
    expect(await status([name, 'ok'], [name, 'evil'])).toBe(403);
    expect(await status([name, 'evil'], [name, 'ok'])).toBe(403);
    expect(await status([name, 'ok, evil'])).toBe(403);
  });

  it.each([
    ['authorization', 'Basic YTpi', 'Bearer x'],
    ['x-zone', 'eu-1', 'us-1'],
  ])('an allow on %s needs each line', async (name, good, bad) => {
    expect(await status([name, good])).toBe(200);
    expect(await status([name, good], [name, good])).toBe(200);
    expect(await status([name, good], [name, bad])).toBe(403);
    expect(await status([name, bad], [name, good])).toBe(403);
    expect(await status([name, `${good},${bad}`])).toBe(403);
  });

  it('any() compares what Envoy made of the lines', async () => {
    expect(await status(['referer', 'b,a'])).toBe(200);
    expect(await status(['referer', 'a,b'])).toBe(403);
    expect(await status(['referer', 'a'], ['referer', 'b'])).toBe(403);
  });
});
