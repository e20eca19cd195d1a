/** Registrations by name: which workloads may get an identity, and what they have to prove for it. */
import type { Labels, Registration } from './model.ts';

/** What an operator declares (`kind: ServiceRegistration`). */
export interface ServiceRegistration {
  /** Unique; a name of the alphabet of names. */
  readonly name: string;
  readonly environment: string;
  readonly team: string;
  readonly service: string;
  readonly labels: Labels;
  /** Stands in the certificate as the label `region`. */
  readonly region?: string | undefined;
  /** What has to be proved, all of it; empty: only join tokens let instances in. */
  readonly attest: readonly string[];
}

/** A declaration as the store keeps it. */
export interface StoredServiceRegistration extends ServiceRegistration {
  /** Of the `Registration` that its instances join under. */
  readonly registrationId: string;
  /** Unix milliseconds. */
  readonly setAtMs: number;
  readonly actor: string;
}

/** Where they are kept. Each method is one transaction, durable when its promise resolves. */
export interface RegistrationStore {
  /** Stores all of them, in place of those of the same names. `registration` has names and labels of each. */
  putServiceRegistrations(
    entries: readonly {
      readonly named: StoredServiceRegistration;
      readonly registration: Registration;
    }[],
  ): Promise<void>;
  /** All of them, by name. */
  serviceRegistrations(): Promise<StoredServiceRegistration[]>;
  /** False when there is none of that name. */
  removeServiceRegistration(name: string): Promise<boolean>;
}
