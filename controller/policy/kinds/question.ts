/** A request as people describe it, for tests of policies and for explanations: the same words in both. */
import { z } from 'zod';

import { severityNames, severityNumber, subjectsByName } from '../cel/attributes.ts';
import { parseTimestamp } from '../cel/timestamp.ts';
import { nearestName } from '../nearest-name.ts';
import { Problem, quoted } from '../problem.ts';
import { leaf, nameLeaf } from './leaf.ts';
import { textsByName } from './texts.ts';
import { ValueProblem, valuesByName } from './values.ts';

/** Bands, rising. */
export const bandNames = ['low', 'guarded', 'high', 'critical'] as const;
/** What a restriction can do. */
export const restrictionNames = ['degrade', 'throttle', 'break', 'isolate'] as const;

/** Signals that conditions read, by name. */
export const signalNames: readonly string[] = [...subjectsByName.values()].flatMap((subject) =>
  subject.kind === 'signal' ? [subject.name] : [],
);

const sourceSchema = z
  .strictObject({
    service: nameLeaf('its service').optional(),
    team: nameLeaf('its team').optional(),
    environment: nameLeaf('its environment').optional(),
    domain: leaf(parseDomain, { description: 'its trust domain; default the mesh' }).optional(),
    instance: leaf(parseInstance, { description: 'its UUID; default any' }).optional(),
    labels: z
      .record(z.string(), z.string())
      .meta({ description: 'labels of its certificate' })
      .optional(),
  })
  .meta({ description: 'who calls' });

const restrictionSchema = z
  .strictObject({
    verdict: z.enum(restrictionNames).meta({ description: 'what it does' }),
    as: z.enum(['source', 'destination']).meta({ description: 'whose calls it is about' }),
    subject: leaf(parseSubject, {
      description: '`<environment>/<service>`; default the source, or the destination',
    }).optional(),
    readOnly: z.boolean().meta({ description: 'degrade: only GET, HEAD, OPTIONS' }).optional(),
    noClearance: z.boolean().meta({ description: 'degrade: masks everything' }).optional(),
    ratePerSecond: z
      .number()
      .min(0)
      .max(1e9)
      .meta({ description: 'throttle, degrade: requests a second' })
      .optional(),
    burst: z
      .int()
      .min(0)
      .max(1e9)
      .meta({ description: 'requests at once; default those of a second' })
      .optional(),
    retryAfterSeconds: z
      .int()
      .min(0)
      .max(86_400)
      .meta({ description: 'throttle, break: what callers are told to wait' })
      .optional(),
  })
  .meta({ description: 'a restriction in force, as `dta restrict` sets it' });

const requestSchema = z
  .strictObject({
    method: leaf(parseMethod, { description: 'default GET' }).optional(),
    path: leaf(parsePath, {
      description: 'with its query',
      examples: ['/orders/1?v=2'],
    }).optional(),
    host: leaf(parseHost, { description: '`:authority`; default none' }).optional(),
    headers: textsByName(parseHeader, parseHeaderText, {
      description: 'lines by name',
      texts: { description: 'a line, or several' },
    }).optional(),
  })
  .meta({ description: 'what arrives' });

/** The fields of a question; every one can be left to defaults. */
export const questionShape = {
  at: leaf(parseAt, {
    description: 'when; needed where rules read the time',
    examples: ['2026-03-27T12:00:00Z'],
  }).optional(),
  source: sourceSchema.optional(),
  signals: valuesByName(parseSignal, {
    description: 'known signals by name; others are unknown',
    types: ['number', 'string'],
  }).optional(),
  facts: valuesByName(parseFact, {
    description: 'known facts of the environment by name; others are unknown',
    types: ['number', 'boolean'],
  }).optional(),
  band: z
    .enum(bandNames)
    .meta({ description: 'risk band of the source; default critical, as without one' })
    .optional(),
  restrictions: z
    .array(restrictionSchema)
    .meta({ description: 'restrictions in force; default none' })
    .optional(),
  request: requestSchema.optional(),
};

const questionSchema = z.strictObject(questionShape);

/** What was described; what is absent was left to defaults. */
export type QuestionFields = z.output<typeof questionSchema>;
/** A restriction that was described. */
export type RestrictionFields = z.output<typeof restrictionSchema>;

/** One question on top of another: fields win over those below, maps and parts are joined name by name. */
export function joinQuestions(above: QuestionFields, below: QuestionFields): QuestionFields {
  const labels = { ...below.source?.labels, ...above.source?.labels };
  return {
    ...below,
    ...withoutAbsent(above),
    source: { ...below.source, ...withoutAbsent(above.source ?? {}), labels },
    signals: { ...below.signals, ...above.signals },
    facts: { ...below.facts, ...above.facts },
    request: { ...below.request, ...withoutAbsent(above.request ?? {}) },
  };
}

