/** Forced rotations: orders to renew certificates before their time. */
import type { RevocationCause } from './model.ts';

/**
 * Whose certificates: of one instance (UUID), a service (`<environment>/<service>`), everything
 * that one issuing key signed (its id), or all (name is empty).
 */
export interface RotationTarget {
  readonly kind: 'instance' | 'service' | 'key' | 'all';
  readonly name: string;
}

/** An order. It concerns the certificates that were there before it. */
export interface RotationOrder extends RotationTarget, RevocationCause {
  /** Rising. */
  readonly number: number;
  /** Over this time agents spread their renewals, in milliseconds. */
  readonly spreadMs: number;
}

/** Where orders are kept. Each method is one transaction, durable when its promise resolves. */
export interface RotationStore {
  /** Stores an order; `concerned` counts the instances whose newest certificate has to be renewed. */
  orderRotation(
    target: RotationTarget,
    spreadMs: number,
    cause: RevocationCause,
  ): Promise<{ readonly order: RotationOrder; readonly concerned: number }>;
  /**
   * The newest order that the certificate (SHA-256, hexadecimal) has still to follow; undefined:
   * none, or no such certificate.
   */
  rotationDue(sha256: string): Promise<RotationOrder | undefined>;
  /** Instances that were ordered to renew and have not, with unexpired certificates, sorted. */
  rotationsOpen(nowMs: number): Promise<string[]>;
}
