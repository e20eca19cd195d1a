/** Finds what a mistyped name was meant to be. */

/**
 * The name that is nearest to `typed` by edits (insert, delete, replace, swap of neighbours), or undefined when none is
 * within a third of its length. Case does not count as an edit. Names longer than 64 characters have no neighbour.
 */
export function nearestName(typed: string, names: Iterable<string>): string | undefined {
  if (typed.length > 64) return undefined;
  const wanted = typed.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(Math.max(3, wanted.length) / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** A help text that names the nearest of `names` when there is one, and all of them. */
export function suggestName(typed: string, names: readonly string[]): string {
  const nearest = nearestName(typed, names);
  const all = `allowed: ${names.join(', ')}`;
  return nearest === undefined ? all : `did you mean \`${nearest}\`? ${all}`;
}

// Optimal string alignment over three rows: enough for typing mistakes, O(length squared).
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, at(beforeLast, j - 2) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
