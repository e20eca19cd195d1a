/**
 * A controller's agent server on loopback with real identities and a real store, for the tests of
 * both ends.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import { AuditService } from '../audit/ingest.ts';
import type { Attestor } from '../identity/attestation/attestor.ts';
import { UnixAttestor } from '../identity/attestation/unix-attestor.ts';
import type { AuthorityDesk } from '../identity/authority-desk.ts';
import type { IdentityService } from '../identity/service.ts';
import type { TrustWatch } from '../identity/trust-watch.ts';
import { openIdentities } from '../open-identities.ts';
import { Database } from '../store/database.ts';
import { SqliteAuditStore } from '../store/sqlite-audit-store.ts';
import { type AgentServer, createAgentServer } from './agent-server.ts';

/** Who joins in the tests. */
export const checkout = { environment: 'prod', team: 'payments', service: 'checkout' };

/**
 * A mesh of one controller. Its clock stands half an hour ago unless it is moved: TLS itself looks
 * at the real time, and has to find valid what was signed after the clock was moved by less than
 * that.
 */
export class LiveMesh {
  readonly dir = mkdtempSync(join(tmpdir(), 'dta-'));
  readonly log = pino({ level: 'silent' });
  nowMs = Math.floor(Date.now() / 1000) * 1000 - 30 * 60_000;
  readonly clock = () => this.nowMs;
  readonly db = new Database(join(this.dir, 'controller.db'));
  identities!: IdentityService;
  authority!: AuthorityDesk;
  trust!: TrustWatch;
  readonly audit = new AuditService({
    store: new SqliteAuditStore(this.db),
    clock: this.clock,
    log: this.log,
  });
  server: AgentServer | undefined;
  port = 0;

  /** One that already listens. */
  static async start(trustDomain = 'mesh.test'): Promise<LiveMesh> {
    const mesh = new LiveMesh();
    await mesh.open(trustDomain);
    await mesh.listen();
    return mesh;
  }

  /** Makes the authority. Without attestors of its own it has what needs no configuration. */
  async open(
    trustDomain: string,
    attestors: (clock: () => number) => readonly Attestor[] = () => [new UnixAttestor()],
  ): Promise<void> {
    const { clock, log, db, dir: dataDir } = this;
    const ground = { dataDir, db, trustDomain, newMesh: {}, attestors: attestors(clock) };
    const { identities, trust, authority } = await openIdentities({ ...ground, clock, log });
    this.identities = identities;
    this.trust = trust;
    this.authority = authority;
    this.authority.watch(() => this.trust.holders());
    this.authority.onChange(async () => {
      this.server?.useCertificate(await this.certificate());
      this.trust.wake();
    });
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Listens, on the port of the last time if there was one. */
  async listen(): Promise<void> {
    const { identities, trust, audit, clock, log } = this;
    this.server = await createAgentServer({
      host: '127.0.0.1',
      port: this.port,
      certificate: await this.certificate(),
      identities,
      trust,
      audit,
      clock,
      log,
    });
    this.port = this.server.port;
  }

  /** The controller's own, made anew. */
  certificate() {
    return this.identities.controllerCertificate([], ['127.0.0.1']);
  }

  /** The controller goes away; its port stays remembered. */
  async goAway(): Promise<void> {
    await this.server?.close();
    this.server = undefined;
  }

  async token(request = checkout): Promise<string> {
    return (await this.identities.issueToken(request)).token;
  }

  async close(): Promise<void> {
    await this.goAway();
    this.db.close();
    rmSync(this.dir, { recursive: true });
  }
}
