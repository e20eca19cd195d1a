/** Counts values before they are checked, so that no check has to hold millions of mistakes. */

/** Number of values in `raw`, itself included; stops counting above `max`. Values that aliases repeat count each time. */
export function countValues(raw: unknown, max: number): number {
  const waiting: unknown[] = [raw];
  let count = 0;
  for (let value = waiting.pop(); count <= max; value = waiting.pop()) {
    count++;
    if (typeof value === 'object' && value !== null) {
      for (const child of Object.values(value)) waiting.push(child);
    }
    if (waiting.length === 0) break;
  }
  return count;
}
