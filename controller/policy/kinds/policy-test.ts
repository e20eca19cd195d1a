/** The kind PolicyTest: what a policy set answers, and what its masks make of bodies. It is read from files `*_test.yaml`. */
import { z } from 'zod';

import type { Origin } from '../policy-set.ts';
import { Problem, quoted } from '../problem.ts';
import { documentSchema, someOf } from './document.ts';
import { leaf, nameLeaf } from './leaf.ts';
import {
  type MaskedExpectation,
  type MessageFields,
  maskedFields,
  maskedShape,
  messageFields,
  messageShape,
} from './mask-case.ts';
import { joinQuestions, parseDomain, type QuestionFields, questionShape } from './question.ts';
import { parseReason } from './reason-leaf.ts';

const caseName = leaf(
  (text) =>
    /^\P{Cc}{1,200}$/u.test(text)
      ? text
      : new Problem(
          `${quoted(text)} is not the name of a case`,
          'write 1 to 200 characters on one line',
        ),
  { description: 'what the case shows, unique within the test' },
);

const expectSchema = z
  .strictObject({
    verdict: z
      .enum(['allow', 'deny', 'degrade', 'throttle', 'break', 'isolate'])
      .meta({ description: 'the verdict of the record' })
      .optional(),
    rule: leaf(parseRule, {
      description: 'policy/rule that decides; `none` for no rule',
    }).optional(),
    reason: leaf(parseReason, {
      description: 'the reason, as a code or a name',
      examples: ['DTA1012', 'DenyRule'],
    }).optional(),
    clearance: z
      .array(nameLeaf('data label'))
      .meta({ description: 'all labels that the caller may read, and no others' })
      .optional(),
    audit: z
      .enum(['sampled', 'always', 'synchronous'])
      .meta({ description: 'how strictly the answer is recorded' })
      .optional(),
    masks: z
      .strictObject({
        request: z.boolean().meta({ description: 'request bodies are masked' }).optional(),
        response: z.boolean().meta({ description: 'response bodies are masked' }).optional(),
      })
      .meta({ description: 'which bodies are masked' })
      .optional(),
    ...maskedShape,
  })
  .refine((expected) => Object.values(expected).some((value) => value !== undefined), {
    error: '`expect` expects nothing',
    params: { help: 'write for example `verdict: allow`', offset: 0 },
    when: ({ issues }) => issues.length === 0,
  })
  .meta({ description: 'what the answer has to be; what is absent may be anything' });

const caseSchema = z
  .strictObject({ name: caseName, ...questionShape, ...messageShape, expect: expectSchema })
  .refine((one) => one.body === undefined || one.bodyFile === undefined, {
    error: '`body` and `bodyFile` say the same thing',
    path: ['bodyFile'],
    params: { help: 'remove one of them', offset: 0 },
    when: ({ issues }) => issues.length === 0,
  })
  .refine(({ expect }) => expect.body === undefined || expect.bodyFile === undefined, {
    error: '`body` and `bodyFile` say the same thing',
    path: ['expect', 'bodyFile'],
    params: { help: 'remove one of them', offset: 0 },
    when: ({ issues }) => issues.length === 0,
  });

/** The schema of a PolicyTest document. */
export const policyTestSchema = documentSchema(
  'PolicyTest',
  z.strictObject({
    mesh: leaf(parseDomain, { description: 'trust domain; default mesh.test' }).optional(),
    destination: z
      .strictObject({
        service: nameLeaf('service that is called'),
        environment: nameLeaf('its environment'),
      })
      .meta({ description: 'who is called' }),
    direction: z
      .enum(['inbound', 'outbound'])
      .meta({ description: 'whose proxy decides; default inbound: that of the destination' })
      .optional(),
    defaults: z
      .strictObject({ ...questionShape, ...messageShape })
      .meta({ description: 'what holds for every case that does not say otherwise' })
      .optional(),
    cases: someOf(caseSchema),
  }),
);

/** What an answer has to be. */
export type Expectation = z.output<typeof expectSchema>;

/** A case, joined with the defaults of its document. */
export interface TestCase {
  readonly name: string;
  readonly origin: Origin;
  readonly asked: QuestionFields;
  readonly message: MessageFields;
  readonly expected: Expectation;
}

/** A document of cases. */
export interface PolicyTest {
  readonly name: string;
  readonly origin: Origin;
  readonly mesh: string;
  readonly destination: { readonly service: string; readonly environment: string };
  readonly direction: 'inbound' | 'outbound';
  readonly cases: readonly TestCase[];
}

/** The test of a checked document. */
export function buildPolicyTest(
  { metadata, spec }: z.output<typeof policyTestSchema>,
  originOf: (path: readonly PropertyKey[]) => Origin,
): PolicyTest {
  const { mesh = 'mesh.test', destination, direction = 'inbound', defaults = {} } = spec;
  return {
    name: metadata.name,
    origin: originOf([]),
    mesh,
    destination,
    direction,
    cases: spec.cases.map(({ name, expect, ...fields }, i) => {
      const [own, below] = [splitFields(fields), splitFields(defaults)];
      return {
        name,
        origin: originOf(['spec', 'cases', i]),
        asked: joinQuestions(own.asked, below.asked),
        message: joinMessages(own.message, below.message),
        expected: expect,
      };
    }),
  };
}

/** Whether a case asks what comes out of a body, of headers or of a path. */
export function isMaskCase({ expected }: Pick<TestCase, 'expected'>): boolean {
  return maskedFields.some((field) => expected[field] !== undefined);
}

/** Whether a case asks how the request is answered. */
export function isAccessCase({ expected }: Pick<TestCase, 'expected'>): boolean {
  const masked: ReadonlySet<string> = new Set<keyof MaskedExpectation>(maskedFields);
  return Object.entries(expected).some(
    ([field, value]) => !masked.has(field) && value !== undefined,
  );
}

function splitFields(fields: QuestionFields & MessageFields): {
  asked: QuestionFields;
  message: MessageFields;
} {
  const asked: Record<string, unknown> = { ...fields };
  const message: Record<string, unknown> = {};
  for (const name of messageFields) {
    if (asked[name] !== undefined) message[name] = asked[name];
    delete asked[name];
  }
  return { asked, message };
}

// A body of the case stands in place of one in `defaults`, however each of them is given.
function joinMessages(above: MessageFields, below: MessageFields): MessageFields {
  const hasBody = above.body !== undefined || above.bodyFile !== undefined;
  const { body: _, bodyFile: __, ...others } = below;
  return { ...(hasBody ? others : below), ...above };
}

function parseRule(text: string): string | Problem {
  if (text === 'none' || /^[A-Za-z0-9._-]{1,63}\/[A-Za-z0-9._-]{1,63}$/.test(text)) return text;
  const help = 'write <policy>/<rule>, or `none` when no rule decides';
  return new Problem(`${quoted(text)} is not the name of a rule`, help);
}
