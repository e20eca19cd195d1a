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
import { Authority } from '../identity/authority.ts';
import { IdentityService } from '../identity/service.ts';
import { Database } from '../store/database.ts';
import { SqliteAuditStore } from '../store/sqlite-audit-store.ts';
import { SqliteIdentityStore } from '../store/sqlite-identity-store.ts';
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
  readonly identities: IdentityService;
  readonly audit: AuditService;
  server: AgentServer | undefined;
  port = 0;

  /** One that already listens. */
  static async start(trustDomain = 'mesh.test'): Promise<LiveMesh> {
    const mesh = new LiveMesh(trustDomain);
    await mesh.listen();
    return mesh;
  }

  /** Without attestors of its own it has what needs no configuration. */
  constructor(
    trustDomain: string,
    attestors: (clock: () => number) => readonly Attestor[] = () => [new UnixAttestor()],
  ) {
    const { clock, log, db } = this;
    const root = Authority.generate(trustDomain, this.nowMs);
    this.identities = new IdentityService({
      store: new SqliteIdentityStore(db),
      authority: new Authority(root.keyPem, root.rootPem),
      clock,
      log,
      attestors: attestors(clock),
    });
    this.audit = new AuditService({ store: new SqliteAuditStore(db), clock, log });
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Listens, on the port of the last time if there was one. */
  async listen(): Promise<void> {
    const { identities, audit, clock, log } = this;
    this.server = await createAgentServer({
      host: '127.0.0.1',
      port: this.port,
      certificate: identities.controllerCertificate([], ['127.0.0.1']),
      identities,
      audit,
      clock,
      log,
    });
    this.port = this.server.port;
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
