/** One small request to a server that the controller was configured with. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** Where to ask, and with what. */
export interface TextRequest {
  readonly url: string;
  /** PEM of the authorities that the server is checked against; absent: those of the system. */
  readonly caPem?: string | undefined;
  readonly bearer?: string | undefined;
  /** Sent with POST as JSON; absent: GET. */
  readonly body?: string;
}

/**
 * Gives the body of an answer with status 200 or 201. Plain HTTP is for loopback only. Rejects with
 * an `Error` on everything else, after five seconds, and beyond a megabyte; follows no redirects.
 */
export async function fetchText(options: TextRequest): Promise<string> {
  const url = new URL(options.url);
  if (url.protocol !== 'https:' && !isLoopback(url)) throw new Error('only https is asked');
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = send(url, {
    method: options.body === undefined ? 'GET' : 'POST',
    agent: false,
    signal: AbortSignal.timeout(longestAnswerMs),
    ...(options.caPem !== undefined && { ca: options.caPem }),
    headers: {
      accept: 'application/json',
      ...(options.body !== undefined && { 'content-type': 'application/json' }),
      ...(options.bearer !== undefined && { authorization: `Bearer ${options.bearer}` }),
    },
  });
  request.once('error', reject);
  request.once('response', (answer) => {
    const { statusCode = 0 } = answer;
    const chunks: Buffer[] = [];
    let size = 0;
    answer.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > mostBytes) request.destroy(new Error('the answer is too long'));
      else chunks.push(chunk);
    });
    answer.once('error', reject);
    answer.once('end', () => {
      if (statusCode !== 200 && statusCode !== 201) reject(new Error(`status ${statusCode}`));
      else resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
  request.end(options.body);
  return await promise;
}

/** Whether a URL leads nowhere but to this machine. */
export function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}

const longestAnswerMs = 5_000;
const mostBytes = 1024 * 1024;
