/** Identities in SQLite. */
import type { MeshIdentityStore } from '../identity/mesh-identity-store.ts';
import type {
  AdmissionOutcome,
  Instance,
  InstanceView,
  IssuedCertificate,
  Registration,
  RenewalOutcome,
  Revocation,
  RevocationCause,
  RevokedCertificate,
  SignedCertificate,
  StoredToken,
  TokenOutcome,
} from '../identity/model.ts';
import type { StoredServiceRegistration } from '../identity/registrations.ts';
import type { GroupRevocation, GroupTarget, RevokedGroup } from '../identity/revoked-groups.ts';
import type { RotationOrder, RotationTarget } from '../identity/rotations.ts';
import type { Database } from './database.ts';
import {
  toCertificate,
  toInstance,
  toRegistration,
  toRevokedCertificate,
  toToken,
  toView,
} from './identity-rows.ts';
import { findRegistrationId, readRegistrations, writeRegistration } from './registration-rows.ts';
import { revokeCertificate, revokeInstance } from './revocation-rows.ts';
import {
  isBlocked,
  isSignerRevoked,
  keyRevision,
  liftGroup,
  readGroups,
  revokeGroup,
} from './revoked-group-rows.ts';
import { addOrder, findDue, newestOrder, readOpen } from './rotation-rows.ts';

