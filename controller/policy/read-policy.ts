/** Makes a policy of a document. Long lists of rules are checked in parts, so that memory is only needed for one of them. */
import type { z } from 'zod';

import { countValues } from './count-values.ts';
import { isObject } from './kinds/document.ts';
import type { Kind } from './kinds/kinds.ts';
import type { AccessPolicy, AnyPolicy } from './policy-set.ts';
import { Problem } from './problem.ts';
import type { PolicyDocument } from './yaml-file.ts';

type Issue = z.core.$ZodIssue;

/** A policy, the issues of its shape, or a limit that the value at `path` passes. */
export type PolicyRead =
  | AnyPolicy
  | readonly Issue[]
  | { readonly path: readonly PropertyKey[]; readonly problem: Problem };

/** Reads the policy of a document of `kind`. */
export function readPolicy(document: PolicyDocument, kind: Kind): PolicyRead {
  const { raw } = document;
  const rules = rulesOf(raw);
  if (rules === undefined) {
    return isTooBig(raw) ? tooBig([], 'document') : kind.read(raw, document.originOf);
  }
  return readInParts(document, kind, rules);
}

/** The list `spec.rules` of an AccessPolicy that was not checked yet, or undefined when there is none. */
export function rulesOf(raw: unknown): readonly unknown[] | undefined {
  if (!isObject(raw) || raw.kind !== 'AccessPolicy' || !isObject(raw.spec)) return undefined;
  const { rules } = raw.spec;
  return Array.isArray(rules) && rules.length > 0 ? rules : undefined;
}

function readInParts(document: PolicyDocument, kind: Kind, rules: readonly unknown[]): PolicyRead {
  const raw = document.raw as { spec: object };
  const around = { ...raw, spec: { ...raw.spec, rules: undefined } };
  if (isTooBig(around)) return tooBig([], 'document, without its rules,');
  let policy: AccessPolicy | undefined;
  const read: AccessPolicy['rules'][number][] = [];
  const issues: Issue[] = [];
  for (let start = 0; start < rules.length && issues.length < ISSUES_MAX; ) {
    const end = endOfPart(rules, start);
    if (end === start) return tooBig(['spec', 'rules', start], 'rule');
    const part = { ...raw, spec: { ...raw.spec, rules: rules.slice(start, end) } };
    const from = start;
    const found = kind.read(part, (path) => document.originOf(moved(path, from)));
    if (!('kind' in found)) addIssues(issues, found, from);
    else if (found.kind === 'AccessPolicy' && issues.length === 0) {
      policy ??= { ...found, rules: read };
      for (const rule of found.rules) read.push(rule);
    }
    start = end;
  }
  return policy === undefined || issues.length > 0 ? issues : policy;
}

// Issues of what stands around the rules come with each part and count once.
function addIssues(issues: Issue[], found: readonly Issue[], start: number): void {
  for (const issue of found) {
    const isOfRule = isRulePath(issue.path);
    if (isOfRule) issues.push({ ...issue, path: moved(issue.path, start) });
    else if (start === 0) issues.push(issue);
  }
}

function moved(path: readonly PropertyKey[], by: number): PropertyKey[] {
  const [spec, rules, index, ...rest] = path;
  return isRulePath(path) ? [spec ?? '', rules ?? '', Number(index) + by, ...rest] : [...path];
}

function isRulePath(path: readonly PropertyKey[]): boolean {
  return path[0] === 'spec' && path[1] === 'rules' && typeof path[2] === 'number';
}

// Each part has at least one rule, except before one that is too big by itself.
function endOfPart(rules: readonly unknown[], start: number): number {
  let left = PART_VALUES_MAX;
  let end = start;
  while (end < rules.length) {
    left -= countValues(rules[end], PART_VALUES_MAX);
    if (left < 0) break;
    end++;
  }
  return end;
}

function isTooBig(raw: unknown): boolean {
  return countValues(raw, PART_VALUES_MAX) > PART_VALUES_MAX;
}

function tooBig(path: readonly PropertyKey[], what: string): PolicyRead {
  const problem = new Problem(
    `${what} has more than ${PART_VALUES_MAX} values`,
    'split it into several',
  );
  return { path, problem };
}

/** Values that are checked at a time: mistakes of a part take some 500 bytes for each. */
const PART_VALUES_MAX = 100_000;
const ISSUES_MAX = 10_000;
