/** The operator API as functions, for the command line; every failure becomes a `DtaError`. */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

import type { z } from 'zod';

import { DtaError } from '../errors.ts';
import {
  type AuthorityReply,
  authorityReply,
  type IssuerChangeInput,
  type IssuerReply,
  issuerReply,
  type PrepareInput,
  type RevokedIssuerReply,
  revokedIssuerReply,
} from './authority-messages.ts';
import {
  type BandName,
  type BandReply,
  bandReply,
  bandsReply,
  type FactReply,
  factReply,
  factsReply,
  type RestrictionInput,
  type RestrictionReply,
  removalReply,
  restrictionReply,
  restrictionsReply,
  type SignalInput,
  type SignalReply,
  signalReply,
  signalsReply,
} from './live-value-messages.ts';
import {
  type AuditQueryInput,
  type AuditRecordReply,
  auditRecord,
  auditReply,
  type ControllerStatus,
  type IdentityRequest,
  type InstanceReply,
  identitiesReply,
  type PolicyCheck,
  type PolicyFile,
  type PolicySetView,
  policiesReply,
  policyCheckReply,
  policySetReply,
  type RevocationReply,
  revocationReply,
  statusReply,
  type TokenReply,
  tokenReply,
} from './messages.ts';
import type { OperatorAccess } from './operator-access.ts';
import {
  clearanceHeader,
  type MaskingKeyReply,
  maskingKeyReply,
  maskingKeysReply,
  type RevealInput,
  type RevealQueryInput,
  type RevealReply,
  revealReply,
  revealsReply,
  type StoredRevealReply,
} from './privacy-messages.ts';
import { errorFromProblem } from './problem.ts';

/**
 * A client of one controller. Methods throw what the controller threw (`policyInvalid` with
 * `fields.errors`), `unreachable` when it does not answer, and `internal` when its answer is not
 * what this version understands.
 */
export class OperatorClient {
  readonly #access: OperatorAccess;

  /** `access` is what `readOperatorAccess` found. */
  constructor(access: OperatorAccess) {
    this.#access = access;
  }

  /** Registers a workload and makes a join token for it. */
  issueIdentity(request: IdentityRequest): Promise<TokenReply> {
    return this.#call('POST', '/v1/identities', tokenReply, request);
  }

