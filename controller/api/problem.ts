/**
 * How a failure looks on the wire, and which HTTP status it has: the only place that maps the two.
 */
import { z } from 'zod';

import { DtaError, type ErrorCode, errorCatalogue } from '../errors.ts';

/** Status of each code, unless a `Refusal` names another. */
const statusOf: Readonly<Record<ErrorCode, number>> = {
  usage: 400,
  setup: 500,
  policyInvalid: 422,
  notFound: 404,
  conflict: 409,
  denied: 403,
  unreachable: 503,
  notSupported: 501,
  portInUse: 500,
  internal: 500,
};

const codes = Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]];

/** One mistake in a policy file, as it travels. */
export const policyMistake = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  message: z.string(),
  help: z.string(),
});

/** The body of every answer that is not a success, `application/problem+json`. */
export const problemSchema = z.object({
  code: z.enum(codes),
  message: z.string(),
  help: z.string().optional(),
  /** Of `policyInvalid`: every mistake at once. */
  errors: z.array(policyMistake).optional(),
});

export type PolicyMistake = z.infer<typeof policyMistake>;
export type Problem = z.infer<typeof problemSchema>;

/** A failure that belongs to HTTP rather than to a domain: it has a status of its own. */
export class Refusal extends DtaError {
  readonly status: number;

  constructor(status: number, code: ErrorCode, message: string, help?: string) {
    super(code, message, help === undefined ? {} : { help });
    this.status = status;
  }
}

/** The failure of a policy set; travels with all its mistakes. */
export function policyInvalid(errors: readonly PolicyMistake[]): DtaError {
  const count = errors.length === 1 ? 'a mistake' : `${errors.length} mistakes`;
  return new DtaError('policyInvalid', `the policy set has ${count}`, {
    help: 'mend the files; a set is taken whole or not at all',
    fields: { errors },
  });
}

/** Status and body for whatever was thrown. Causes and stacks stay inside. */
export function problemOf(error: unknown): { status: number; problem: Problem } {
  if (error instanceof DtaError) {
    const status = error instanceof Refusal ? error.status : statusOf[error.code];
    return { status, problem: describe(error) };
  }
  const status = statusFromServer(error);
  if (status !== undefined) {
    return { status, problem: { code: 'usage', message: serverMessages[status] ?? textOf(error) } };
  }
  const message = 'the controller failed in a way that it does not know';
  return {
    status: 500,
    problem: { code: 'internal', message, help: 'its log has the cause at level `error`' },
  };
}

/** The failure that an answer with `status` and `body` tells of, for a client. */
export function errorFromProblem(status: number, body: unknown): DtaError {
  const parsed = problemSchema.safeParse(body);
  if (!parsed.success) {
    return new DtaError('unreachable', `the answer had status ${status} and no reason`, {
      help: 'is it really a controller that listens there?',
    });
  }
  const { code, message, help, errors } = parsed.data;
  return new DtaError(code, message, {
    ...(help === undefined ? {} : { help }),
    fields: errors === undefined ? { status } : { status, errors },
  });
}

function describe(error: DtaError): Problem {
  const errors = z.array(policyMistake).safeParse(error.fields.errors);
  return {
    code: error.code,
    message: error.message,
    ...(error.help === undefined ? {} : { help: error.help }),
    ...(errors.success ? { errors: errors.data } : {}),
  };
}

/**
 * The HTTP server's own refusals (unreadable JSON, body too large, unknown media type) carry a
 * status.
 */
function statusFromServer(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const status = error.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : 'the request cannot be read';
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');
}

const serverMessages: Readonly<Record<number, string>> = {
  413: 'the body is too large',
  415: 'the content type is not taken here',
};
