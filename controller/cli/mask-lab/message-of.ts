/** Makes messages of what cases of tests say. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { MaskedExpectation, MessageFields } from '../../policy/kinds/mask-case.ts';
import { Problem } from '../../policy/problem.ts';
import { kindOfFile, typeOfKind } from '../leaves/body-kind.ts';
import type { HeaderLines, Message } from './message.ts';

/** A message, and the whole body that has to come out when the case names one. */
export interface MaskQuestion {
  readonly message: Message;
  /** Files of bodies count from the folder of `file`. */
  readonly bodyFile: string | undefined;
  readonly expectedBody: Uint8Array | undefined;
}

/** What a case in `file` sends and awaits, or what is wrong with it. */
export function maskQuestionOf(
  file: string,
  fields: MessageFields,
  expected: MaskedExpectation,
): MaskQuestion | Problem {
  const { side = 'request', status = 200, responseHeaders = [], chunk = 0 } = fields;
  if (side === 'request' && (fields.status !== undefined || responseHeaders.length > 0)) {
    return new Problem(
      'a request has no `status` and no `responseHeaders`',
      'add `side: response`',
    );
  }
  const inFolder = (name: string): string => join(dirname(file), name);
  const bodyFile = fields.bodyFile === undefined ? undefined : inFolder(fields.bodyFile);
  const body = readBody(fields.body, bodyFile);
  if (body instanceof Problem) return body;
  const expectedFile = expected.bodyFile === undefined ? undefined : inFolder(expected.bodyFile);
  const expectedBody = readBody(expected.body, expectedFile);
  if (expectedBody instanceof Problem) return expectedBody;
  const kind = (bodyFile === undefined ? undefined : kindOfFile(bodyFile)) ?? 'json';
  const contentType = fields.contentType ?? (body === undefined ? undefined : typeOfKind(kind));
  const lines: HeaderLines = responseHeaders.flatMap(({ name, texts }) =>
    texts.map((text) => [name, text] as const),
  );
  return {
    message: { side, body, contentType, status, responseHeaders: lines, chunkBytes: chunk },
    bodyFile,
    expectedBody,
  };
}

function readBody(
  text: string | undefined,
  file: string | undefined,
): Uint8Array | undefined | Problem {
  if (text !== undefined) return Buffer.from(text);
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch {
    return new Problem(
      `body file \`${file}\` cannot be read`,
      'its place is told from the folder of the test',
    );
  }
}
