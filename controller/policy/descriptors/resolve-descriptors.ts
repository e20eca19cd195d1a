/** Finds the descriptor sets that masking policies name among the files of a set. */
import { posix } from 'node:path';

import type { PolicyError } from '../policy-error.ts';
import type { AnyPolicy, DescriptorFile } from '../policy-set.ts';
import { Problem, quoted } from '../problem.ts';
import type { PolicyFile } from '../yaml-file.ts';
import { DESCRIPTOR_SUFFIX, type GrpcMethod, readDescriptorSet } from './descriptor-set.ts';

/** True for a file that holds a descriptor set in base64, not policies. */
export function isDescriptorFile({ name }: PolicyFile): boolean {
  return name.endsWith(DESCRIPTOR_SUFFIX);
}

/** The name of the file that a policy names by a path from its own file. */
export function descriptorName({ path, origin }: DescriptorFile): string {
  return posix.join(posix.dirname(origin.file.replaceAll('\\', '/')), path);
}

/** The methods of all descriptor sets that policies name, by file, and what is wrong with them, at the policies. */
export function resolveDescriptors(
  policies: readonly AnyPolicy[],
  files: readonly PolicyFile[],
): { methods: Map<string, readonly GrpcMethod[]>; errors: PolicyError[] } {
  const texts = new Map(
    files
      .filter(isDescriptorFile)
      .map(({ name, text }) => [posix.normalize(name.replaceAll('\\', '/')), text]),
  );
  const methods = new Map<string, readonly GrpcMethod[]>();
  const errors: PolicyError[] = [];
  for (const policy of policies) {
    if (policy.kind !== 'MaskingPolicy' || policy.descriptors === undefined) continue;
    const name = descriptorName(policy.descriptors);
    if (methods.has(name)) continue;
    const read = readNamed(name, texts);
    if (!(read instanceof Problem)) methods.set(name, read);
    else {
      const { message, help } = read;
      errors.push({ ...policy.descriptors.origin, message, help });
    }
  }
  return { methods, errors };
}

function readNamed(name: string, texts: ReadonlyMap<string, string>): GrpcMethod[] | Problem {
  const text = texts.get(name);
  if (text !== undefined) return readDescriptorSet(text);
  return new Problem(
    `file ${quoted(name)} is not in the set`,
    'write the path of the file from the folder of the policy; the file has to be there',
  );
}
