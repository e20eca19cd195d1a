/**
 * The agent's side of the controller's HTTPS API. The root is checked by every call but the one
 * that fetches it.
 */
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { checkServerIdentity } from 'node:tls';

import { z } from 'zod';

import { systemClock } from '../clock.ts';
import { DtaError, type ErrorCode, errorCatalogue } from '../errors.ts';
import { rootServerName } from '../identity/root-server-name.ts';
import { clockFaults, showSkew } from './clock-skew.ts';
import { KeptConnection } from './kept-connection.ts';
import { keyHashOfRoot, readRoots } from './roots.ts';

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
  /** One or several roots. */
  readonly rootPem: string;
  readonly trustGeneration: number;
  /** Unix milliseconds. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** News of the trust, and whether the certificate is to be renewed now. */
export interface TrustAnswer {
  readonly rootPem: string;
  readonly generation: number;
  readonly renewal?: RenewalOrder | undefined;
}

/** An order to renew, to be followed within a time. */
export interface RenewalOrder {
  /** Rising. */
  readonly number: number;
  readonly spreadMs: number;
  readonly reason: string;
}

/** What an agent has heard of already. */
export interface Heard {
  /** Of the trust. */
  readonly generation: number;
  /** Number of the last order; 0: none. */
  readonly order: number;
}

/** This host's clock, and what it is compared with. */
export interface HostClock {
  nowMs(): number;
  /** Takes the `Date` of an answer; gives by how much this clock is ahead, in milliseconds. */
  compare(date: string | undefined): number | undefined;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly content: Uint8Array;
  readonly type: string;
}

/** One controller, by its URL. */
export class ControllerClient {
  readonly #base: URL;
  readonly #signal: AbortSignal;
  readonly #clock: HostClock;
  readonly #audit: KeptConnection;

  /**
   * `signal` ends every call. `clock` is compared with the `Date` of each answer.
   *
   * @throws DtaError `usage` when `url` is no `https` URL.
   */
  constructor(url: string, signal: AbortSignal, clock: HostClock = uncompared) {
    if (!URL.canParse(url) || new URL(url).protocol !== 'https:') {
      throw new DtaError('usage', `\`${url}\` is no URL of a controller`, {
        help: 'use https://<host>:<port>',
      });
    }
    this.#base = new URL(url);
    this.#signal = signal;
    this.#clock = clock;
    this.#audit = new KeptConnection(() => clock.nowMs(), signal);
  }

  /**
   * Fetches the mesh's root certificates and picks the one whose public key has the SHA-256
   * `keyHash` (DER, hex) that came with the join token. Nothing secret is sent: until then anybody
   * may be at the other end.
   *
   * @throws DtaError `denied` when none has that key, `unreachable`.
   */
  async fetchRoot(keyHash: string): Promise<string> {
    const unchecked = { rejectUnauthorized: false };
    const { rootPem } = await this.#call('GET', '/v1/trust', trust, unchecked);
    const root = readRoots(rootPem).find((each) => keyHashOfRoot(each) === keyHash);
    if (root) return root.toString();
    throw new DtaError('denied', `the authority at \`${this.#base.origin}\` is not the token's`, {
      help: 'somebody else answers there, or the token is of another mesh; it was not sent',
    });
  }

  /**
   * Trades `token` for a certificate; the server has to prove itself under `rootPem` before it sees
   * the token. `agent` is shown with tokens that are bound to one.
   */
  async join(
    rootPem: string,
    token: string,
    csrPem: string,
    agent?: ClientIdentity,
  ): Promise<Grant> {
    const tls = this.#tls(rootPem, agent);
    return await this.#call('POST', '/v1/join', grant, tls, { token, csr: csrPem });
  }

