/** The options of a command line that describe a request, and what they say. */
import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';

import { DtaError } from '../../errors.ts';
import { parseMeshIdentity } from '../../identity/spiffe-id.ts';
import { ErrorList } from '../../policy/error-list.ts';
import { parseName } from '../../policy/kinds/leaf.ts';
import {
  bandNames,
  parseAt,
  parseDomain,
  parseFact,
  parseHeader,
  parseHost,
  parseInstance,
  parseMethod,
  parsePath,
  parseSignal,
  type QuestionFields,
  questionShape,
  type RestrictionFields,
  restrictionNames,
} from '../../policy/kinds/question.ts';
import { suggestName } from '../../policy/nearest-name.ts';
import type { PolicyError } from '../../policy/policy-error.ts';
import { Problem } from '../../policy/problem.ts';
import { shapeErrors } from '../../policy/shape-errors.ts';
import { type PolicyDocument, readPolicyFile } from '../../policy/yaml-file.ts';

type Source = NonNullable<QuestionFields['source']>;
type Headers = NonNullable<NonNullable<QuestionFields['request']>['headers']>;

/** What commander makes of the options. */
export interface QuestionOptions {
  readonly source?: Source;
  readonly spiffeId?: Source;
  readonly request?: QuestionFields['request'];
  readonly method?: string;
  readonly url?: { readonly host?: string; readonly path: string };
  readonly header?: Headers;
  readonly signal?: Record<string, number>;
  readonly fact?: Record<string, number>;
  readonly band?: (typeof bandNames)[number];
  readonly restriction?: RestrictionFields[];
  readonly at?: number;
}

/** Options for a request, in the manner of curl. Wrong values are told by commander with what was expected. */
export function questionOptions(): Option[] {
  return [
    option(
      '--source <parts>',
      'service=a,team=b,environment=c[,instance=<uuid>][,label.<name>=d]',
      source,
    ),
    option('--spiffe-id <uri>', 'the SPIFFE ID of the source instead', spiffeId),
    option('-X, --method <method>', 'default GET', (text) => checked(parseMethod(text))),
    option('--url <url>', 'https://orders.prod/orders/1?v=2, or from the path on', url),
    option('-H, --header <line>', "'name: value'; again for further lines", header),
    option('--signal <name=value>', 'known signal, as source.cpu=0.4; again for others', signal),
    option('--fact <name=value>', 'known fact, as alert=1; again for others', fact),
    new Option('--band <band>', 'risk band of the source; default critical').choices(bandNames),
    option(
      '--restriction <parts>',
      'verdict=isolate,as=source[,subject=prod/a][,rate=5][,burst=9][,retry-after=30][,read-only][,no-clearance]',
      restriction,
    ),
    option('--at <time>', 'default now; 2026-03-27T12:00:00Z', (text) => checked(parseAt(text))),
  ];
}

/** What the options say; `undefined` where they say nothing. */
export function questionFromOptions(options: QuestionOptions): QuestionFields {
  const { url: target, method, header: headers } = options;
  const request = { method, path: target?.path, host: target?.host, headers };
  return {
    at: options.at,
    source: { ...options.spiffeId, ...options.source },
    signals: options.signal,
    facts: options.fact,
    band: options.band,
    restrictions: options.restriction,
    request,
  };
}

/**
 * What a file says, JSON or YAML with the fields of a case of a PolicyTest; `-` is standard input. Throws `usage` with
 * file, line and column, `notFound`.
 */
export function questionFromFile(name: string): QuestionFields {
  const shown = name === '-' ? '<stdin>' : name;
  for (const read of readPolicyFile({ name: shown, text: readText(name) })) {
    if (Array.isArray(read)) throw misread(read);
    const result = questionSchema.safeParse(read.raw, { reportInput: true });
    if (result.success) return result.data;
    throw misread(errorsOf(read, result.error.issues));
  }
  throw new DtaError('usage', `\`${shown}\` is empty`, { help: 'write a request as JSON' });
}

function errorsOf(document: PolicyDocument, issues: z.core.$ZodIssue[]): PolicyError[] {
  const list = new ErrorList();
  list.addPending(shapeErrors(issues, questionSchema, document));
  return list.finish();
}

function misread(errors: readonly PolicyError[]): DtaError {
  const [first] = errors;
  if (first === undefined) return new DtaError('usage', 'the request cannot be read');
  const { file, line, column, message, help } = first;
  return new DtaError('usage', `${file}:${line}:${column}: ${message}`, { help });
}

function readText(name: string): string {
  try {
    return readFileSync(name === '-' ? 0 : name, 'utf8');
  } catch (cause) {
    throw new DtaError('notFound', `\`${name}\` cannot be read`, {
      help: 'name a file with a request as JSON, or `-` for standard input',
      cause,
    });
  }
}

