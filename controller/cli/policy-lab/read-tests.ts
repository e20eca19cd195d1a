/** Reads tests of policies from files and folders. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { DtaError } from '../../errors.ts';
import { ErrorList } from '../../policy/error-list.ts';
import { isObject } from '../../policy/kinds/document.ts';
import {
  buildPolicyTest,
  type PolicyTest,
  policyTestSchema,
} from '../../policy/kinds/policy-test.ts';
import type { PolicyError } from '../../policy/policy-error.ts';
import { shapeErrors } from '../../policy/shape-errors.ts';
import { type PolicyDocument, type PolicyFile, readPolicyFile } from '../../policy/yaml-file.ts';
import { isBodyFolder } from '../policy-files.ts';

/** Whether a file holds tests of policies. */
export function isTestFile(name: string): boolean {
  return /_test\.(ya?ml|json)$/.test(name);
}

/** Every `*_test.yaml`, `.yml` and `.json` that the paths name or hold, sorted by name. Throws `notFound`, `usage`. */
export function readTestFiles(paths: readonly string[]): PolicyFile[] {
  const names = [...new Set(paths.flatMap(listFiles))].sort();
  return names.map((name) => ({ name, text: readText(name) }));
}

/** The tests of files, and what is wrong with them, by file and line. */
export function parseTests(files: readonly PolicyFile[]): {
  tests: PolicyTest[];
  errors: PolicyError[];
} {
  const errors = new ErrorList();
  const tests: PolicyTest[] = [];
  for (const file of files) {
    for (const read of readPolicyFile(file)) {
      if (Array.isArray(read)) errors.add(read);
      else {
        const test = readTest(read, errors);
        if (test !== undefined) tests.push(test);
      }
    }
  }
  errors.add(repeatedCases(tests));
  return { tests, errors: errors.finish() };
}

function readTest(document: PolicyDocument, errors: ErrorList): PolicyTest | undefined {
  const kind = isObject(document.raw) ? document.raw.kind : undefined;
  if (kind !== 'PolicyTest') {
    const message = 'document is no PolicyTest';
    const help =
      'write `kind: PolicyTest`; policies stand in files that do not end in `_test.yaml`';
    errors.add([{ ...document.originOf(['kind']), message, help }]);
    return undefined;
  }
  const result = policyTestSchema.safeParse(document.raw, { reportInput: true });
  if (result.success) return buildPolicyTest(result.data, document.originOf);
  errors.addPending(shapeErrors(result.error.issues, policyTestSchema, document));
  return undefined;
}

function* repeatedCases(tests: readonly PolicyTest[]): Generator<PolicyError> {
  for (const { cases } of tests) {
    const seen = new Set<string>();
    for (const { name, origin } of cases) {
      if (seen.has(name)) {
        yield { ...origin, message: `case \`${name}\` is there twice`, help: 'rename one of them' };
      }
      seen.add(name);
    }
  }
}

function listFiles(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) {
    throw new DtaError('notFound', `\`${path}\` is not there`, {
      help: 'name a file or a folder of policies with their tests',
    });
  }
  if (stat.isFile()) return isTestFile(path) ? [path] : [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const child = join(path, entry.name);
    if (entry.isDirectory()) return isBodyFolder(entry.name) ? [] : listFiles(child);
    return isTestFile(entry.name) ? [child] : [];
  });
}

function readText(name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(name));
  } catch (cause) {
    throw new DtaError('usage', `\`${name}\` cannot be read as UTF-8 text`, { cause });
  }
}
