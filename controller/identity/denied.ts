/** The error of a refused workload: the same words for every reason, the reason in a field for the log alone. */
import { DtaError } from '../errors.ts';

/** `<what> denied`, with `reason` and further facts in `fields`. */
export function denied(
  what: string,
  reason: string,
  fields: Record<string, unknown> = {},
): DtaError {
  return new DtaError('denied', `${what} denied`, { fields: { reason, ...fields } });
}
