/** Identities on a real store and authority with every attestor, and certificates of a foreign authority made by openssl. */
import { execFileSync } from 'node:child_process';
import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import { DtaError } from '../../errors.ts';
import { Database } from '../../store/database.ts';
import { SqliteIdentityStore } from '../../store/sqlite-identity-store.ts';
import { Authority } from '../authority.ts';
import { IdentityService } from '../service.ts';
import type { Attestor } from './attestor.ts';

/** A service with a store in memory; what is logged and counted is kept. */
export class AttestedMesh {
  nowMs = Math.floor(Date.now() / 1000) * 1000;
  readonly clock = () => this.nowMs;
  readonly lines: Record<string, unknown>[] = [];
  readonly counted: string[] = [];
  readonly db = new Database(':memory:');
  authority!: Authority;
  identities!: IdentityService;
  readonly csr = requestByOpenssl();
  #read = 0;

  static async open(
    attestors: (clock: () => number) => readonly Attestor[] = () => [],
  ): Promise<AttestedMesh> {
    const mesh = new AttestedMesh();
    mesh.authority = await Authority.make('mesh.test', mesh.nowMs);
    mesh.#open(attestors);
    return mesh;
  }

  #open(attestors: (clock: () => number) => readonly Attestor[]): void {
    this.identities = new IdentityService({
      store: new SqliteIdentityStore(this.db),
      authority: this.authority,
      clock: this.clock,
      log: pino({ level: 'debug' }, { write: (line: string) => this.lines.push(JSON.parse(line)) }),
      attestors: attestors(this.clock),
      observer: { onAttestation: (method, result) => this.counted.push(`${method} ${result}`) },
    });
  }

  /** Registers a service that has to prove `attest`. */
  async register(name: string, attest: readonly string[], service = name): Promise<void> {
    const names = { environment: 'prod', team: 'shop', service, labels: {} };
    await this.identities.registrar.register([{ name, ...names, attest }], 'test');
  }

  /** Why an attempt was refused, by its log line; it has to be refused with the same words as any other. */
  async refusal(attempt: Promise<unknown>): Promise<string> {
    const error = await attempt.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof DtaError)) throw new Error('was not refused', { cause: error });
    if (error.code === 'denied' && error.message !== 'join denied') throw error;
    const line = this.lines.slice(this.#read).find(({ msg }) => msg === 'attestation refused');
    this.#read = this.lines.length;
    return String(line?.reason);
  }
}

let madeRequest: string | undefined;

/** A request for a P-256 key, the same each time. */
function requestByOpenssl(): string {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const args = ['req', '-new', ...curve, '-subj', '/CN=x', '-keyout', '/dev/null'];
  madeRequest ??= execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  return madeRequest;
}

/** A foreign authority: root, intermediate and leaves, as openssl makes them. */
export class ForeignAuthority {
  readonly dir = mkdtempSync(join(tmpdir(), 'dta-foreign-'));
  readonly rootPem: string;
  #count = 0;

  constructor(name = 'corp') {
    this.#request('root', `/CN=${name} root`);
    const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
    this.rootPem = this.sign('root', 'root', extensions, ['-days', '30']);
  }

  /** Makes a key and a request under a name, then signs it; gives the certificate. */
  issue(
    name: string,
    issuer: string,
    extensions: readonly string[],
    dates = ['-days', '5'],
  ): string {
    this.#request(name, `/CN=${name}`);
    return this.sign(name, issuer, extensions, dates);
  }

  /** Signs the request of `name` with the key of `issuer`. */
  sign(
    name: string,
    issuer: string,
    extensions: readonly string[],
    dates: readonly string[],
  ): string {
    const file = this.path(`${name}.ext`);
    writeFileSync(file, ['[v3]', ...extensions].join('\n'));
    const by =
      issuer === name
        ? ['-signkey', this.path(`${name}.key`)]
        : ['-CA', this.path(`${issuer}.pem`), '-CAkey', this.path(`${issuer}.key`)];
    const serial = ['-set_serial', String(++this.#count)];
    openssl(
      ...['x509', '-req', '-in', this.path(`${name}.csr`), ...by, ...serial, ...dates],
      ...['-extfile', file, '-extensions', 'v3', '-out', this.path(`${name}.pem`)],
    );
    return readFileSync(this.path(`${name}.pem`), 'utf8');
  }

  key(name: string): KeyObject {
    return createPrivateKey(readFileSync(this.path(`${name}.key`)));
  }

  path(file: string): string {
    return join(this.dir, file);
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }

  #request(name: string, subject: string): void {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const out = ['-keyout', this.path(`${name}.key`), '-out', this.path(`${name}.csr`)];
    openssl('req', '-new', ...curve, '-subj', subject, ...out);
  }
}

/** A key of a token issuer with its public half as a JSON Web Key. */
export class TokenIssuer {
  readonly #keys: Map<string, { readonly algorithm: string; readonly key: KeyObject }> = new Map();
  readonly #public: Record<string, unknown>[] = [];

  add(kid: string, algorithm: 'RS256' | 'ES256', bits = 2048): void {
    const made =
      algorithm === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: bits });
    this.#keys.set(kid, { algorithm, key: made.privateKey });
    this.#public.push({
      ...made.publicKey.export({ format: 'jwk' }),
      kid,
      alg: algorithm,
      use: 'sig',
    });
  }

  get jwks(): string {
    return JSON.stringify({ keys: this.#public });
  }

  /** Signs claims with the key `kid`, whatever `header` says. */
  token(
    kid: string,
    claims: Record<string, unknown>,
    header: Record<string, unknown> = {},
  ): string {
    const { algorithm = 'ES256', key } = this.#keys.get(kid) ?? {};
    if (!key) throw new Error(`no key ${kid}`);
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: algorithm, kid, ...header })}.${part(claims)}`;
    const options = algorithm === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' as const } : { key };
    return `${signed}.${sign('sha256', Buffer.from(signed), options).toString('base64url')}`;
  }
}

/** The leaf of a PEM text. */
export function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
