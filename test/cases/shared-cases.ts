/** Test data from outside, read where it lies beside the repository. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../../shared/cases');

/** A path and what Envoy 1.40 made of it under one of its normalisations; `400` stands for a refusal. */
export interface PathCase {
  readonly normalization: string;
  readonly input: string;
  readonly envoy140: string;
}

/** An identity, and whether it is a SPIFFE ID. */
export interface SpiffeCase {
  readonly id: string;
  readonly valid: boolean;
}

/** Paths before and after Envoy. */
export function pathCases(): PathCase[] {
  return JSON.parse(readFileSync(join(folder, 'path-normalization.json'), 'utf8'));
}

/** Identities, valid or not. */
export function spiffeCases(): SpiffeCase[] {
  return JSON.parse(readFileSync(join(folder, 'spiffe-ids.json'), 'utf8'));
}

/** Documents of the JSON test suite whose names start with `y_`, `n_` or `i_`. */
export function jsonCases(kind: 'y' | 'n' | 'i'): { name: string; bytes: Uint8Array }[] {
  const parsing = join(folder, 'json-parsing');
  const names = readdirSync(parsing).filter((name) => name.startsWith(`${kind}_`));
  return names.map((name) => ({ name, bytes: readFileSync(join(parsing, name)) }));
}

/** A number of python-stdnum's tests, and whether it is one of the kind of its module. */
export interface NumberCase {
  readonly mod: string;
  readonly number: string;
  readonly valid: boolean;
}

/** Card numbers (`stdnum.luhn`) and IBANs (`stdnum.iban`). */
export function numberCases(): NumberCase[] {
  return JSON.parse(readFileSync(join(folder, 'luhn-iban.json'), 'utf8'));
}
