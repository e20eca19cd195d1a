/**
 * The agent's side of the controller's HTTPS API. The root is checked by every call but the one
 * that fetches it.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { buffer } from 'node:stream/consumers';

import { z } from 'zod';

import { DtaError, type ErrorCode, errorCatalogue } from '../errors.ts';

/** What proves who we are to the controller. */
export interface ClientIdentity {
  readonly chainPem: string;
  readonly keyPem: string;
}

/** A certificate as the controller gives it. */
export interface Grant {
  readonly instance: string;
  readonly spiffeId: string;
  readonly chainPem: string;
  readonly rootPem: string;
  /** Unix milliseconds. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Whether to renew now, spread over which time. */
export interface RenewalOrder {
  readonly due: boolean;
  readonly spreadMs: number;
  readonly reason: string;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly content: Uint8Array;
  readonly type: string;
  readonly longestMs: number;
}

/** One controller, by its URL. */
export class ControllerClient {
  readonly #base: URL;
  readonly #signal: AbortSignal;
  readonly #onDate: (date: string | undefined) => void;

  /**
   * `signal` ends every call. `onDate` hears the `Date` of each answer, with which clocks are
   * compared.
   *
   * @throws DtaError `usage` when `url` is no `https` URL.
   */
  constructor(
    url: string,
    signal: AbortSignal,
    onDate: (date: string | undefined) => void = () => undefined,
  ) {
    if (!URL.canParse(url) || new URL(url).protocol !== 'https:') {
      throw new DtaError('usage', `\`${url}\` is no URL of a controller`, {
        help: 'use https://<host>:<port>',
      });
    }
    this.#base = new URL(url);
    this.#signal = signal;
    this.#onDate = onDate;
  }

  /**
   * Fetches the mesh's root certificate and checks it against `keyHash`, the SHA-256 of its public
   * key (DER, hex) that came with the join token. Nothing secret is sent: until then anybody may be
   * at the other end.
   *
   * @throws DtaError `denied` when it has another key, `unreachable`.
   */
  async fetchRoot(keyHash: string): Promise<string> {
    const { rootPem } = await this.#call('GET', '/v1/trust', trust, { rejectUnauthorized: false });
    const root = readRoot(rootPem);
    const spki = root.publicKey.export({ type: 'spki', format: 'der' });
    if (createHash('sha256').update(spki).digest('hex') !== keyHash || !isSelfSigned(root)) {
      throw new DtaError('denied', `the authority at \`${this.#base.origin}\` is not the token's`, {
        help: 'somebody else answers there, or the token is of another mesh; it was not sent',
      });
    }
    return root.toString();
  }

  /**
   * Trades `token` for a certificate; the server has to prove itself under `rootPem` before it sees
   * the token. `agent` is shown with tokens that are bound to one.
   */
  join(rootPem: string, token: string, csrPem: string, agent?: ClientIdentity): Promise<Grant> {
    const tls = { ca: rootPem, ...(agent && { cert: agent.chainPem, key: agent.keyPem }) };
    return this.#call('POST', '/v1/join', grant, tls, { token, csr: csrPem });
  }

