/** Reads a policy set from files and folders. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { DtaError } from '../errors.ts';
import type { PolicyFile } from '../policy/yaml-file.ts';

/**
 * Reads a policy set: the files of `readPolicyTexts`, and behind them the descriptor sets that they name, in base64. A
 * descriptor set that is not there is left out: the policy that names it is wrong then.
 */
export function readPolicyFiles(paths: readonly string[]): PolicyFile[] {
  const policies = readPolicyTexts(paths);
  const named = policies.flatMap(({ name, text }) =>
    [...text.matchAll(descriptorPath)].map(([, path = '']) => join(dirname(name), path)),
  );
  const descriptors = [...new Set(named)]
    .filter((name) => statSync(name, { throwIfNoEntry: false })?.isFile() === true)
    .sort()
    .map((name) => ({ name, text: readFileSync(name).toString('base64') }));
  return [...policies, ...descriptors];
}

/**
 * Reads every `.yaml`, `.yml` and `.json` file that the paths name or hold, sorted by name. Tests of policies
 * (`*_test.yaml`) are no policies, nor is what lies in folders called `bodies`. Throws `notFound` when a path is not
 * there, `usage` when there is nothing to read.
 */
export function readPolicyTexts(paths: readonly string[]): PolicyFile[] {
  const names = [...new Set(paths.flatMap(listFiles))].sort();
  if (names.length === 0) {
    throw new DtaError(
      'usage',
      `no policy files in ${paths.map((path) => `\`${path}\``).join(', ')}`,
      {
        help: 'policy files end in .yaml, .yml or .json',
      },
    );
  }
  return names.map((name) => ({ name, text: readText(name) }));
}

/** Whether a folder holds bodies that tests send: `bodies` is no place for policies and tests. */
export function isBodyFolder(name: string): boolean {
  return name === 'bodies';
}

function listFiles(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat)
    throw new DtaError('notFound', `\`${path}\` is not there`, {
      help: 'name a file or a folder of policies',
    });
  if (stat.isFile()) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const child = join(path, entry.name);
    if (entry.isDirectory()) return isBodyFolder(entry.name) ? [] : listFiles(child);
    return /(?<!_test)\.(ya?ml|json)$/.test(entry.name) ? [child] : [];
  });
}

// As the schema of MaskingPolicy takes them, in YAML and JSON.
const descriptorPath = /\bdescriptors["']?\s*:\s*["']?([\w.][\w./ -]{0,250}\.binpb)\b/g;

/** Bytes that are not UTF-8 would be shown as something else than what is compiled. */
function readText(name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(name));
  } catch (cause) {
    throw new DtaError('usage', `\`${name}\` cannot be read as UTF-8 text`, { cause });
  }
}
