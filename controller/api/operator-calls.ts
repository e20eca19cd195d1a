/** One controller's operator API as calls: the address, the token, and what an answer means. */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import type { z } from 'zod';

import { DtaError } from '../errors.ts';
import type { OperatorAccess } from './operator-access.ts';
import { errorFromProblem } from './problem.ts';

/**
 * Calls throw what the controller threw (`policyInvalid` with `fields.errors`), `unreachable` when it
 * does not answer, and `internal` when its answer is not what this version understands.
 */
export class OperatorCalls {
  readonly #access: OperatorAccess;

  /** `access` is what `readOperatorAccess` found. */
  constructor(access: OperatorAccess) {
    this.#access = access;
  }

  /** Lines of `path` as they come, until `signal` is aborted or the controller stops (`unreachable`). */
  async *follow<T extends z.ZodType>(
    path: string,
    line: T,
    signal: AbortSignal,
  ): AsyncGenerator<z.output<T>> {
    const answer = await this.#send('GET', path, undefined, signal);
    if (answer.statusCode !== 200)
      throw errorFromProblem(answer.statusCode ?? 0, await json(answer));
    try {
      for await (const text of createInterface({ input: answer })) {
        if (text !== '') yield understand(line, JSON.parse(text));
      }
      if (!signal.aborted && !answer.complete) throw new Error('the stream was cut');
    } catch (cause) {
      if (signal.aborted) return;
      throw cause instanceof DtaError ? cause : this.#unreachable(cause);
    } finally {
      answer.destroy();
    }
  }

  /** One call: `body` as JSON, the answer as `reply` describes it. */
  async request<T extends z.ZodType>(
    method: string,
    path: string,
    reply: T,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<z.output<T>> {
    const signal = AbortSignal.timeout(longestAnswerMs);
    const answer = await this.#send(method, path, body, signal, headers);
    const status = answer.statusCode ?? 0;
    const content = await json(answer).catch((cause: unknown) => {
      throw this.#unreachable(cause);
    });
    if (status !== 200) throw errorFromProblem(status, content);
    return understand(reply, content);
  }

  #send(
    method: string,
    path: string,
    body: unknown,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<IncomingMessage> {
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        ...addressOptions(this.#access.address),
        method,
        path,
        signal,
        agent: false,
        headers: {
          ...headers,
          authorization: `Bearer ${this.#access.token}`,
          ...(content && { 'content-type': 'application/json', 'content-length': content.length }),
        },
      });
      request.once('response', resolve);
      request.once('error', (cause) => reject(this.#unreachable(cause)));
      request.end(content);
    });
  }

  #unreachable(cause: unknown): DtaError {
    return new DtaError('unreachable', `no controller answers at \`${this.#access.address}\``, {
      help: 'is it running? start it with `dta controller` on the same data directory',
      cause,
    });
  }
}

/** A path with the parameters that are there. */
export function pathWith(path: string, query: Readonly<Record<string, unknown>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return `${path}?${parameters}`;
}

function addressOptions(address: string): RequestOptions {
  if (address.startsWith('unix:')) return { socketPath: address.slice('unix:'.length) };
  if (!URL.canParse(address)) {
    throw new DtaError('usage', `\`${address}\` is no address of a controller`, {
      help: 'use http://127.0.0.1:<port> or unix:<path>',
    });
  }
  const { hostname, port } = new URL(address);
  return { host: hostname.replace(/^\[|\]$/g, ''), port };
}

async function json(answer: IncomingMessage): Promise<unknown> {
  const content = await text(answer);
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

function understand<T extends z.ZodType>(schema: T, content: unknown): z.output<T> {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new DtaError('internal', 'the controller answered something that is not understood', {
    help: 'is the controller of the same version as this command?',
    cause: parsed.error,
  });
}

const longestAnswerMs = 60_000;
