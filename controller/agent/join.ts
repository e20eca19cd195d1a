/**
 * How a workload gets its first certificate (draft-si-service-mesh-dta-00, identity bound to
 * certificates).
 */
import { DtaError } from '../errors.ts';
import { parseToken } from '../identity/join-token.ts';
import type { ClientIdentity, ControllerClient } from './controller-client.ts';
import { makeKeyAndRequest } from './csr.ts';
import { type HeldIdentity, holdIdentity } from './identity.ts';

/**
 * Joins with a one-time token, `dta1.<id>.<secret>.<hash of the authority's key>`. The authority is
 * checked against the hash, then the server against the authority; only then is the token sent. The
 * key is made here and stays here. `agent` is shown with a token that is bound to one.
 *
 * @throws DtaError `usage` on a malformed token, `denied` when authority or token are refused,
 * `unreachable`.
 */
export async function join(
  controller: ControllerClient,
  token: string,
  agent?: ClientIdentity,
): Promise<HeldIdentity> {
  const rootPem = await controller.fetchRoot(keyHashOf(token));
  const { keyPem, csrPem } = makeKeyAndRequest();
  const grant = await controller.join(rootPem, token.trim(), csrPem, agent);
  return holdIdentity(grant, keyPem);
}

/**
 * Renews `held` with a new key. Its roots are what the controller says, which proved itself under
 * those that are held: that is how an authority is replaced.
 */
export async function renew(
  controller: ControllerClient,
  held: HeldIdentity,
): Promise<HeldIdentity> {
  const { keyPem, csrPem } = makeKeyAndRequest();
  const grant = await controller.renew(held.rootPem, held, csrPem);
  return holdIdentity(grant, keyPem);
}

function keyHashOf(token: string): string {
  const parts = parseToken(token.trim());
  if (parts) return parts.caKeyHash;
  throw new DtaError('usage', 'the join token is malformed', {
    help: 'copy all of what `dta identity issue` printed; it begins with `dta1.`',
  });
}
