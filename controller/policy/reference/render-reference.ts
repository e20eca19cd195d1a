/** Renders a page of reference for each kind out of its JSON Schema. */
import { readFileSync } from 'node:fs';

import { z } from 'zod';

import { kindsByName } from '../kinds/kinds.ts';
import { policyTestSchema } from '../kinds/policy-test.ts';
import { type JsonSchema, type ObjectShape, objectsOf } from './schema-shape.ts';

/** Texts of docs/policy/ by file name. `make generate` writes them. */
export function renderReference(): Map<string, string> {
  const pages = new Map<string, string>();
  const add = (name: string, schema: z.ZodType, guide: string): void => {
    const rendered = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
    pages.set(`${name}.md`, renderPage(name, rendered, guide));
  };
  for (const [name, { schema }] of kindsByName) add(name, schema, 'policy-reference.md');
  add('PolicyTest', policyTestSchema, 'policy-tools.md');
  return pages;
}

/** The example at the top of the page of a kind: a policy file. */
export function exampleOf(kind: string): string {
  return readFileSync(new URL(`examples/${kind}.yaml`, import.meta.url), 'utf8');
}

function renderPage(kind: string, schema: JsonSchema, guide: string): string {
  const objects = objectsOf(schema);
  const paths = new Set(objects.map(({ path }) => path));
  return [
    `# ${kind}`,
    '',
    '<!-- Written by `make generate` from the schema of the kind; do not edit. -->',
    '',
    `What the forms mean is told in [${guide}](../${guide}).`,
    '',
    '```yaml',
    exampleOf(kind).trimEnd(),
    '```',
    ...objects.flatMap((object) => renderObject(object, paths)),
    '',
  ].join('\n');
}

function renderObject({ path, schema }: ObjectShape, paths: ReadonlySet<string>): string[] {
  const { description, properties = {}, required = [] } = schema;
  const rows = Object.entries(properties).map(([name, field]) => {
    const inner = path === '' ? name : `${path}.${name}`;
    const isRequired = required.includes(name) ? 'yes' : '';
    const { meaning, preset } = meaningOf(field);
    const cells = [`\`${name}\``, typeOf(field, inner, paths), isRequired, preset, meaning];
    return `| ${cells.map(escapeCell).join(' | ')} |`;
  });
  return [
    '',
    `## ${titleOf(path)}`,
    ...(description === undefined || path === '' ? [] : ['', `${sentence(description)}`]),
    '',
    '| field | type | required | default | meaning |',
    '|---|---|---|---|---|',
    ...rows,
  ];
}

function titleOf(path: string): string {
  return path === '' ? 'The document' : `\`${path}\``;
}

function typeOf(schema: JsonSchema, path: string, paths: ReadonlySet<string>): string {
  if (schema.const !== undefined) return codeOf(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(codeOf).join(', ');
  if (schema.anyOf !== undefined) {
    return schema.anyOf.map((form) => typeOf(form, path, paths)).join(' or ');
  }
  if (schema.items !== undefined) return `list of ${typeOf(schema.items, `${path}[]`, paths)}`;
  if (paths.has(path)) return `[map](#${anchorOf(path)})`;
  if (typeof schema.additionalProperties === 'object') {
    return `map of name to ${typeOf(schema.additionalProperties, path, paths)}`;
  }
  if (schema.minimum !== undefined && schema.maximum !== undefined) {
    return `${typeName(schema)} from ${schema.minimum} to ${schema.maximum}`;
  }
  return typeName(schema);
}

function typeName({ type }: JsonSchema): string {
  if (type === undefined) return 'any value';
  const types = [type].flat();
  return types.map((one) => typeNames.get(one) ?? one).join(' or ');
}

// As GitHub makes anchors of headings.
function anchorOf(path: string): string {
  return path.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '');
}

// Descriptions tell the default behind a semicolon.
function meaningOf(schema: JsonSchema): { meaning: string; preset: string } {
  const description = schema.description ?? '';
  const [, meaning = '', preset = ''] = /^(.*?)(?:; default (.+))?$/s.exec(description) ?? [];
  const inner = schema.items ?? valueSchema(schema);
  const detail = inner?.properties === undefined ? (inner?.description ?? '') : '';
  const parts = [meaning, detail === meaning ? '' : detail, examplesOf(schema)];
  return { meaning: parts.filter((part) => part !== '').join('; '), preset: code(preset) };
}

function valueSchema({ additionalProperties }: JsonSchema): JsonSchema | undefined {
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

function examplesOf(schema: JsonSchema): string {
  const examples = schema.examples ?? schema.items?.examples ?? [];
  return examples.length === 0 ? '' : `for example ${examples.map(codeOf).join(', ')}`;
}

function code(text: string): string {
  return text === '' || text === 'both' || text.includes(' ') ? text : `\`${text}\``;
}

function codeOf(value: unknown): string {
  return `\`${String(value)}\``;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

const typeNames = new Map([
  ['string', 'text'],
  ['integer', 'whole number'],
  ['number', 'number'],
  ['boolean', '`true` or `false`'],
  ['object', 'map'],
]);
