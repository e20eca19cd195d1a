/** Rows of the identity tables as the domain's types. */
import type {
  AttestationMethod,
  Instance,
  InstanceView,
  IssuedCertificate,
  Labels,
  Registration,
  RevokedCertificate,
  StoredToken,
} from '../identity/model.ts';
import type { Row } from './database.ts';

/** A row of `registration`. */
export function toRegistration(row: Row): Registration {
  return {
    id: String(row.id),
    trustDomain: String(row.trust_domain),
    environment: String(row.environment),
    team: String(row.team),
    service: String(row.service),
    labels: toLabels(row),
    createdAtMs: Number(row.created_at_ms),
  };
}

/** A row of `token`. */
export function toToken(row: Row): StoredToken {
  return {
    id: String(row.id),
    secretSha256: String(row.secret_sha256),
    registrationId: String(row.registration_id),
    createdAtMs: Number(row.created_at_ms),
    expiresAtMs: Number(row.expires_at_ms),
    consumedAtMs: optionalNumber(row.consumed_at_ms),
    host: optionalText(row.host),
    agent: optionalText(row.agent),
  };
}

/** A row of `instance`. */
export function toInstance(row: Row): Instance {
  return {
    uuid: String(row.uuid),
    registrationId: String(row.registration_id),
    spiffeId: String(row.spiffe_id),
    joinedAtMs: Number(row.joined_at_ms),
    method: String(row.method) as AttestationMethod,
    evidence: String(row.evidence),
    revokedAtMs: optionalNumber(row.revoked_at_ms),
    revokedReason: optionalText(row.revoked_reason),
    revokedBy: optionalText(row.revoked_by),
  };
}

/** A row of `certificate`. */
export function toCertificate(row: Row): IssuedCertificate {
  return {
    serial: String(row.serial),
    instance: String(row.instance),
    sha256: String(row.sha256),
    notBeforeMs: Number(row.not_before_ms),
    notAfterMs: Number(row.not_after_ms),
    issuer: optionalText(row.issuer),
    revokedAtMs: optionalNumber(row.revoked_at_ms),
  };
}

/** A row of `instance` joined with its registration and newest certificate. */
export function toView(row: Row): InstanceView {
  const certificate = { ...row, instance: row.uuid, revoked_at_ms: row.certificate_revoked_at_ms };
  return {
    ...toInstance(row),
    environment: String(row.environment),
    team: String(row.team),
    service: String(row.service),
    labels: toLabels(row),
    certificate: row.sha256 === null ? undefined : toCertificate(certificate as Row),
  };
}

/** A row of `revokedCertificates`. */
export function toRevokedCertificate(row: Row): RevokedCertificate {
  return {
    serial: String(row.serial),
    sha256: String(row.sha256),
    instance: String(row.instance),
    revokedAtMs: Number(row.revoked_at_ms),
    notAfterMs: Number(row.not_after_ms),
    issuer: optionalText(row.issuer),
    wholeInstance: row.whole === 1,
  };
}

function toLabels(row: Row): Labels {
  const pairs: unknown = JSON.parse(String(row.labels));
  if (!Array.isArray(pairs)) throw new TypeError('labels of a registration are no list');
  return Object.fromEntries(pairs.map(([name, value]) => [String(name), String(value)]));
}

function optionalNumber(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}

function optionalText(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}
