/** Names and field paths by the dozen: the one that is searched by halves is the one that a walk over all finds. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NameMode } from '../../controller/layout.ts';
import { joinWords, nameForMode } from '../../controller/policy/fold-name.ts';
import { loadKernel } from './kernel.ts';
import type { Profile, RuleSpec } from './mask-blob.ts';

const kernel = await loadKernel();
const rule: RuleSpec = { operator: 'Null' };
const weaker: RuleSpec = { operator: 'Redact' };
const numRuns = Number(process.env.FUZZ_RUNS ?? 1_000);

// Few letters, so that names meet: equal, equal but for case or separators, one the beginning of the other.
const name = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'B', 'b', '_', '\u017f', '\u00e9'), maxLength: 4 }),
  fc
    .tuple(fc.constantFrom('abcdefgh', 'Abcdefgh_', 'k'.repeat(19)), fc.nat(30))
    .map((s) => s.join('')),
);
const mode = fc.constantFrom<keyof typeof NameMode>('Exact', 'AnyCase', 'Words');
const entries = fc.array(fc.record({ name, mode, isNull: fc.boolean() }), { maxLength: 60 });

function nameIn(text: string, how: keyof typeof NameMode): string {
  return nameForMode(text, NameMode[how]);
}

test('of many names those that are masked', () => {
  fc.assert(
    fc.property(entries, fc.array(name, { minLength: 1, maxLength: 20 }), (all, keys) => {
      const names = all
        .filter((one) => one.mode !== 'Words' || joinWords(one.name) !== '')
        .map((one) => ({ ...one, name: nameIn(one.name, one.mode) }));
      const profile: Profile = {
        names: names.map((one) => ({
          name: one.name,
          mode: one.mode,
          rule: one.isNull ? rule : weaker,
        })),
      };
      const found = keys.map((key) => {
        const those = names.filter((one) => one.name === nameIn(key, one.mode));
        if (those.length === 0) return '1';
        return those.some((one) => one.isNull) ? 'null' : '"***"';
      });
      const write = (values: string[]): string =>
        `[${keys.map((key, i) => `{${JSON.stringify(key)}:${values[i]}}`).join()}]`;
      expect(kernel.text(profile, write(keys.map(() => '1')))).toBe(write(found));
    }),
    { numRuns },
  );
});

test('of many members and elements those that are masked', () => {
  const member = fc.string({ unit: fc.constantFrom('a', 'B', 'b', '\u00e9'), maxLength: 9 });
  const members = fc.array(member, { maxLength: 60 });
  const indexes = fc.array(fc.nat(60), { maxLength: 40 });
  fc.assert(
    fc.property(members, indexes, members, fc.boolean(), (names, places, keys, hasAll) => {
      const paths = [
        ...names.map((one) => `$[0].${one}`),
        ...places.map((at) => `$[1][${at}]`),
        ...(hasAll ? ['$[2].*', '$[3][*]'] : []),
      ];
      const write = (values: string[], numbers: string[], rest: string): string =>
        `[{${keys.map((key, i) => `${JSON.stringify(key)}:${values[i]}`).join()}},[${numbers.join()}],{"a":${rest}},[${rest}]]`;
      const numbers = Array.from({ length: 50 }, (_, i) => i);
      const masked = kernel.text(
        { paths: paths.map((path) => ({ path, rule })) },
        write(
          keys.map(() => '1'),
          numbers.map(String),
          '2',
        ),
      );
      expect(masked).toBe(
        write(
          keys.map((key) => (names.includes(key) ? 'null' : '1')),
          numbers.map((at) => (places.includes(at) ? 'null' : String(at))),
          hasAll ? 'null' : '2',
        ),
      );
    }),
    { numRuns },
  );
});
