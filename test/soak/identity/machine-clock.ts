/** A clock that all threads and processes of this machine share. */

/** Milliseconds since the machine started. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
