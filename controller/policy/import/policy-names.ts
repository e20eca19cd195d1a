/** Names of imported policies: those of Istio where they can be kept. */

/** Gives each policy a name of its own, at most 63 characters long. */
export class PolicyNames {
  readonly #taken = new Set<string>();

  /** `name`, or with the service behind it, or with a number behind both. */
  next(name: string, service: string): string {
    for (let number = 1; ; number += 1) {
      const candidates =
        number === 1 ? [name, `${name}-${service}`] : [`${name}-${service}-${number}`];
      for (const candidate of candidates.map(shortened)) {
        if (this.#taken.has(candidate)) continue;
        this.#taken.add(candidate);
        return candidate;
      }
    }
  }
}

// The end tells names apart that were made different by it.
function shortened(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]/g, '-');
  return plain.length <= LENGTH_MAX ? plain : `${plain.slice(0, 40)}-${plain.slice(-22)}`;
}

const LENGTH_MAX = 63;
