/** What a registration may ask for, and which one some evidence selects. */
import { describe, expect, it } from 'vitest';

import { selectorFault, selectRegistration } from './selectors.ts';

describe('selectorFault', () => {
  it.each([
    [[]],
    [['k8s:ns:shop', 'k8s:sa:orders']],
    [['x509pop:cn:host-1.example.org']],
    [['unix:workload:orders', 'agent:service:prod/host-agent']],
    [['unix:uid:1001', 'agent:instance:0b5f3d0e-6f0a-4a43-9c65-1f6a2f5f8d11']],
  ])('takes %j', (selectors) => expect(selectorFault(selectors)).toBeUndefined());

  it.each([
    [['shop'], '`shop` is no selector'],
    [['k8s:namespace:shop'], '`k8s:namespace:shop` is no selector'],
    [['k8s:ns:'], '`k8s:ns:` is no selector'],
    [['k8s:ns:a b'], 'is no selector'],
    [['unix:uid:1001'], 'any agent could vouch'],
    [['agent:service:prod/x'], 'an agent alone proves nothing'],
    [['k8s:ns:shop', 'x509pop:cn:a'], 'two methods'],
    [['k8s:sa:orders'], 'any namespace'],
    [Array.from({ length: 17 }, (_, i) => `k8s:ns:n${i}`), '17 selectors are more than 16'],
  ])('refuses %j', (selectors, message) => {
    expect(selectorFault(selectors)?.message).toContain(message);
  });
});

describe('selectRegistration', () => {
  const entry = (name: string, ...attest: string[]) => ({
    ...{ name, attest, environment: 'prod', team: 'shop', service: name, labels: {} },
  });
  const pick = (proved: string[], ...entries: ReturnType<typeof entry>[]) =>
    selectRegistration(entries, proved)?.name;

  it('takes the one whose selectors were all proved', () => {
    const [a, b] = [entry('a', 'k8s:ns:x', 'k8s:sa:a'), entry('b', 'k8s:ns:x', 'k8s:sa:b')];
    expect(pick(['k8s:ns:x', 'k8s:sa:b', 'k8s:pod:p'], a, b)).toBe('b');
    expect(pick(['k8s:ns:x'], a, b)).toBeUndefined();
  });

  it('never takes one that asks for nothing', () => {
    expect(pick(['k8s:ns:x'], entry('open'))).toBeUndefined();
    expect(pick([], entry('open'))).toBeUndefined();
  });

  it('takes the strictest of several, and none when there is no strictest', () => {
    const all = entry('all', 'k8s:ns:x');
    const one = entry('one', 'k8s:ns:x', 'k8s:sa:a');
    expect(pick(['k8s:ns:x', 'k8s:sa:a'], all, one)).toBe('one');
    const other = entry('other', 'k8s:ns:x', 'k8s:pod:p');
    const proved = ['k8s:ns:x', 'k8s:sa:a', 'k8s:pod:p'];
    expect(() => pick(proved, all, one, other)).toThrow('both match');
    expect(() => pick(['k8s:ns:x'], all, entry('twin', 'k8s:ns:x'))).toThrow('both match');
  });
});
