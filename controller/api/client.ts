/** The operator API as functions, for the command line; every failure becomes a `DtaError`. */
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
import { OperatorCalls, pathWith } from './operator-calls.ts';
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

/** A client of one controller; fails as `OperatorCalls`. */
export class OperatorClient extends OperatorCalls {
  /** Registers a workload and makes a join token for it. */
  issueIdentity(request: IdentityRequest): Promise<TokenReply> {
    return this.request('POST', '/v1/identities', tokenReply, request);
  }

  /** Every instance with its newest certificate. */
  async listIdentities(): Promise<InstanceReply[]> {
    return (await this.request('GET', '/v1/identities', identitiesReply)).identities;
  }

  /** Revokes an instance (UUID) or one certificate (digest or serial). */
  revoke(id: string, reason: string): Promise<RevocationReply> {
    const path = `/v1/identities/${encodeURIComponent(id)}/revoke`;
    return this.request('POST', path, revocationReply, { reason });
  }

  /** Issuing keys of the certificate authority. */
  authority(): Promise<AuthorityReply> {
    return this.request('GET', '/v1/ca', authorityReply);
  }

  /** Makes the next issuing key; it signs nothing yet. */
  prepareIssuer(request: PrepareInput): Promise<IssuerReply> {
    return this.request('POST', '/v1/ca/prepare', issuerReply, request);
  }

  /** Lets the prepared key sign. */
  activateIssuer(request: IssuerChangeInput): Promise<IssuerReply> {
    return this.request('POST', '/v1/ca/activate', issuerReply, request);
  }

  /** Has everybody renew who lives on a retired key. */
  taintIssuer(id: string, request: IssuerChangeInput): Promise<IssuerReply> {
    return this.request('POST', `/v1/ca/${encodeURIComponent(id)}/taint`, issuerReply, request);
  }

  /** Ends the trust in a key and revokes all it signed. */
  revokeIssuer(id: string, request: IssuerChangeInput): Promise<RevokedIssuerReply> {
    const path = `/v1/ca/${encodeURIComponent(id)}/revoke`;
    return this.request('POST', path, revokedIssuerReply, request);
  }

  /** What publishing `files` would do; nothing is published. */
  checkPolicies(files: readonly PolicyFile[]): Promise<PolicyCheck> {
    return this.request('POST', '/v1/policies', policyCheckReply, { files, dryRun: true });
  }

  /** Publishes `files` as the whole policy set. */
  pushPolicies(files: readonly PolicyFile[]): Promise<PolicySetView> {
    return this.request('POST', '/v1/policies', policySetReply, { files });
  }

  /** The policy set in force; null before the first push. */
  async policies(): Promise<PolicySetView | null> {
    return (await this.request('GET', '/v1/policies', policiesReply)).policies;
  }

  /** Restricts the calls of a service, or the calls to it, at once. */
  restrict(request: RestrictionInput): Promise<RestrictionReply> {
    return this.request('PUT', '/v1/restrictions', restrictionReply, request);
  }

  /** Restrictions in force, oldest first. */
  async restrictions(): Promise<RestrictionReply[]> {
    return (await this.request('GET', '/v1/restrictions', restrictionsReply)).restrictions;
  }

  /** Releases a restriction before its end. */
  release(id: string, reason: string): Promise<RestrictionReply> {
    const path = `/v1/restrictions/${encodeURIComponent(id)}?${new URLSearchParams({ reason })}`;
    return this.request('DELETE', path, restrictionReply);
  }

  /** Sets the risk band of `<environment>/<service>`. */
  setBand(subject: string, band: BandName, reason: string): Promise<BandReply> {
    return this.request('PUT', bandPath(subject), bandReply, { band, reason });
  }

  /** Clears it. */
  async clearBand(subject: string, reason: string): Promise<void> {
    const path = `${bandPath(subject)}?${new URLSearchParams({ reason })}`;
    await this.request('DELETE', path, removalReply);
  }

  async bands(): Promise<BandReply[]> {
    return (await this.request('GET', '/v1/bands', bandsReply)).bands;
  }

  /** Sets a fact of the environment. */
  setFact(name: string, value: number, reason: string): Promise<FactReply> {
    const path = `/v1/facts/${encodeURIComponent(name)}`;
    return this.request('PUT', path, factReply, { value, reason });
  }

  async removeFact(name: string, reason: string): Promise<void> {
    const path = `/v1/facts/${encodeURIComponent(name)}?${new URLSearchParams({ reason })}`;
    await this.request('DELETE', path, removalReply);
  }

  async facts(): Promise<FactReply[]> {
    return (await this.request('GET', '/v1/facts', factsReply)).facts;
  }

  /** Reports a measured value of a service or an instance. */
  reportSignal(report: SignalInput): Promise<SignalReply> {
    return this.request('PUT', '/v1/signals', signalReply, report);
  }

  async removeSignal(subject: string, name: string): Promise<void> {
    const path = `/v1/signals?${new URLSearchParams({ subject, name })}`;
    await this.request('DELETE', path, removalReply);
  }

  /** Signals that are young enough to count. */
  async signals(): Promise<SignalReply[]> {
    return (await this.request('GET', '/v1/signals', signalsReply)).signals;
  }

  /** Clear values, for who has the secret of a clearance. */
  async reveal(request: RevealInput, clearance: string): Promise<RevealReply[]> {
    const headers = { [clearanceHeader]: clearance };
    return (await this.request('POST', '/v1/masking/reveal', revealReply, request, headers)).values;
  }

  /** Who asked for clear values, in the order of arrival. */
  async reveals(query: RevealQueryInput = {}): Promise<StoredRevealReply[]> {
    const path = pathWith('/v1/masking/reveals', query);
    return (await this.request('GET', path, revealsReply)).reveals;
  }

  /** Generations of masking keys, the oldest first. */
  async maskingKeys(): Promise<MaskingKeyReply[]> {
    return (await this.request('GET', '/v1/masking/keys', maskingKeysReply)).keys;
  }

  /** Makes a new generation of masking keys. */
  rotateMaskingKeys(reason: string): Promise<MaskingKeyReply> {
    return this.request('POST', '/v1/masking/keys', maskingKeyReply, { reason });
  }

  /** Proxies, versions, what is degraded. */
  status(): Promise<ControllerStatus> {
    return this.request('GET', '/v1/status', statusReply);
  }

  /** Audit records, oldest first. */
  async audit(query: AuditQueryInput = {}): Promise<AuditRecordReply[]> {
    return (await this.request('GET', pathWith(auditPath, query), auditReply)).records;
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
}

/** `<environment>/<service>`; anything else is left for the controller to refuse. */
function bandPath(subject: string): string {
  const [environment = '', ...service] = subject.split('/');
  const parts = [environment, service.join('/')].map(encodeURIComponent);
  return `/v1/bands/${parts.join('/')}`;
}

const auditPath = '/v1/audit';
