/** Operators of masking rules and their parameters. */
import { z } from 'zod';

import { DateUnit, KEEP_MAX, MaskOperator, REPLACE_MAX } from '../../layout.ts';
import type { Transformation } from '../policy-set.ts';
import { Problem } from '../problem.ts';
import { isObject } from './document.ts';
import { leaf } from './leaf.ts';

/** Operators by their names in policies, the weakest first (policy-model, "Meaning", 7). */
export const operators = {
  'keep-last': MaskOperator.KeepLast,
  'keep-first': MaskOperator.KeepFirst,
  'date-shift': MaskOperator.DateShift,
  truncate: MaskOperator.Truncate,
  bucket: MaskOperator.Bucket,
  'format-preserving': MaskOperator.FormatPreserving,
  token: MaskOperator.Token,
  hash: MaskOperator.Hash,
  replace: MaskOperator.Replace,
  redact: MaskOperator.Redact,
  null: MaskOperator.Null,
  drop: MaskOperator.Drop,
} as const;

type OperatorName = keyof typeof operators;

const units = { month: DateUnit.Month, year: DateUnit.Year, decade: DateUnit.Decade } as const;

/** Most characters that keep-last leaves. */
const KEEP_LAST_MAX = 16;
const HASH_DIGITS_MIN = 8;
const HASH_DIGITS_MAX = 64;
const HASH_DIGITS = 32;
const SHIFT_DAYS_MAX = 3650;
const WIDTH_MAX = 1_000_000_000;
const radixes = { digits: 10, 'letters-digits': 62 } as const;

/** Fields of a rule that say what happens to a value. */
export const operatorFields = {
  // Unquoted, `null` is the null of YAML.
  operator: z
    .literal([...(Object.keys(operators) as OperatorName[]), null])
    .meta({ description: 'what happens to a value' }),
  keep: z
    .int()
    .min(0)
    .max(KEEP_MAX)
    .meta({ description: 'characters left, for keep-last (at most 16), keep-first and truncate' })
    .optional(),
  text: leaf(parseReplacement, { description: 'what the value becomes, for replace' }).optional(),
  digits: z
    .int()
    .min(HASH_DIGITS_MIN)
    .max(HASH_DIGITS_MAX)
    .meta({ description: `hexadecimal digits of hash; default ${HASH_DIGITS}` })
    .optional(),
  alphabet: z
    .enum(['digits', 'letters-digits'])
    .meta({ description: 'characters that format-preserving changes; default digits' })
    .optional(),
  days: z
    .int()
    .min(1)
    .max(SHIFT_DAYS_MAX)
    .meta({ description: 'most days that date-shift moves a date, back or forth' })
    .optional(),
  width: z
    .int()
    .min(1)
    .max(WIDTH_MAX)
    .meta({ description: 'width of a bucket of numbers' })
    .optional(),
  unit: z
    .enum(['month', 'year', 'decade'])
    .meta({ description: 'what bucket leaves of a date' })
    .optional(),
} as const;

const parameterNames = ['keep', 'text', 'digits', 'alphabet', 'days', 'width', 'unit'] as const;
type Parameter = (typeof parameterNames)[number];

// What each operator takes, and what is told when a needed parameter is missing.
const takes: Readonly<Partial<Record<OperatorName, readonly Parameter[]>>> = {
  'keep-last': ['keep'],
  'keep-first': ['keep'],
  truncate: ['keep'],
  replace: ['text'],
  hash: ['digits'],
  'format-preserving': ['alphabet'],
  'date-shift': ['days'],
  bucket: ['width', 'unit'],
};

const needs: readonly (readonly [Parameter, string])[] = [
  ['keep', 'write how many characters stay, for example `keep: 4`'],
  ['text', 'write what the value becomes, for example `text: hidden`'],
  ['days', 'write the greatest shift, for example `days: 365`'],
];

/** What `checkOperator` reads of a rule. */
export type OperatorRule = z.output<z.ZodObject<typeof operatorFields>>;

/** Adds the checks of parameters to the schema of a rule. */
export function checkOperator<Schema extends z.ZodType<OperatorRule>>(schema: Schema): Schema {
  let checked = schema;
  const always = { when: (payload: { value: unknown }) => isObject(payload.value) };
  const known = { when: ({ value }: { value: unknown }) => isObject(value) && isOperator(value) };
  for (const [parameter, help] of needs) {
    checked = checked.refine(
      (rule) => !takesOf(rule).includes(parameter) || rule[parameter] !== undefined,
      { error: `\`${parameter}\` is missing`, params: { help, offset: 0 }, ...always },
    );
  }
  for (const parameter of parameterNames) {
    const names = namesOf(parameter);
    const listed = names.map((name) => `\`${name}\``).join(', ');
    checked = checked.refine(
      (rule) => rule[parameter] === undefined || takesOf(rule).includes(parameter),
      {
        error: `\`${parameter}\` is for ${listed}`,
        path: [parameter],
        params: { help: `remove it or write \`operator: ${names[0]}\``, offset: 0 },
        ...known,
      },
    );
  }
  checked = checked.refine(
    ({ operator, width, unit }) =>
      operator !== 'bucket' || (width === undefined) !== (unit === undefined),
    {
      error: '`bucket` needs either `width` or `unit`',
      params: { help: 'write `width: 10` for numbers or `unit: year` for dates', offset: 0 },
      ...always,
    },
  );
  return checked.refine(
    ({ operator, keep = 0 }) =>
      operator !== 'keep-last' || keep <= KEEP_LAST_MAX || keep > KEEP_MAX,
    {
      error: '`keep` is out of range',
      path: ['keep'],
      params: { help: `write a number of at most ${KEEP_LAST_MAX} for \`keep-last\``, offset: 0 },
      ...always,
    },
  );
}

/** What a checked rule does to a value. */
export function buildTransformation(rule: OperatorRule): Transformation {
  const operator = operators[rule.operator ?? 'null'];
  return { operator, keep: rule.keep ?? 0, param: paramOf(rule), text: rule.text ?? '' };
}

function paramOf({ operator, digits, alphabet, days, width, unit }: OperatorRule): number {
  if (operator === 'hash') return digits ?? HASH_DIGITS;
  if (operator === 'format-preserving') return radixes[alphabet ?? 'digits'];
  if (unit !== undefined) return units[unit];
  return days ?? width ?? 0;
}

function isOperator({ operator }: Record<string, unknown>): boolean {
  return operator === null || (typeof operator === 'string' && Object.hasOwn(operators, operator));
}

function takesOf({ operator }: OperatorRule): readonly Parameter[] {
  return takes[operator ?? 'null'] ?? [];
}

function namesOf(parameter: Parameter): string[] {
  return Object.entries(takes).flatMap(([name, list]) => (list.includes(parameter) ? [name] : []));
}

// It also goes into headers, which hold no control characters.
function parseReplacement(text: string): string | Problem {
  if (Buffer.byteLength(text) > REPLACE_MAX || !text.isWellFormed()) {
    return new Problem('replacement is too long', `at most ${REPLACE_MAX} bytes of UTF-8`);
  }
  const control = /\p{Cc}/u.exec(text);
  if (control === null) return text;
  return new Problem('control character in a replacement', 'remove it', control.index);
}
