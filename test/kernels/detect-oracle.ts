/** What detectors must find in a text, position by position: everything that begins there, and the union of what overlaps. */
import type { Atom } from './detect-atoms.ts';
import { detectorKinds, type Found, type Strengths } from './detect-kernel.ts';
import { networkAtoms, phoneAtoms } from './detect-oracle-network.ts';
import { digitAtoms, wordAtoms } from './detect-oracle-numbers.ts';
import { mailAtoms, tokenAtoms } from './detect-oracle-tokens.ts';

/** Matches in the units of a text that is shorter than the scanner cuts its matches at. */
export function findByOracle(strengths: Strengths, units: Uint8Array): Found[] {
  const text = Buffer.from(units).toString('latin1');
  const fixed: Atom[][] = Array.from({ length: text.length }, () => []);
  for (let at = 0; at < text.length; at++) {
    const atoms = [
      ...digitAtoms(text, at),
      ...wordAtoms(text, at),
      ...networkAtoms(text, at),
      ...phoneAtoms(text, at),
      ...tokenAtoms(text, at),
    ];
    for (const atom of atoms) fixed[atom.start]?.push(atom);
  }
  const all: Found[] = [];
  for (let from = 0; from < text.length; ) {
    const found = nextMatch(strengths, text, fixed, from);
    if (!found) break;
    all.push(found);
    from = found.end;
  }
  return all;
}

function nextMatch(
  strengths: Strengths,
  text: string,
  fixed: readonly (readonly Atom[])[],
  from: number,
): Found | undefined {
  let found: Found | undefined;
  let growing: Atom | undefined;
  for (let at = from; at < (found?.end ?? text.length); at++) {
    for (const atom of [...(fixed[at] ?? []), ...mailAtoms(text, at, from)]) {
      const strength = strengths[atom.kind];
      if (strength === undefined || (atom.anchor ?? from) < from) continue;
      found ??= { start: at, end: at, strength: 0, kinds: 0n };
      found.end = Math.max(found.end, atom.end);
      found.strength = Math.max(found.strength, strength);
      found.kinds |= 1n << BigInt(detectorKinds[atom.kind]);
      if (atom.grownEnd !== undefined && (!growing || rank(atom) >= rank(growing))) growing = atom;
    }
  }
  if (found && growing?.grownEnd !== undefined) found.end = Math.max(found.end, growing.grownEnd);
  return found;
}

/** Of two finds that go on the one with the greater alphabet counts. */
function rank(atom: Atom): number {
  return ['ApiKey', 'Secret', 'Jwt', 'PrivateKey'].indexOf(atom.kind);
}