function withoutAbsent<T extends object>(fields: T): T {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as T;
}

/** A moment, in Unix milliseconds. */
export function parseAt(text: string): number | Problem {
  const moment = parseTimestamp(text);
  return moment instanceof Problem ? moment : moment.floorMs;
}

/** A value of a signal, as a number. */
export function parseSignal(name: string, value: unknown): number | ValueProblem {
  const subject = subjectsByName.get(name);
  if (subject?.kind !== 'signal') {
    const nearest = nearestName(name, signalNames);
    const all = `signals are ${signalNames.join(', ')}`;
    const help = nearest === undefined ? all : `did you mean \`${nearest}\`? ${all}`;
    return new ValueProblem(`there is no signal ${quoted(name)}`, help, true);
  }
  const { domain } = subject;
  if (domain.type === 'severity') {
    const number = severityNumber(String(value));
    if (number !== undefined) return number;
    const help = `write one of ${severityNames.join(', ')}`;
    return new ValueProblem(`${quoted(name)} cannot be ${quoted(String(value))}`, help, false);
  }
  const { min, max, isWhole, unit } = domain;
  const isIn = typeof value === 'number' && value >= min && value <= max;
  if (isIn && (!isWhole || Number.isInteger(value))) return value;
  return new ValueProblem(
    `${quoted(name)} cannot be ${quoted(String(value))}`,
    `write ${unit}`,
    false,
  );
}

/** A value of a fact, as a number. */
export function parseFact(name: string, value: unknown): number | ValueProblem {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name)) {
    const help =
      'use up to 63 letters, digits and underscores, no digit first, without `environment.`';
    return new ValueProblem(`${quoted(name)} is not the name of a fact`, help, true);
  }
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const help = 'write a number, true or false';
  return new ValueProblem(`fact ${quoted(name)} cannot be ${quoted(String(value))}`, help, false);
}

/** The UUID of an instance. */
export function parseInstance(text: string): string | Problem {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return text;
  const help = 'write a UUID in lower case, for example `00000000-0000-4000-8000-000000000001`';
  return new Problem(`${quoted(text)} is not the UUID of an instance`, help);
}

/** A trust domain. */
export function parseDomain(text: string): string | Problem {
  if (/^[a-z0-9._-]{1,255}$/.test(text)) return text;
  return new Problem(
    `${quoted(text)} is not a trust domain`,
    'use 1 to 255 of a-z 0-9 . _ -, for example `mesh.example.org`',
  );
}

/** A path with its query, as it arrives: it may well be one that is refused. */
export function parsePath(text: string): string | Problem {
  if (/^\/[!-~\u0080-\uffff]*$/.test(text)) return text;
  const help = 'start with a slash and write no blanks, for example `/orders/1?v=2`';
  return new Problem(`${quoted(text)} is not a path`, help);
}

/** The method of a request. */
export function parseMethod(text: string): string | Problem {
  if (/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/.test(text)) return text;
  return new Problem(`${quoted(text)} is not a method`, 'write for example `GET`');
}

/** `:authority`. */
export function parseHost(text: string): string | Problem {
  if (/^[!-~]{1,255}$/.test(text)) return text;
  return new Problem(`${quoted(text)} is not a host`, 'write for example `orders.example:8443`');
}

/** The name of a header, in lower case. */
export function parseHeader(written: string): string | Problem {
  const name = written.toLowerCase();
  if (name === 'host' || name === ':authority') {
    return new Problem('the host is no header here', 'write it as `host`');
  }
  if (name === 'x-forwarded-client-cert') {
    return new Problem(
      `header ${quoted(written)} belongs to the proxy`,
      'say who calls as `source`',
    );
  }
  if (/^[a-z0-9!#$%&'+.^_`|~-]{1,255}$/.test(name)) return name;
  return new Problem(
    `${quoted(written)} is not the name of a header`,
    'write for example `x-tenant`',
  );
}

function parseHeaderText(_name: string, text: string): string | Problem {
  if (/^[^\p{Cc}]*$/u.test(text.replaceAll('\t', ' '))) return text;
  return new Problem(`${quoted(text)} holds control characters`, 'no header can have them');
}

function parseSubject(text: string): string | Problem {
  if (/^[A-Za-z0-9._-]{1,63}\/[A-Za-z0-9._-]{1,63}$/.test(text)) return text;
  const help = 'write <environment>/<service>, for example `prod/orders`';
  return new Problem(`${quoted(text)} is no service`, help);
}