  /** Every instance with its newest certificate. */
  async listIdentities(): Promise<InstanceReply[]> {
    return (await this.#call('GET', '/v1/identities', identitiesReply)).identities;
  }

  /** Revokes an instance (UUID) or one certificate (digest or serial). */
  revoke(id: string, reason: string): Promise<RevocationReply> {
    const path = `/v1/identities/${encodeURIComponent(id)}/revoke`;
    return this.#call('POST', path, revocationReply, { reason });
  }

  /** Issuing keys of the certificate authority. */
  authority(): Promise<AuthorityReply> {
    return this.#call('GET', '/v1/ca', authorityReply);
  }

  /** Makes the next issuing key; it signs nothing yet. */
  prepareIssuer(request: PrepareInput): Promise<IssuerReply> {
    return this.#call('POST', '/v1/ca/prepare', issuerReply, request);
  }

  /** Lets the prepared key sign. */
  activateIssuer(request: IssuerChangeInput): Promise<IssuerReply> {
    return this.#call('POST', '/v1/ca/activate', issuerReply, request);
  }

  /** Has everybody renew who lives on a retired key. */
  taintIssuer(id: string, request: IssuerChangeInput): Promise<IssuerReply> {
    return this.#call('POST', `/v1/ca/${encodeURIComponent(id)}/taint`, issuerReply, request);
  }

  /** Ends the trust in a key and revokes all it signed. */
  revokeIssuer(id: string, request: IssuerChangeInput): Promise<RevokedIssuerReply> {
    const path = `/v1/ca/${encodeURIComponent(id)}/revoke`;
    return this.#call('POST', path, revokedIssuerReply, request);
  }

  /** What publishing `files` would do; nothing is published. */
  checkPolicies(files: readonly PolicyFile[]): Promise<PolicyCheck> {
    return this.#call('POST', '/v1/policies', policyCheckReply, { files, dryRun: true });
  }

  /** Publishes `files` as the whole policy set. */
  pushPolicies(files: readonly PolicyFile[]): Promise<PolicySetView> {
    return this.#call('POST', '/v1/policies', policySetReply, { files });
  }

  /** The policy set in force; null before the first push. */
  async policies(): Promise<PolicySetView | null> {
    return (await this.#call('GET', '/v1/policies', policiesReply)).policies;
  }

  /** Restricts the calls of a service, or the calls to it, at once. */
  restrict(request: RestrictionInput): Promise<RestrictionReply> {
    return this.#call('PUT', '/v1/restrictions', restrictionReply, request);
  }

  /** Restrictions in force, oldest first. */
  async restrictions(): Promise<RestrictionReply[]> {
    return (await this.#call('GET', '/v1/restrictions', restrictionsReply)).restrictions;
  }

  /** Releases a restriction before its end. */
  release(id: string, reason: string): Promise<RestrictionReply> {
    const path = `/v1/restrictions/${encodeURIComponent(id)}?${new URLSearchParams({ reason })}`;
    return this.#call('DELETE', path, restrictionReply);
  }

  /** Sets the risk band of `<environment>/<service>`. */
  setBand(subject: string, band: BandName, reason: string): Promise<BandReply> {
    return this.#call('PUT', bandPath(subject), bandReply, { band, reason });
  }

  /** Clears it. */
  async clearBand(subject: string, reason: string): Promise<void> {
    const path = `${bandPath(subject)}?${new URLSearchParams({ reason })}`;
    await this.#call('DELETE', path, removalReply);
  }

  async bands(): Promise<BandReply[]> {
    return (await this.#call('GET', '/v1/bands', bandsReply)).bands;
  }

  /** Sets a fact of the environment. */
  setFact(name: string, value: number, reason: string): Promise<FactReply> {
    const path = `/v1/facts/${encodeURIComponent(name)}`;
    return this.#call('PUT', path, factReply, { value, reason });
  }

  async removeFact(name: string, reason: string): Promise<void> {
    const path = `/v1/facts/${encodeURIComponent(name)}?${new URLSearchParams({ reason })}`;
    await this.#call('DELETE', path, removalReply);
  }

  async facts(): Promise<FactReply[]> {
    return (await this.#call('GET', '/v1/facts', factsReply)).facts;
  }

  /** Reports a measured value of a service or an instance. */
  reportSignal(report: SignalInput): Promise<SignalReply> {
    return this.#call('PUT', '/v1/signals', signalReply, report);
  }

  async removeSignal(subject: string, name: string): Promise<void> {
    const path = `/v1/signals?${new URLSearchParams({ subject, name })}`;
    await this.#call('DELETE', path, removalReply);
  }

  /** Signals that are young enough to count. */
  async signals(): Promise<SignalReply[]> {
    return (await this.#call('GET', '/v1/signals', signalsReply)).signals;
  }

  /** Clear values, for who has the secret of a clearance. */
  async reveal(request: RevealInput, clearance: string): Promise<RevealReply[]> {
    const headers = { [clearanceHeader]: clearance };
    return (await this.#call('POST', '/v1/masking/reveal', revealReply, request, headers)).values;
  }

  /** Who asked for clear values, in the order of arrival. */
  async reveals(query: RevealQueryInput = {}): Promise<StoredRevealReply[]> {
    const path = pathWith('/v1/masking/reveals', query);
    return (await this.#call('GET', path, revealsReply)).reveals;
  }

  /** Generations of masking keys, the oldest first. */
  async maskingKeys(): Promise<MaskingKeyReply[]> {
    return (await this.#call('GET', '/v1/masking/keys', maskingKeysReply)).keys;
  }

  /** Makes a new generation of masking keys. */
  rotateMaskingKeys(reason: string): Promise<MaskingKeyReply> {
    return this.#call('POST', '/v1/masking/keys', maskingKeyReply, { reason });
  }

  /** Proxies, versions, what is degraded. */
  status(): Promise<ControllerStatus> {
    return this.#call('GET', '/v1/status', statusReply);
  }

  /** Audit records, oldest first. */
  async audit(query: AuditQueryInput = {}): Promise<AuditRecordReply[]> {
    return (await this.#call('GET', pathWith(auditPath, query), auditReply)).records;
  }

  /**
   * Audit records as they arrive, until `signal` is aborted or the controller stops
   * (`unreachable`).
   */
  async *followAudit(
    query: AuditQueryInput,
    signal: AbortSignal,
  ): AsyncGenerator<AuditRecordReply> {
    yield* this.follow(pathWith(auditPath, { ...query, follow: 'true' }), auditRecord, signal);
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

  /** One call, for clients of parts of the API. */
  request<T extends z.ZodType>(
    method: string,
    path: string,
    reply: T,
    body?: unknown,
  ): Promise<z.output<T>> {
    return this.#call(method, path, reply, body);
  }

  async #call<T extends z.ZodType>(
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

/** `<environment>/<service>`; anything else is left for the controller to refuse. */
function bandPath(subject: string): string {
  const [environment = '', ...service] = subject.split('/');
  const parts = [environment, service.join('/')].map(encodeURIComponent);
  return `/v1/bands/${parts.join('/')}`;
}

function pathWith(path: string, query: Readonly<Record<string, unknown>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return `${path}?${parameters}`;
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

const auditPath = '/v1/audit';
const longestAnswerMs = 60_000;
