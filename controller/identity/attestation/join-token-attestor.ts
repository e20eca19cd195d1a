/** Join tokens: one time, ten minutes, if wanted from one host or by one agent only. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import { denied } from '../denied.ts';
import { parseToken, secretMatches } from '../join-token.ts';
import type { IdentityStore, StoredToken } from '../model.ts';
import type { AttestationContext, Attested, Attestor, Evidence } from './attestor.ts';

/** Evidence: `token`. The token is used up by whoever stores what it buys. */
export class JoinTokenAttestor implements Attestor {
  readonly method = 'join_token';
  readonly #store: Pick<IdentityStore, 'token'>;
  readonly #trustsRoot: (keyHash: string) => boolean;

  /** `trustsRoot` knows the hashes that tokens of this authority may carry: a token outlives a rotation. */
  constructor(store: Pick<IdentityStore, 'token'>, trustsRoot: (keyHash: string) => boolean) {
    this.#store = store;
    this.#trustsRoot = trustsRoot;
  }

  async attest({ token: text = '' }: Evidence, context: AttestationContext): Promise<Attested> {
    const token = parseToken(text);
    if (!token) throw denied('join', 'token malformed');
    const { id } = token;
    if (!this.#trustsRoot(token.caKeyHash))
      throw denied('join', 'token of another authority', { id });
    const stored = await this.#store.token(id);
    if (!stored) throw denied('join', 'token unknown', { id });
    if (!secretMatches(token, stored)) throw denied('join', 'token secret wrong', { id });
    if (stored.consumedAtMs !== undefined) throw denied('join', 'token used', { id });
    if (stored.expiresAtMs <= context.nowMs) throw denied('join', 'token expired', { id });
    await checkBounds(stored, context);
    const { registrationId } = stored;
    // Nothing of a token comes back: it is good once.
    return { selectors: [], evidence: '', token: { id, registrationId } };
  }
}

async function checkBounds(
  { id, host, agent }: StoredToken,
  context: AttestationContext,
): Promise<void> {
  if (host !== undefined && !(await comesFrom(host, context.address))) {
    throw denied('join', 'token for another host', { id, host, address: context.address });
  }
  if (agent === undefined) return;
  const { instance, environment, service } = context.agent ?? {};
  if (instance !== undefined && [instance, `${environment}/${service}`].includes(agent)) return;
  throw denied('join', 'token for another agent', { id, agent, shown: instance });
}

/** By what the network says, never by what the caller says. A name that cannot be resolved is nobody's. */
async function comesFrom(host: string, address: string | undefined): Promise<boolean> {
  if (address === undefined) return false;
  if (isIP(host) !== 0) return plain(host) === plain(address);
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.some((entry) => plain(entry.address) === plain(address));
}

/** IPv4 in IPv6 is IPv4; one spelling for each address. */
function plain(address: string): string {
  const v4 = address.replace(/^::ffff:(?=[\d.]+$)/i, '');
  return isIP(v4) === 6 ? new URL(`http://[${v4}]`).hostname : v4;
}
