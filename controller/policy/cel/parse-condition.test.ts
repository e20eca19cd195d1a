/** Conditions: the subset that is read, and where and why the rest is refused. */
import { expect, test } from 'vitest';

import { AtomOp } from '../../layout.ts';
import { Problem } from '../problem.ts';
import type { Condition } from './condition.ts';
import { parseCondition } from './parse-condition.ts';

const signs = new Map<number, string>([
  [AtomOp.Less, '<'],
  [AtomOp.LessEqual, '<='],
  [AtomOp.Greater, '>'],
  [AtomOp.GreaterEqual, '>='],
  [AtomOp.Equal, '=='],
  [AtomOp.NotEqual, '!='],
]);

const show = (c: Condition): string => {
  if (c.kind === 'constant') return String(c.value);
  if (c.kind === 'has') return `has(${c.ref.attribute}${c.ref.fact})`;
  if (c.kind === 'compare') return `${c.ref.attribute}${c.ref.fact}${signs.get(c.op)}${c.number}`;
  if (c.kind === 'within') return `${c.windows.length} in ${c.zone}`;
  if (c.kind === 'not') return `!${show(c.operand)}`;
  return `(${show(c.left)} ${c.kind} ${show(c.right)})`;
};

test.each([
  ['source.cpu < 0.8', '2<0.8'],
  ['0.8 > source.cpu', '2<0.8'],
  ['0 != destination.load', '8!=0'],
  ['source.worstCve <= "high"', '5<=3'],
  ['"medium" <= source.worstCve', '5>=2'],
  ['source.cveCount == 3u', '6==3'],
  ['environment.alert >= -1', '9alert>=-1'],
  ['environment.alert == -0.0', '9alert==0'],
  ['has(source.memory)', 'has(3)'],
  ['true || !false', '(true or !false)'],
  ['!(source.errorRate > 0.5) && has(environment.x)', '(!4>0.5 and has(9x))'],
  [`within(request.time, '22:00-06:00', 'Europe/Paris')`, '2 in Europe/Paris'],
  ['true // why\n && false', '(true and false)'],
])('%s', (text, shown) => {
  const condition = parseCondition(text);
  expect(condition instanceof Problem ? condition.message : show(condition)).toBe(shown);
});

test.each([
  ['', 'no CEL: unexpected end of input', 0],
  ['source.cpu <', 'no CEL', 11],
  ['a &&', 'no CEL', 2],
  ['"x', 'no CEL', 0],
  ['source.cpu', '`source.cpu` alone is no condition', 0],
  ['source.cpuu < 1', 'unknown attribute `source.cpuu`', 0],
  ['true && sauce.cpu < 1', 'unknown attribute `sauce.cpu`', 8],
  ['cpu < 1', 'unknown attribute `cpu`', 0],
  ['source.cpu.x < 1', 'unknown attribute `source.cpu.x`', 0],
  ['environment.a.b < 1', 'unknown attribute `environment.a.b`', 0],
  ['source.cpu < source.memory', 'compared with a constant number', 13],
  ['source.cpu < "0.8"', 'compared with a constant number', 13],
  ['source.cpu < 80', '`80` is out of range', 13],
  ['source.cpu < -0.1', 'out of range', 13],
  ['environment.x < 1e999', 'out of range', 16],
  ['environment.x < 9007199254740993', 'out of range', 16],
  ['source.worstCve < "hihg"', 'compared with a severity', 18],
  ['source.worstCve < 3', 'compared with a severity', 18],
  ['1 < 2', 'without an attribute', 0],
  ['request.time < 5', '`request.time` is only for `within`', 0],
  ['has(request.time)', '`request.time` is only for `within`', 4],
  ['has(source.cpuu)', 'unknown attribute `source.cpuu`', 4],
  ['source.cpu in [0.1]', '`in` is not allowed', 0],
  ['source.cpu + 1 < 2', 'without an attribute', 0],
  ['source.cpu < 0.5 ? true : false', '`?:` is not allowed', 0],
  ['withn(request.time, "09:00-10:00", "UTC")', '`withn` is not allowed', 0],
  ['within(request.time, "09:00-10:00")', 'takes the time, the windows and the time zone', 0],
  ['within(source.cpu, "09:00-10:00", "UTC")', 'takes the time', 0],
  ['within(request.time, "09:00-9:00", "UTC")', 'not a time window', 22],
  ['within(request.time, "09:00-10:00", "Mars")', 'unknown time zone', 36],
  ['[1, 2].all(x, x > 1)', 'not allowed', 0],
  ['5', 'not allowed', 0],
])('%s is refused', (text, message, offset) => {
  const problem = parseCondition(text);
  expect(problem).toBeInstanceOf(Problem);
  expect((problem as Problem).message).toContain(message);
  if (offset > 0) expect((problem as Problem).offset).toBe(offset);
  expect((problem as Problem).help).not.toBe('');
});

test('the nearest attribute is named', () => {
  expect(parseCondition('source.wrostCve < "high"')).toMatchObject({
    help: expect.stringContaining('did you mean `source.worstCve`?'),
  });
});

test('all problems of a condition come at once', () => {
  const problem = parseCondition('source.cpuu < 1 && (source.cpu < 5 || has(b.c))') as Problem;
  expect([problem, ...problem.also].map((p) => p.offset)).toEqual([0, 33, 42]);
});

test.each([
  ['brackets', `${'('.repeat(65)}true${')'.repeat(65)}`],
  ['many brackets', '('.repeat(16_000)],
  ['lists', '['.repeat(16_000)],
  ['negations', `${'!(true && '.repeat(32)}true${')'.repeat(32)}`],
  ['selections', `a${'.b'.repeat(8_000)} < 1`],
  ['minus signs', `${'-'.repeat(16_001)}1 < source.cpu`],
  ['ternaries', `${'true ? '.repeat(2_000)}true`],
  ['a long text', `true${' && true'.repeat(5_000)}`],
])('too deep or long a condition is refused: %s', (_, text) => {
  expect(parseCondition(text)).toBeInstanceOf(Problem);
});

test('63 levels are read, 65 are not, brackets in strings are no nesting', () => {
  const nested = (levels: number) => `${'!(true && '.repeat(levels)}true${')'.repeat(levels)}`;
  expect(parseCondition(nested(31))).not.toBeInstanceOf(Problem);
  expect(parseCondition(nested(32))).toMatchObject({
    message: expect.stringContaining('more than 64 deep'),
  });
  expect(parseCondition(`source.worstCve == "${'('.repeat(100)}"`)).toMatchObject({
    message: expect.stringContaining('severity'),
  });
});
