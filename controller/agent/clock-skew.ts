/** What is said about clocks that do not agree. */

/** From when on; milliseconds. */
export const clockFaults = {
  /** Certificates reach back five minutes: time is left to set the clock. */
  warnMs: 60_000,
  /** Beyond five minutes hosts refuse each other's certificates; the rest is what `Date` cuts off, and the way. */
  alarmMs: 5 * 60_000 + 2_000,
} as const;

/** `the clock here is 25 h 0 min ahead of the controller's`; `skewMs` is positive when it is ahead. */
export function showSkew(skewMs: number): string {
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const hours = Math.floor(minutes / 60);
  const much = hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
  return `the clock here is ${much} ${skewMs > 0 ? 'ahead of' : 'behind'} the controller's`;
}
