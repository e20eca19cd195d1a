/** Registrations from files: read by the policy domain, stored by the identity domain. */
import type { RegistrationIntake } from './api/collaborators.ts';
import { DtaError } from './errors.ts';
import type { Registrar } from './identity/registrar.ts';
import type { StoredServiceRegistration } from './identity/registrations.ts';
import { readRegistrations } from './policy/read-registrations.ts';
import type { PolicyFile } from './policy/yaml-file.ts';

/** The controller's `RegistrationIntake`. */
export class RegistrationFiles implements RegistrationIntake {
  readonly #registrar: Pick<Registrar, 'register'>;

  constructor(registrar: Pick<Registrar, 'register'>) {
    this.#registrar = registrar;
  }

  async register(
    files: readonly PolicyFile[],
    actor: string,
  ): Promise<StoredServiceRegistration[]> {
    const { registrations, errors } = readRegistrations(files);
    if (errors.length === 0) return await this.#registrar.register(registrations, actor);
    const count = errors.length === 1 ? 'a mistake' : `${errors.length} mistakes`;
    throw new DtaError('policyInvalid', `the registrations have ${count}`, {
      help: 'mend the files; they are taken all or none',
      fields: { errors },
    });
  }
}
