/** Parses files of policies into a checked set, collecting all errors of all files. */
import { checkSet } from './check-set.ts';
import { isObject } from './kinds/document.ts';
import { kindsByName, laterKinds } from './kinds/kinds.ts';
import { suggestName } from './nearest-name.ts';
import { compareErrors, compareText, type PolicyError } from './policy-error.ts';
import type { AnyPolicy, PolicySet } from './policy-set.ts';
import { shapeErrors } from './shape-errors.ts';
import { type PolicyDocument, type PolicyFile, readPolicyFile } from './yaml-file.ts';

export type { PolicyError } from './policy-error.ts';
export type { PolicySet } from './policy-set.ts';
export type { PolicyFile } from './yaml-file.ts';

/**
 * Reads all documents of all files. `errors` holds every mistake, sorted by file, line and column; `set` holds what is
 * right and is only to be used when there is none. `warnings` are no reason to refuse a set.
 */
export function parsePolicySet(files: readonly PolicyFile[]): {
  set: PolicySet;
  errors: PolicyError[];
  warnings: PolicyError[];
} {
  const errors: PolicyError[] = [];
  const policies: AnyPolicy[] = [];
  for (const file of files) {
    const read = readPolicyFile(file);
    errors.push(...read.errors);
    for (const document of read.documents) {
      const policy = readDocument(document);
      if (Array.isArray(policy)) errors.push(...policy);
      else policies.push(policy);
    }
  }
  const set = toSet(policies);
  const checked = checkSet(set);
  errors.push(...checked.errors);
  return {
    set,
    errors: errors.sort(compareErrors),
    warnings: checked.warnings.sort(compareErrors),
  };
}

function readDocument(document: PolicyDocument): AnyPolicy | PolicyError[] {
  const { raw } = document;
  if (!isObject(raw)) {
    const help = 'start with `apiVersion: sm-dta/v1` and `kind:`';
    return [{ ...document.originOf([]), message: 'document is not a map of fields', help }];
  }
  const kind = kindsByName.get(typeof raw.kind === 'string' ? raw.kind : '');
  if (kind === undefined) return [wrongKind(document, raw.kind)];
  const read = kind.read(raw, document.originOf);
  return Array.isArray(read) ? shapeErrors(read, kind.schema, document) : read;
}

function wrongKind(document: PolicyDocument, kind: unknown): PolicyError {
  const place = document.originOf(['kind']);
  const known = [...kindsByName.keys()];
  if (kind === undefined) {
    return { ...place, message: '`kind` is missing', help: `add it: one of ${known.join(', ')}` };
  }
  if (typeof kind !== 'string') {
    return { ...place, message: '`kind` is not a text', help: `write one of ${known.join(', ')}` };
  }
  if (laterKinds.includes(kind)) {
    const message = `kind \`${kind}\` is not supported yet`;
    return { ...place, message, help: `remove the document; supported are ${known.join(', ')}` };
  }
  return { ...place, message: `unknown kind \`${kind}\``, help: suggestName(kind, known) };
}

// Sorted by name, so that neither the order of files nor that of documents shows in a bundle.
function toSet(policies: readonly AnyPolicy[]): PolicySet {
  const sorted = [...policies].sort((a, b) => compareText(a.name, b.name));
  return {
    access: sorted.filter((policy) => policy.kind === 'AccessPolicy'),
    classifications: sorted.filter((policy) => policy.kind === 'DataClassification'),
    masking: sorted.filter((policy) => policy.kind === 'MaskingPolicy'),
  };
}
