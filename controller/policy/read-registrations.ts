/** Reads files of ServiceRegistration documents, collecting all mistakes of all files. */
import { ErrorList } from './error-list.ts';
import { isObject } from './kinds/document.ts';
import { serviceRegistrationSchema } from './kinds/service-registration.ts';
import type { PolicyError } from './policy-error.ts';
import { shapeErrors } from './shape-errors.ts';
import { type PolicyDocument, type PolicyFile, readPolicyFile, slowBudget } from './yaml-file.ts';

/** A registration as its document says it. */
export interface RegistrationDocument {
  readonly name: string;
  readonly service: string;
  readonly team: string;
  readonly environment: string;
  readonly region?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly attest: readonly string[];
}

/** `registrations` is only to be used when there are no errors. */
export function readRegistrations(files: readonly PolicyFile[]): {
  registrations: RegistrationDocument[];
  errors: PolicyError[];
} {
  const errors = new ErrorList();
  const registrations: RegistrationDocument[] = [];
  const budget = slowBudget();
  for (const file of files) {
    for (const read of readPolicyFile(file, budget)) {
      if (errors.isFull) break;
      if (Array.isArray(read)) errors.add(read);
      else readDocument(read, registrations, errors);
    }
  }
  return { registrations, errors: errors.finish() };
}

function readDocument(
  document: PolicyDocument,
  registrations: RegistrationDocument[],
  errors: ErrorList,
): void {
  const { raw } = document;
  if (!isObject(raw) || raw.kind !== 'ServiceRegistration') {
    const message = 'document is no ServiceRegistration';
    const help = 'policies are taken by `dta policy push`';
    errors.add([{ ...document.originOf(['kind']), message, help }]);
    return;
  }
  const parsed = serviceRegistrationSchema.safeParse(raw, { reportInput: true });
  if (!parsed.success) {
    errors.addPending(shapeErrors(parsed.error.issues, serviceRegistrationSchema, document));
    return;
  }
  const { metadata, spec } = parsed.data;
  const { name } = metadata;
  if (registrations.some((other) => other.name === name)) {
    const message = `registration \`${name}\` is there twice`;
    errors.add([
      { ...document.originOf(['metadata', 'name']), message, help: 'rename one of them' },
    ]);
    return;
  }
  const { labels = {}, attest = [], ...names } = spec;
  registrations.push({ name, ...names, labels, attest });
}
