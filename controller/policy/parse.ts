/** Parses files of policies into a checked set, collecting all errors of all files. */
import { checkSet, RULES_MAX } from './check-set.ts';
import { isDescriptorFile, resolveDescriptors } from './descriptors/resolve-descriptors.ts';
import { ErrorList } from './error-list.ts';
import { isObject } from './kinds/document.ts';
import { kindsByName, laterKinds } from './kinds/kinds.ts';
import { suggestName } from './nearest-name.ts';
import { compareErrors, compareText, type PolicyError } from './policy-error.ts';
import type { AnyPolicy, PolicySet } from './policy-set.ts';
import { readPolicy, rulesOf } from './read-policy.ts';
import { shapeErrors } from './shape-errors.ts';
import { SET_BYTES_MAX } from './yaml/limits.ts';
import { type PolicyDocument, type PolicyFile, readPolicyFile, slowBudget } from './yaml-file.ts';

export type { PolicyError } from './policy-error.ts';
export type { PolicySet } from './policy-set.ts';
export type { PolicyFile } from './yaml-file.ts';

/**
 * Reads all documents of all files. `errors` holds the mistakes, sorted by file, line and column: the first hundred, and how
 * many more there are; `set` holds what is right and is only to be used when there is none. `warnings` are no reason to
 * refuse a set. Reading stops where the set passes a limit (yaml/limits.ts, RULES_MAX). With `skipsDescriptors` no descriptor set
 * is read, and none has to be there.
 */
export function parsePolicySet(
  files: readonly PolicyFile[],
  { skipsDescriptors = false }: { readonly skipsDescriptors?: boolean } = {},
): {
  set: PolicySet;
  errors: PolicyError[];
  warnings: PolicyError[];
} {
  const reader = new SetReader();
  const isWhole = reader.read(files);
  const named = skipsDescriptors ? [] : reader.policies;
  const { methods, errors } = resolveDescriptors(named, files);
  reader.errors.add(errors);
  const set = { ...toSet(reader.policies), methods };
  if (!isWhole) return { set, errors: reader.errors.finish(), warnings: [] };
  const checked = checkSet(set);
  reader.errors.add(checked.errors);
  return {
    set,
    errors: reader.errors.finish(),
    warnings: checked.warnings.sort(compareErrors),
  };
}

class SetReader {
  readonly errors = new ErrorList();
  readonly policies: AnyPolicy[] = [];
  readonly #budget = slowBudget();
  #bytesLeft = SET_BYTES_MAX;
  #rulesLeft = RULES_MAX;

  /** False when a limit ended it. */
  read(files: readonly PolicyFile[]): boolean {
    for (const file of files) {
      if (!this.#takeBytes(file)) return false;
      if (isDescriptorFile(file)) continue;
      for (const read of readPolicyFile(file, this.#budget)) {
        if (this.errors.isFull) return false;
        if (Array.isArray(read)) this.errors.add(read);
        else if (!this.#takeRules(read)) return false;
        else this.#readDocument(read);
      }
    }
    return true;
  }

  #takeBytes({ name, text }: PolicyFile): boolean {
    this.#bytesLeft -= Buffer.byteLength(text, 'utf8');
    if (this.#bytesLeft >= 0) return true;
    const message = `with this file the set has more than ${SET_BYTES_MAX} bytes`;
    const help = 'leave out policies, or use another controller for some of the services';
    this.errors.add([{ file: name, line: 1, column: 1, message, help }]);
    return false;
  }

  // Before the rules are checked: a set is compiled in memory.
  #takeRules(document: PolicyDocument): boolean {
    const count = rulesOf(document.raw)?.length ?? 0;
    if (count > this.#rulesLeft) {
      const place = document.originOf(['spec', 'rules', this.#rulesLeft]);
      const message = `set has more than ${RULES_MAX} rules`;
      this.errors.add([{ ...place, message, help: 'this is the first too many' }]);
      return false;
    }
    this.#rulesLeft -= count;
    return true;
  }

  #readDocument(document: PolicyDocument): void {
    const { raw } = document;
    if (!isObject(raw)) {
      const help = 'start with `apiVersion: sm-dta/v1` and `kind:`';
      const message = 'document is not a map of fields';
      this.errors.add([{ ...document.originOf([]), message, help }]);
      return;
    }
    const kind = kindsByName.get(typeof raw.kind === 'string' ? raw.kind : '');
    if (kind === undefined) {
      this.errors.add([wrongKind(document, raw.kind)]);
      return;
    }
    const read = readPolicy(document, kind);
    if ('kind' in read) this.policies.push(read);
    else if ('problem' in read) {
      const { message, help } = read.problem;
      this.errors.add([{ ...document.originOf(read.path), message, help }]);
    } else this.errors.addPending(shapeErrors(read, kind.schema, document));
  }
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
  if (kind === 'PolicyTest') {
    const message = 'kind `PolicyTest` is for files that end in `_test.yaml`';
    return { ...place, message, help: 'rename the file, and run it with `dta policy test`' };
  }
  if (kind === 'ServiceRegistration') {
    const message = 'kind `ServiceRegistration` says who may join, and is no part of a policy set';
    return { ...place, message, help: 'give the file to `dta identity register`' };
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