  /** Asks for a nonce to sign. */
  async challenge(rootPem: string, method: string): Promise<string> {
    const reply = z.object({ nonce: z.string() });
    const tls = this.#tls(rootPem);
    return (await this.#call('POST', '/v1/attest/challenge', reply, tls, { method })).nonce;
  }

  /** Trades evidence for a certificate; `agent` is shown when it vouches. */
  async attest(
    rootPem: string,
    evidence: { readonly method: string; readonly evidence: Readonly<Record<string, string>> },
    csrPem: string,
    agent?: ClientIdentity,
  ): Promise<Grant> {
    const tls = this.#tls(rootPem, agent);
    return await this.#call('POST', '/v1/attest', grant, tls, { ...evidence, csr: csrPem });
  }

  /** Renews the certificate `identity`. */
  async renew(rootPem: string, identity: ClientIdentity, csrPem: string): Promise<Grant> {
    const tls = this.#tls(rootPem, identity);
    return await this.#call('POST', '/v1/renew', grant, tls, { csr: csrPem });
  }

  /**
   * Waits for news of the trust and for an order to renew, at most some fifteen seconds. `denied`:
   * the identity is revoked.
   */
  async watch(rootPem: string, identity: ClientIdentity, heard: Heard): Promise<TrustAnswer> {
    const report = { ...heard, clockMs: this.#clock.nowMs() };
    return await this.#call('POST', '/v1/watch', news, this.#tls(rootPem, identity), report);
  }

  /** Hands over an audit batch. `usage`: the controller can never read it. */
  async sendAudit(rootPem: string, identity: ClientIdentity, batch: Uint8Array): Promise<void> {
    // Ten batches a second and more come from a busy Envoy.
    const agent = this.#audit.agentFor(identity.chainPem + rootPem);
    const tls = { ...this.#tls(rootPem, identity), agent };
    await this.#call('POST', '/v1/audit', z.object({}), tls, batch);
  }

  /**
   * Trusts these roots alone, and asks by name for a certificate under the first: the controller
   * may show one under a root that came later.
   */
  #tls(rootPem: string, identity?: ClientIdentity): RequestOptions {
    const [first] = readRoots(rootPem);
    const host = this.#base.hostname.replace(/^\[|\]$/g, '');
    return {
      ca: rootPem,
      ...(first && { servername: rootServerName(keyHashOfRoot(first)) }),
      checkServerIdentity: (_asked, certificate) => checkServerIdentity(host, certificate),
      ...(identity && { cert: identity.chainPem, key: identity.keyPem }),
    };
  }

  async #call<T extends z.ZodType>(
    method: string,
    path: string,
    reply: T,
    tls: RequestOptions,
    body?: Uint8Array | Record<string, unknown>,
  ): Promise<z.output<T>> {
    const isBytes = body instanceof Uint8Array;
    const content = isBytes ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body));
    const type = isBytes ? 'application/octet-stream' : 'application/json';
    const { status, text } = await this.#exchange({ method, path, content, type }, tls);
    const parsed = parseJson(text);
    if (status !== 200) throw problemError(status, parsed);
    const understood = reply.safeParse(parsed);
    if (understood.success) return understood.data;
    throw new DtaError('internal', 'the controller answered something that is not understood', {
      help: 'is the controller of the same version as this agent?',
      cause: understood.error,
    });
  }

  #exchange({ method, path, content, type }: Call, tls: RequestOptions): Promise<Exchanged> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown): void => {
        this.#unreachable(cause).then(reject, reject);
      };
      const request = httpsRequest(new URL(path, this.#base), {
        method,
        // A connection of its own unless `tls` says otherwise: none outlives the certificate that it was opened with.
        agent: false,
        ...tls,
        minVersion: 'TLSv1.3',
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(longestAnswerMs)]),
        headers: {
          'content-length': content.length,
          ...(content.length > 0 ? { 'content-type': type } : {}),
        },
      });
      request.once('error', fail);
      request.once('response', (answer) => {
        const skewMs = this.#clock.compare(answer.headers.date);
        const status = answer.statusCode ?? 0;
        buffer(answer).then(
          (bytes) => resolve({ status, skewMs, text: bytes.toString('utf8') }),
          fail,
        );
      });
      request.end(content);
    });
  }

  async #unreachable(cause: unknown): Promise<DtaError> {
    const why = cause instanceof Error ? `: ${cause.message.replaceAll('\n', ' ')}` : '';
    const message = `the controller at \`${this.#base.origin}\` cannot be reached${why}`;
    const skewMs = isAboutTime(cause) ? await this.#skewMs() : undefined;
    if (skewMs !== undefined && Math.abs(skewMs) > clockFaults.warnMs) {
      return new DtaError('unreachable', `${message}; ${showSkew(skewMs)}`, {
        help: 'set the clock of this host, or of the controller: certificates bear five minutes',
        cause,
        fields: { skewMs },
      });
    }
    return new DtaError('unreachable', message, {
      help: 'is it running, and is this address among the names in its certificate?',
      cause,
    });
  }

  /**
   * How far our clock is ahead, as whoever answers there says. Only to explain a failure: nobody
   * was checked.
   */
  async #skewMs(): Promise<number | undefined> {
    const call = { method: 'GET', path: '/v1/trust', content: new Uint8Array(), type: '' };
    try {
      return (await this.#exchange(call, { rejectUnauthorized: false })).skewMs;
    } catch {
      return undefined;
    }
  }
}

interface Exchanged {
  readonly status: number;
  /** As `HostClock.compare` gives it. */
  readonly skewMs: number | undefined;
  readonly text: string;
}

function isAboutTime(cause: unknown): boolean {
  if (!(cause instanceof Error) || !('code' in cause)) return false;
  return ['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'].includes(String(cause.code));
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
const news = z.object({
  rootPem: z.string(),
  generation: z.number(),
  renewal: z.object({ number: z.number(), spreadMs: z.number(), reason: z.string() }).optional(),
});
const grant = z.object({
  instance: z.string(),
  spiffeId: z.string(),
  chainPem: z.string(),
  rootPem: z.string(),
  trustGeneration: z.number(),
  notBeforeMs: z.number(),
  notAfterMs: z.number(),
});

const uncompared: HostClock = { nowMs: systemClock, compare: () => undefined };
const longestAnswerMs = 20_000;
