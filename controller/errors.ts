/** The one catalogue of errors that a user can meet; docs/errors.md explains each code. */

/** Every code, with the exit code of the command line that meets it (README, "Exit codes"). */
export const errorCatalogue = {
  usage: { exit: 2 },
  setup: { exit: 3 },
  policyInvalid: { exit: 4 },
  notFound: { exit: 5 },
  conflict: { exit: 6 },
  denied: { exit: 7 },
  unreachable: { exit: 8 },
  notSupported: { exit: 9 },
  portInUse: { exit: 10 },
  internal: { exit: 70 },
} as const;

export type ErrorCode = keyof typeof errorCatalogue;

/**
 * An error that says what is wrong and how to mend it. Messages are one line, lower case, without a final period, user
 * input in backticks; facts for logs go into `fields`.
 */
export class DtaError extends Error {
  readonly code: ErrorCode;
  readonly help: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { help?: string; cause?: unknown; fields?: Record<string, unknown> } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'DtaError';
    this.code = code;
    this.help = options.help;
    this.fields = options.fields ?? {};
  }
}
