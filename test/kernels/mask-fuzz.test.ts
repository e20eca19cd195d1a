/** Random documents and profiles: the kernel writes what the oracle writes, in whatever pieces, and never traps. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { loadKernel } from './kernel.ts';
import { cut, cuts, profile, value } from './mask-fuzz-arbitraries.ts';
import { maskByOracle } from './mask-oracle.ts';

const numRuns = Number(process.env.FUZZ_RUNS ?? 4000);
const kernel = await loadKernel();

test('the kernel writes what the oracle writes, in whatever pieces', () => {
  const clearances = fc.constantFrom(0n, 1n, 3n);
  fc.assert(
    fc.property(profile, value, cuts, clearances, fc.nat(3), (masks, text, at, clearance, band) => {
      const { status, output } = kernel.mask(masks, cut(text, at), clearance, band);
      expect(status).toBe('ok');
      expect(output.toString()).toBe(maskByOracle(masks, text, { clearance, band }));
      JSON.parse(output.toString());
    }),
    { numRuns },
  );
});

test('random bytes never trap, and what is accepted is JSON', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .array(fc.constantFrom(...'{}[]:,"\\u0041eE+-.129 tfn\u00e9'), { maxLength: 40 })
      .map((all) => Buffer.from(all.join(''))),
    fc.tuple(value, fc.nat(), fc.nat(255)).map(([text, i, byte]) => {
      const copy = Buffer.from(text);
      copy[i % copy.length] = byte;
      return copy;
    }),
  );
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  fc.assert(
    fc.property(bytes, profile, cuts, (document, masks, at) => {
      let isJson = document.length === 0;
      try {
        JSON.parse(decoder.decode(document).replace(/^\ufeff/, ''));
        isJson = true;
      } catch {}
      const edges = [
        0,
        ...at.map((n) => n % (document.length + 1)).sort((a, b) => a - b),
        document.length,
      ];
      const pieces = edges.slice(1).map((end, i) => document.subarray(edges[i], end));
      const { status, output } = kernel.mask(masks, pieces);
      expect(status).toBe(isJson ? 'ok' : 'malformed');
      if (isJson && document.length > 0) JSON.parse(decoder.decode(output).replace(/^\ufeff/, ''));
    }),
    { numRuns },
  );
});
