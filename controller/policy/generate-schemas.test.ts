/** The committed JSON Schemas are what the kinds say. */
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { renderSchemas } from './generate-schemas.ts';

test.each([...renderSchemas()])('schema/json/%s is up to date', (name, text) => {
  expect(readFileSync(`schema/json/${name}`, 'utf8')).toBe(text);
});

test('schemas forbid unknown fields and require what has no default', () => {
  const schema = JSON.parse(renderSchemas().get('AccessPolicy.schema.json') ?? '');
  expect(schema.additionalProperties).toBe(false);
  const rule = schema.properties.spec.properties.rules.items;
  expect(rule.required).toEqual(['name', 'effect']);
  expect(rule.additionalProperties).toBe(false);
});
