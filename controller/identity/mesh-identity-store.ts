/** Everything that the identity domain keeps. */
import type { IdentityStore } from './model.ts';
import type { RegistrationStore } from './registrations.ts';
import type { RevokedGroupStore } from './revoked-groups.ts';
import type { RotationStore } from './rotations.ts';

/** The store of a mesh: identities, who may have one, who may not any more, who has to renew. */
export interface MeshIdentityStore
  extends IdentityStore,
    RegistrationStore,
    RevokedGroupStore,
    RotationStore {}