  /** Asks for a nonce to sign. */
  async challenge(rootPem: string, method: string): Promise<string> {
    const reply = z.object({ nonce: z.string() });
    const tls = { ca: rootPem };
    return (await this.#call('POST', '/v1/attest/challenge', reply, tls, { method })).nonce;
  }

  /** Trades evidence for a certificate; `agent` is shown when it vouches. */
  attest(
    rootPem: string,
    evidence: { readonly method: string; readonly evidence: Readonly<Record<string, string>> },
    csrPem: string,
    agent?: ClientIdentity,
  ): Promise<Grant> {
    const tls = { ca: rootPem, ...(agent && { cert: agent.chainPem, key: agent.keyPem }) };
    return this.#call('POST', '/v1/attest', grant, tls, { ...evidence, csr: csrPem });
  }

  /** Waits, at most `waitMs`, until the controller orders `identity` to be renewed. `denied`: it is revoked. */
  awaitOrder(rootPem: string, identity: ClientIdentity, waitMs: number): Promise<RenewalOrder> {
    const tls = { ca: rootPem, cert: identity.chainPem, key: identity.keyPem };
    const path = `/v1/rotation?waitMs=${waitMs}`;
    return this.#call('GET', path, renewalOrder, tls, undefined, waitMs + longestAnswerMs);
  }

  /** Renews the certificate `identity`. */
  renew(rootPem: string, identity: ClientIdentity, csrPem: string): Promise<Grant> {
    const tls = { ca: rootPem, cert: identity.chainPem, key: identity.keyPem };
    return this.#call('POST', '/v1/renew', grant, tls, { csr: csrPem });
  }

  /** Hands over an audit batch. `usage`: the controller can never read it. */
  async sendAudit(rootPem: string, identity: ClientIdentity, batch: Uint8Array): Promise<void> {
    const tls = { ca: rootPem, cert: identity.chainPem, key: identity.keyPem };
    await this.#call('POST', '/v1/audit', z.object({}), tls, batch);
  }

  async #call<T extends z.ZodType>(
    method: string,
    path: string,
    reply: T,
    tls: RequestOptions,
    body?: Uint8Array | Record<string, unknown>,
    longestMs = longestAnswerMs,
  ): Promise<z.output<T>> {
    const isBytes = body instanceof Uint8Array;
    const content = isBytes ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body));
    const type = isBytes ? 'application/octet-stream' : 'application/json';
    const call = { method, path, content, type, longestMs };
    const { status, text } = await this.#exchange(call, tls);
    const parsed = parseJson(text);
    if (status !== 200) throw problemError(status, parsed);
    const understood = reply.safeParse(parsed);
    if (understood.success) return understood.data;
    throw new DtaError('internal', 'the controller answered something that is not understood', {
      help: 'is the controller of the same version as this agent?',
      cause: understood.error,
    });
  }

  #exchange(
    { method, path, content, type, longestMs }: Call,
    tls: RequestOptions,
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown): void => {
        if (isOfTime(cause)) void this.#readClock();
        reject(this.#unreachable(cause));
      };
      const request = httpsRequest(new URL(path, this.#base), {
        ...tls,
        method,
        // A connection of its own each time: none outlives the certificate that it was opened with.
        agent: false,
        minVersion: 'TLSv1.3',
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(longestMs)]),
        headers: {
          'content-length': content.length,
          ...(content.length > 0 ? { 'content-type': type } : {}),
        },
      });
      request.once('error', fail);
      request.once('response', (answer) => {
        this.#onDate(answer.headers.date);
        buffer(answer).then(
          (bytes) => resolve({ status: answer.statusCode ?? 0, text: bytes.toString('utf8') }),
          fail,
        );
      });
      request.end(content);
    });
  }

  /** The controller's clock, from a server that did not prove itself: for the alarm alone. */
  async #readClock(): Promise<void> {
    const tls = { rejectUnauthorized: false };
    await this.#call('GET', '/v1/trust', trust, tls).catch(() => undefined);
  }

  #unreachable(cause: unknown): DtaError {
    const why = cause instanceof Error ? `: ${cause.message.replaceAll('\n', ' ')}` : '';
    const message = `the controller at \`${this.#base.origin}\` cannot be reached${why}`;
    return new DtaError('unreachable', message, {
      help: 'is it running, and is this address among the names in its certificate?',
      cause,
    });
  }
}

/** Whether a handshake failed on the dates of a certificate. */
function isOfTime(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID';
}

function readRoot(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new DtaError('denied', 'the controller showed no certificate of an authority', { cause });
  }
}

/**
 * Only the owner of the key can have made it: name and validity are to be believed as well as the
 * key.
 */
function isSelfSigned(root: X509Certificate): boolean {
  return root.ca && root.verify(root.publicKey);
}

function problemError(status: number, body: unknown): DtaError {
  const { success, data } = problem.safeParse(body);
  if (!success) {
    return new DtaError('unreachable', `the controller answered status ${status} without a reason`);
  }
  return new DtaError(data.code, data.message, {
    ...(data.help === undefined ? {} : { help: data.help }),
    fields: { status },
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const codes = Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]];
const problem = z.object({ code: z.enum(codes), message: z.string(), help: z.string().optional() });
const trust = z.object({ rootPem: z.string() });
const grant = z.object({
  instance: z.string(),
  spiffeId: z.string(),
  chainPem: z.string(),
  rootPem: z.string(),
  notBeforeMs: z.number(),
  notAfterMs: z.number(),
});

const renewalOrder = z.object({
  due: z.boolean(),
  spreadMs: z.number().min(0).max(3_600_000),
  reason: z.string(),
});

const longestAnswerMs = 20_000;
