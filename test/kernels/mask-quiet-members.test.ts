/** Members that no rule can touch pass in a loop of their own: it takes what is JSON, and changes none of it. */
import { describe, expect, it } from 'vitest';

import { loadKernel } from './kernel.ts';
import type { Profile } from './mask-blob.ts';

const kernel = await loadKernel();
const profile: Profile = { names: [{ name: 'secret', rule: { operator: 'Redact' } }] };

const digits = '1234567890'.repeat(4);
const values = [
  ...['0', '-0', '7', '-12', '0.5', '10.25', '1e5', '1E-2', '0.5e+10', '12.5E3'],
  ...[14, 15, 16, 17, 40].flatMap((n) => {
    const long = digits.slice(0, n);
    return [long, `-${long}`, `0.${long}`, `${long}.5`, `${long}e1`, `${long}.`, `${long}.e1`];
  }),
  ...['00', '01', '-', '-a', '.5', '1.', '1..2', '1.2.3', '1e', '1e+', '1ee2', '+1', '1a', '-01'],
  ...['true', 'false', 'null', 'tru', 'True', 'falsy', 'nulll', 'NaN', ''],
  ...['""', '"a"', '"caf\u00e9"', '"\\n\\u0041"', '"\\x"', '"\u0001"', '"[1]"', '"{"', '"|"'],
  ...['"0123456789abcdef"', '"0123456789abcde"', `"${digits}"`, `"${digits}\\"${digits}"`],
];
const names = ['"a"', '""', '"S-t"', '"naïve"', '"s\\u0065"', '"0123456789abcdef"', `"${digits}"`];
const gaps = ['', ' ', '\n    ', '\t\r\n'];
const documents = [
  ...values.map((value) => ({ name: '"a"', value, gap: '' })),
  ...values.map((value) => ({ name: '"a"', value, gap: ' ' })),
  ...names.flatMap((name) => gaps.map((gap) => ({ name, value: '1', gap }))),
  ...['a', "'a'", '"a', '1', '"\u0001"', ',', ''].map((name) => ({ name, value: '1', gap: '' })),
].map(({ name, value, gap }) => {
  const member = `${gap}${name}${gap}:${gap}${value}${gap}`;
  return `{"first":1,${member},"secret":"s","next":"${digits}","last":[1,2,3,"${digits}"]}`;
});

describe('members that no rule can touch', () => {
  it.each(documents)('%s', (document) => {
    const isJson = readsAsJson(document);
    const expected = document.replace('"secret":"s"', '"secret":"***"');
    for (const step of [document.length * 4, 50, 7]) {
      const { status, output } = kernel.mask(profile, piecesOf(document, step));
      expect(status).toBe(isJson ? 'ok' : 'malformed');
      if (isJson) expect(output.toString()).toBe(expected);
    }
  });

  it('go beyond a name that is masked, whatever its value holds', () => {
    const rest = `"a":1,"b":{"secret":"x","c":"${digits}"},"d":"[{\\"secret\\":1}]","e":"${digits}"`;
    expect(kernel.text(profile, `{${rest},"secret":2}`)).toBe(
      `{${rest.replace('"x"', '"***"').replace('\\":1}', '\\":\\"***\\"}')},"secret":"***"}`,
    );
  });
});

function readsAsJson(document: string): boolean {
  try {
    JSON.parse(document);
    return true;
  } catch {
    return false;
  }
}

function piecesOf(document: string, step: number): Buffer[] {
  const bytes = Buffer.from(document);
  const count = Math.ceil(bytes.length / step);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * step, (i + 1) * step));
}
