/** Whatever classification and masking say: what the compiler makes of it is accepted by the filter. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { parsePolicySet } from '../../controller/policy/parse.ts';
import { compileMasksOf } from '../oracle/compiled-masks.ts';
import { loadValidationKernel } from './mask-validation-kernel.ts';

const kernel = await loadValidationKernel();
const label = fc.constantFrom('PII', 'PCI', 'Confidential', 'Internal', 'Secret', 'Other');
const name = fc.constantFrom('iban', 'Card_No', 'a.b', 'größe', 'x', '\u017fku', 'dob', '__a__');
const match = fc.constantFrom('exact', 'ignore-case', 'words');
const step = fc.constantFrom('.a', '.Card_No', '.*', '[*]', '[0]', '[7]', '.**', "['ö']");
const some = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 5 });

const classification = fc.record(
  {
    labels: fc.constantFrom(
      [{ name: 'Secret', above: ['PII', 'PCI'] }],
      [{ name: 'PII', above: ['Other'] }],
    ),
    fields: some(
      fc.oneof(
        fc.record({ name, match, label }),
        fc.record({
          path: fc.array(step, { maxLength: 3 }).map((steps) => `$${steps.join('')}`),
          label,
        }),
      ),
    ),
    values: some(
      fc.oneof(
        fc.record({
          detector: fc.constantFrom('card', 'email', 'national-id', 'date-of-birth'),
          label,
        }),
        fc.record({ pattern: fc.constantFrom('a+b', '[0-9]{4}', 'x(y|z)'), label }),
      ),
    ),
    headers: some(fc.record({ name: fc.constantFrom('X-A', 'authorization'), label })),
    cookies: some(fc.record({ name: fc.constantFrom('sid', 'S_x'), match, label })),
    parameters: some(fc.record({ name, match, label })),
    pathParameters: some(
      fc.record({
        path: fc.constantFrom('/a/{id}', '/{id}/b/', '/{id}/**'),
        parameter: fc.constant('id'),
        label,
      }),
    ),
  },
  { requiredKeys: ['fields'] },
);

const operator = fc.constantFrom<object>(
  { operator: 'keep-last', keep: 4 },
  { operator: 'keep-first', keep: 40 },
  { operator: 'date-shift', days: 30 },
  { operator: 'truncate', keep: 2 },
  { operator: 'bucket', unit: 'year' },
  { operator: 'bucket', width: 7 },
  { operator: 'format-preserving' },
  { operator: 'token' },
  { operator: 'hash', digits: 12 },
  { operator: 'replace', text: 'é' },
  { operator: 'redact' },
  { operator: 'null' },
  { operator: 'drop' },
);
const rule = fc
  .record(
    {
      labels: fc.uniqueArray(label, { minLength: 1 }),
      band: fc.constantFrom('low', 'guarded', 'high', 'critical'),
      clearance: fc.constantFrom('ignore', 'respect'),
      bodies: fc.constantFrom(['request'], ['response'], ['request', 'response']),
    },
    { requiredKeys: ['labels'] },
  )
  .chain((rest) => operator.map((what) => ({ ...rest, ...what })));
const masking = fc.record(
  {
    unreadable: fc.constantFrom('deny', 'redact-body', 'pass-unmasked'),
    routes: some(
      fc.record({
        paths: fc.constantFrom(['/a/**'], ['*', '/b/{c}'], ['/']),
        unreadable: fc.constantFrom('deny', 'redact-body', 'pass-unmasked'),
      }),
    ),
    upgrades: fc.constantFrom('allow', 'deny'),
    labelHeader: fc.constantFrom('none', 'X-Labels'),
    rules: some(rule),
  },
  { requiredKeys: ['rules'] },
);

test('random policies', () => {
  const seen = { blobs: 0, refused: 0 };
  fc.assert(
    fc.property(classification, some(masking), (data, masks) => {
      const document = (kind: string, i: number, spec: object) =>
        JSON.stringify({
          apiVersion: 'sm-dta/v1',
          kind,
          metadata: { name: `n${i}` },
          spec: { destination: { service: 'orders' }, ...spec },
        });
      // One header for all, as the policies have to say.
      const agreed = masks.map(({ labelHeader: _, ...rest }) => rest);
      const texts = [
        document('DataClassification', 0, data),
        ...(masks.length === 1 ? masks : agreed).map((spec, i) =>
          document('MaskingPolicy', i, spec),
        ),
      ];
      const text = texts.join('\n---\n');
      const { errors } = parsePolicySet([{ name: 'p.yaml', text }]);
      if (errors.some(({ message }) => message.includes('places at one depth'))) {
        seen.refused++;
        return;
      }
      const { request, response } = compileMasksOf(text);
      for (const side of [request, response]) {
        if (side === undefined) continue;
        seen.blobs++;
        const labels = 64;
        expect(kernel.acceptsBlob(side.blob, labels)).toBe(true);
      }
    }),
    { numRuns: Math.min(Number(process.env.FUZZ_RUNS ?? 200), 20_000) },
  );
  expect(seen.blobs).toBeGreaterThan(100);
  expect(seen.refused).toBeLessThan(seen.blobs);
});