/** Implements `MeshIdentityStore`; each method is one transaction. */
export class SqliteIdentityStore implements MeshIdentityStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async findOrAddRegistration(registration: Registration): Promise<Registration> {
    return this.#db.transaction(() => {
      const id = findRegistrationId(this.#db, registration);
      const row = this.#db.row('SELECT * FROM registration WHERE id = ?', id);
      return row ? toRegistration(row) : registration;
    });
  }

  async registration(id: string): Promise<Registration | undefined> {
    const row = this.#db.row('SELECT * FROM registration WHERE id = ?', id);
    return row && toRegistration(row);
  }

  async registrations(): Promise<Registration[]> {
    return this.#db
      .rows('SELECT * FROM registration ORDER BY created_at_ms, id')
      .map(toRegistration);
  }

  async addToken(token: StoredToken): Promise<void> {
    this.#db.run(
      `INSERT INTO token (id, secret_sha256, registration_id, created_at_ms, expires_at_ms, host, agent)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      token.id,
      token.secretSha256,
      token.registrationId,
      token.createdAtMs,
      token.expiresAtMs,
      token.host ?? null,
      token.agent ?? null,
    );
  }

  async token(id: string): Promise<StoredToken | undefined> {
    const row = this.#db.row('SELECT * FROM token WHERE id = ?', id);
    return row && toToken(row);
  }

  async consumeToken(
    id: string,
    nowMs: number,
    instance: Instance,
    certificate: SignedCertificate,
  ): Promise<TokenOutcome> {
    return this.#db.transaction(() => {
      const row = this.#db.row('SELECT * FROM token WHERE id = ?', id);
      if (!row) return 'unknown';
      const token = toToken(row);
      if (token.consumedAtMs !== undefined) return 'used';
      if (token.expiresAtMs <= nowMs) return 'expired';
      if (isBlocked(this.#db, instance.registrationId)) return 'blocked';
      if (isSignerRevoked(this.#db, certificate)) return 'blocked';
      this.#db.run('UPDATE token SET consumed_at_ms = ? WHERE id = ?', nowMs, id);
      this.#insertInstance(instance);
      this.#insertCertificate(certificate);
      return 'consumed';
    });
  }

  async admit(instance: Instance, certificate: SignedCertificate): Promise<AdmissionOutcome> {
    return this.#db.transaction(() => {
      if (isBlocked(this.#db, instance.registrationId)) return 'blocked';
      if (isSignerRevoked(this.#db, certificate)) return 'blocked';
      const revoked = this.#db.row(
        `SELECT 1 FROM instance WHERE evidence = ? AND evidence <> '' AND revoked_at_ms IS NOT NULL`,
        instance.evidence ?? '',
      );
      if (revoked) return 'revoked';
      this.#insertInstance(instance);
      this.#insertCertificate(certificate);
      return 'admitted';
    });
  }

  async instance(uuid: string): Promise<Instance | undefined> {
    const row = this.#db.row('SELECT * FROM instance WHERE uuid = ?', uuid);
    return row && toInstance(row);
  }

  async instances(): Promise<InstanceView[]> {
    const rows = this.#db.rows(
      `SELECT i.*, r.environment, r.team, r.service, r.labels, c.sha256, c.serial, c.not_before_ms,
              c.not_after_ms, c.issuer, c.revoked_at_ms AS certificate_revoked_at_ms
       FROM instance i JOIN registration r ON r.id = i.registration_id
       LEFT JOIN certificate c ON c.rowid = (
         SELECT rowid FROM certificate WHERE instance = i.uuid
         ORDER BY not_before_ms DESC, rowid DESC LIMIT 1)
       ORDER BY i.joined_at_ms, i.uuid`,
    );
    return rows.map(toView);
  }

  async certificateBySha256(sha256: string): Promise<IssuedCertificate | undefined> {
    const row = this.#db.row('SELECT * FROM certificate WHERE sha256 = ?', sha256);
    return row && toCertificate(row);
  }

  async certificateBySerial(serial: string): Promise<IssuedCertificate | undefined> {
    const row = this.#db.row('SELECT * FROM certificate WHERE serial = ?', serial);
    return row && toCertificate(row);
  }

  async keyRevision(): Promise<number> {
    return keyRevision(this.#db);
  }

  async addCertificate(
    certificate: SignedCertificate,
    previousSha256: string,
    bound: { readonly nowMs: number; readonly most: number },
  ): Promise<RenewalOutcome> {
    return this.#db.transaction(() => {
      const good = this.#db.row(
        `SELECT 1 FROM certificate c JOIN instance i ON i.uuid = c.instance
         WHERE c.sha256 = ? AND i.uuid = ? AND c.revoked_at_ms IS NULL AND i.revoked_at_ms IS NULL`,
        previousSha256,
        certificate.instance,
      );
      if (!good || isSignerRevoked(this.#db, certificate)) return 'revoked';
      const live = this.#db.row(
        'SELECT count(*) AS n FROM certificate WHERE instance = ? AND not_after_ms > ?',
        certificate.instance,
        bound.nowMs,
      );
      if (Number(live?.n) >= bound.most) return 'tooMany';
      this.#insertCertificate(certificate);
      return 'renewed';
    });
  }

  async revokeInstance(uuid: string, cause: RevocationCause): Promise<Revocation | undefined> {
    return this.#db.transaction(() => revokeInstance(this.#db, uuid, cause));
  }

  async revokeCertificate(sha256: string, cause: RevocationCause): Promise<Revocation | undefined> {
    return this.#db.transaction(() => revokeCertificate(this.#db, sha256, cause));
  }

  async revokedCertificates(endAfterMs: number): Promise<RevokedCertificate[]> {
    // A certificate may be revoked itself and with its instance: the earlier time counts. Two indexes find the few of
    // them, because this is asked between a revocation and the proxies.
    const rows = this.#db.rows(
      `SELECT c.serial, c.sha256, c.instance, c.not_after_ms, c.issuer, i.revoked_at_ms IS NOT NULL AS whole,
              min(ifnull(c.revoked_at_ms, i.revoked_at_ms),
                  ifnull(i.revoked_at_ms, c.revoked_at_ms)) AS revoked_at_ms
       FROM certificate c JOIN instance i ON i.uuid = c.instance
       WHERE c.rowid IN (
         SELECT rowid FROM certificate WHERE revoked_at_ms IS NOT NULL AND not_after_ms > ?
         UNION
         SELECT own.rowid FROM instance r JOIN certificate own ON own.instance = r.uuid
         WHERE r.revoked_at_ms IS NOT NULL AND own.not_after_ms > ?)
       ORDER BY c.serial`,
      endAfterMs,
      endAfterMs,
    );
    return rows.map(toRevokedCertificate);
  }

  async forgetEnded(endBeforeMs: number): Promise<number> {
    // The newest certificate of an instance stays: `instances` shows it.
    return this.#db.transaction(
      () =>
        this.#db.run('DELETE FROM token WHERE expires_at_ms < ?', endBeforeMs) +
        this.#db.run(
          `DELETE FROM certificate AS old WHERE not_after_ms < ? AND revoked_at_ms IS NULL
           AND EXISTS (SELECT 1 FROM certificate newer WHERE newer.instance = old.instance
             AND newer.not_before_ms > old.not_before_ms)`,
          endBeforeMs,
        ),
    );
  }

  async putServiceRegistrations(
    entries: readonly {
      readonly named: StoredServiceRegistration;
      readonly registration: Registration;
    }[],
  ): Promise<void> {
    this.#db.transaction(() => {
      for (const { named, registration } of entries) {
        writeRegistration(this.#db, named, findRegistrationId(this.#db, registration));
      }
    });
  }

  async serviceRegistrations(): Promise<StoredServiceRegistration[]> {
    return readRegistrations(this.#db);
  }

  async removeServiceRegistration(name: string): Promise<boolean> {
    return this.#db.run('DELETE FROM service_registration WHERE name = ?', name) > 0;
  }

  async revokeGroup(
    id: string,
    target: GroupTarget,
    cause: RevocationCause,
  ): Promise<GroupRevocation> {
    return this.#db.transaction(() => revokeGroup(this.#db, id, target, cause));
  }

  async liftGroup(id: string, cause: RevocationCause): Promise<RevokedGroup | undefined> {
    return this.#db.transaction(() => liftGroup(this.#db, id, cause));
  }

  async revokedGroups(): Promise<RevokedGroup[]> {
    return readGroups(this.#db);
  }

  async orderRotation(
    target: RotationTarget,
    spreadMs: number,
    cause: RevocationCause,
  ): Promise<{ order: RotationOrder; concerned: number }> {
    return this.#db.transaction(() => addOrder(this.#db, target, spreadMs, cause));
  }

  async rotationDue(sha256: string): Promise<RotationOrder | undefined> {
    return findDue(this.#db, sha256);
  }

  async rotationsOpen(nowMs: number): Promise<string[]> {
    return readOpen(this.#db, nowMs);
  }

  #insertInstance(instance: Instance): void {
    const { uuid, registrationId, spiffeId, joinedAtMs, method, evidence } = instance;
    this.#db.run(
      `INSERT INTO instance (uuid, registration_id, spiffe_id, joined_at_ms, method, evidence)
       VALUES (?, ?, ?, ?, ?, ?)`,
      uuid,
      registrationId,
      spiffeId,
      joinedAtMs,
      method ?? 'join_token',
      evidence ?? '',
    );
  }

  #insertCertificate(certificate: IssuedCertificate): void {
    const { sha256, serial, instance, notBeforeMs, notAfterMs, issuer = null } = certificate;
    this.#db.run(
      `INSERT INTO certificate
         (sha256, serial, instance, not_before_ms, not_after_ms, issuer, rotation)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      sha256,
      serial,
      instance,
      notBeforeMs,
      notAfterMs,
      issuer,
      newestOrder(this.#db),
    );
  }
}
