/** Sends a message through a stream of the filter, piece by piece. */
import type { Outcome, Stream } from '../../../host/stream.ts';
import { DtaError } from '../../errors.ts';
import { type Laboratory, type Question, SAMPLED_WITHIN } from '../policy-lab/laboratory.ts';
import { type Message, type Passed, type Recorded, responseLines, typeLines } from './message.ts';

/** Sends it until its decision is recorded: where rules ask for samples, most are not. */
export function sendRecorded(
  laboratory: Laboratory,
  question: Question,
  message: Message,
): Recorded {
  for (let i = 0; i < SAMPLED_WITHIN; i++) {
    const { played, record } = play(laboratory, question, message, true);
    if (record !== undefined) return { ...played, record };
  }
  throw new DtaError('internal', 'the filter recorded no decision');
}

/** Sends it once. Unless `isWhole`, more of the body would come. */
export function sendMessage(
  laboratory: Laboratory,
  question: Question,
  message: Message,
  isWhole = true,
): Passed {
  return play(laboratory, question, message, isWhole).played;
}

function play(laboratory: Laboratory, asked: Question, message: Message, isWhole: boolean) {
  const isRequest = message.side === 'request';
  const question = isRequest ? withType(asked, message) : asked;
  const hasBody = message.body !== undefined;
  return laboratory.play(question, !(isRequest && hasBody), (stream, outcome) => {
    const last = isRequest
      ? sendBody(stream, 'requestBody', outcome, message, isWhole)
      : sendResponse(stream, outcome, message, isWhole);
    return passedOf(stream, last, message);
  });
}

function withType(question: Question, message: Message): Question {
  const { request } = question;
  const typed = Object.fromEntries(typeLines(message).map(([name, value]) => [name, [value]]));
  return { ...question, request: { ...request, headers: { ...request.headers, ...typed } } };
}

function sendResponse(
  stream: Stream,
  outcome: Outcome,
  message: Message,
  isWhole: boolean,
): Outcome {
  if (isRefused(outcome)) return outcome;
  const isLast = message.body === undefined;
  const answered = stream.responseHeaders(responseLines(message), isLast);
  return sendBody(stream, 'responseBody', answered, message, isWhole);
}

function sendBody(
  stream: Stream,
  send: 'requestBody' | 'responseBody',
  outcome: Outcome,
  { body, chunkBytes }: Message,
  isWhole: boolean,
): Outcome {
  if (body === undefined) return outcome;
  let last = outcome;
  const step = chunkBytes === 0 ? Math.max(1, body.length) : chunkBytes;
  for (let at = 0; at < Math.max(1, body.length) && !isRefused(last); at += step) {
    const chunk = body.subarray(at, at + step);
    last = stream[send](chunk, isWhole && at + step >= body.length);
  }
  return last;
}

function isRefused({ localResponse, reset }: Outcome): boolean {
  return localResponse !== undefined || reset === true;
}

function passedOf(stream: Stream, outcome: Outcome, message: Message): Passed {
  const { localResponse } = outcome;
  const grpcStatus = localResponse?.headers.find(([name]) => name === 'grpc-status')?.[1];
  const refusal = isRefused(outcome) ? { status: localResponse?.status, grpcStatus } : undefined;
  // Then the response is the filter's own.
  if (refusal?.status !== undefined) return { headers: undefined, body: NOTHING, refusal };
  const isRequest = message.side === 'request';
  const { headers, body } = isRequest ? stream.forwardedRequest : stream.forwardedResponse;
  return { headers, body, refusal };
}

const NOTHING = new Uint8Array();