function option<T>(flags: string, description: string, parse: (text: string, before: T) => T) {
  return new Option(flags, description).argParser(parse);
}

function checked<T>(value: T | Problem): T {
  if (!(value instanceof Problem)) return value;
  throw new InvalidArgumentError(`${value.message}: ${value.help}`);
}

function source(text: string): Source {
  const labels: Record<string, string> = {};
  const found: Record<string, string> = {};
  for (const [key, value] of pairs(text)) {
    if (key.startsWith('label.') && key.length > 6) labels[key.slice(6)] = value;
    else if (key === 'instance') found.instance = checked(parseInstance(value));
    else if (key === 'domain') found.domain = checked(parseDomain(value));
    else if (sourceNames.includes(key)) found[key] = checked(parseName(value));
    else {
      const names = [...sourceNames, 'instance', 'domain', 'label.<name>'];
      throw new InvalidArgumentError(`no part \`${key}\`: ${suggestName(key, names)}`);
    }
  }
  return { ...found, labels };
}

function spiffeId(text: string): Source {
  const identity = parseMeshIdentity(text);
  if (identity === undefined) {
    throw new InvalidArgumentError(
      'expected spiffe://<trust domain>/env/<environment>/team/<team>/svc/<service>/i/<uuid>',
    );
  }
  const { trustDomain, ...parts } = identity;
  return { ...parts, domain: trustDomain };
}

function url(text: string): { host?: string; path: string } {
  const [, host, rest = ''] = /^https?:\/\/([^/?#]+)([^#]*)(?:#.*)?$/i.exec(text) ?? [];
  // As it is written: a URL object would mend what the filter is to judge.
  if (host === undefined) return { path: checked(parsePath(text)) };
  const path = checked(parsePath(rest.startsWith('/') ? rest : `/${rest}`));
  return { host: checked(parseHost(host)), path };
}

function header(line: string, before: Headers = []): Headers {
  const [, written, text] = /^([^:\s]+):\s*(.*?)\s*$/.exec(line) ?? [];
  if (written === undefined || text === undefined) {
    throw new InvalidArgumentError("expected 'name: value'");
  }
  const name = checked(parseHeader(written));
  const texts = before.find((one) => one.name === name)?.texts ?? [];
  return [...before.filter((one) => one.name !== name), { name, texts: [...texts, text] }];
}

function signal(text: string, before: Record<string, number> = {}): Record<string, number> {
  const [name, value] = pair(text);
  return { ...before, [name]: checked<number>(parseSignal(name, numberOrText(value))) };
}

function fact(text: string, before: Record<string, number> = {}): Record<string, number> {
  const [name, written] = pair(text);
  const value = written === 'true' ? true : written === 'false' ? false : numberOrText(written);
  return { ...before, [name]: checked<number>(parseFact(name, value)) };
}

function restriction(text: string, before: RestrictionFields[] = []): RestrictionFields[] {
  const flags = ['read-only', 'no-clearance'];
  const raw: Record<string, unknown> = {};
  for (const part of text.split(',')) {
    const [key = '', value] = flags.includes(part) ? [part, 'true'] : pair(part);
    const field = restrictionFields.get(key);
    if (field === undefined) {
      const names = [...restrictionFields.keys()];
      throw new InvalidArgumentError(`no part \`${key}\`: ${suggestName(key, names)}`);
    }
    raw[field] = flags.includes(key) ? value === 'true' : numberOrText(value ?? '');
  }
  const read = questionShape.restrictions.safeParse([raw]);
  const one = read.success ? read.data?.[0] : undefined;
  if (one !== undefined) return [...before, one];
  const [issue] = read.error?.issues ?? [];
  const part = [...restrictionFields].find(([, field]) => field === issue?.path[1])?.[0];
  throw new InvalidArgumentError(
    `\`${part ?? text}\` is missing or wrong: expected verdict=${restrictionNames.join('|')},as=source|destination`,
  );
}

function pairs(text: string): [string, string][] {
  return text.split(',').map(pair);
}

function pair(text: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw new InvalidArgumentError(`expected <name>=<value>, not \`${text}\``);
}

function numberOrText(text: string): number | string {
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

const questionSchema = z.strictObject(questionShape);
const sourceNames = ['service', 'team', 'environment'];
const restrictionFields: ReadonlyMap<string, keyof RestrictionFields> = new Map([
  ['verdict', 'verdict'],
  ['as', 'as'],
  ['subject', 'subject'],
  ['read-only', 'readOnly'],
  ['no-clearance', 'noClearance'],
  ['rate', 'ratePerSecond'],
  ['burst', 'burst'],
  ['retry-after', 'retryAfterSeconds'],
]);
