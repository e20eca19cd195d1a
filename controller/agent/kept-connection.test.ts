/** How long a connection is kept. */
import { expect, it } from 'vitest';

import { KeptConnection } from './kept-connection.ts';

it('is the same for one identity, for a minute', () => {
  let nowMs = 1_000_000;
  const kept = new KeptConnection(() => nowMs, new AbortController().signal);
  const first = kept.agentFor('one');
  nowMs += 60_000;
  expect(kept.agentFor('one')).toBe(first);
  nowMs += 1;
  const second = kept.agentFor('one');
  expect(second).not.toBe(first);
  expect(kept.agentFor('two')).not.toBe(second);
});

it('is another after the clock was set back', () => {
  let nowMs = 1_000_000;
  const kept = new KeptConnection(() => nowMs, new AbortController().signal);
  const first = kept.agentFor('one');
  nowMs -= 500_000;
  expect(kept.agentFor('one')).not.toBe(first);
});
