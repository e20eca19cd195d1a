/** Compiles policies and shows what their mask blobs say. */
import { expect } from 'vitest';

import { Band, BodySide, Direction, NONE } from '../../controller/layout.ts';
import type { MaskKeys } from '../../controller/mask-keys.ts';
import { compileBundle } from '../../controller/policy/compile.ts';
import { type PolicyFile, parsePolicySet } from '../../controller/policy/parse.ts';
import { type Fields, readBundle, readMaskBlob } from './read-sections.ts';

/** The document of a kind for the service `orders`; `spec` is indented by two. */
export function documentOf(kind: string, name: string, spec: string): string {
  return `apiVersion: sm-dta/v1
kind: ${kind}
metadata: { name: ${name} }
spec:
  destination: { service: orders }
  ${spec.trim()}
`;
}

/** A classification and a masking policy. */
export function masksOf(classification: string, masking: string): string {
  return `${documentOf('DataClassification', 'data', classification)}---\n${documentOf('MaskingPolicy', 'masks', masking)}`;
}

/** A profile with its blob; `show` names a rule. */
export interface CompiledMasks {
  readonly profile: Fields;
  readonly blob: Uint8Array;
  readonly tables: Readonly<Record<string, readonly Fields[]>>;
  readonly show: (rule: unknown) => string;
}

/** The profiles of both sides of the inbound bundle of `orders`; undefined where there is none. */
export function compileMasksOf(
  files: string | readonly PolicyFile[],
  options: { direction?: Direction; maskKeys?: MaskKeys } = {},
): { request: CompiledMasks | undefined; response: CompiledMasks | undefined } {
  const { set, errors } = parsePolicySet(
    typeof files === 'string' ? [{ name: 'p.yaml', text: files }] : files,
  );
  expect(errors).toEqual([]);
  const { direction = Direction.Inbound, maskKeys } = options;
  const target = { mesh: 'mesh.test', environment: 'prod', service: 'orders', direction };
  const nowMs = Date.UTC(2026, 2, 27, 12);
  const { records, bytes } = readBundle(
    compileBundle(set, target, { version: 1n, nowMs, maskKeys }),
  );
  const labels = records.Labels?.map((label) => String(label.name)) ?? [];
  const ofSide = (side: BodySide): CompiledMasks | undefined => {
    const profile = records.MaskProfiles?.find((one) => one.side === side);
    if (profile === undefined) return undefined;
    const start = Number(profile.blobOff);
    const blob = bytes.MaskBlobs?.slice(start, start + Number(profile.blobLen));
    if (blob === undefined) throw new Error('no blobs');
    const tables = readMaskBlob(blob);
    const show = (index: unknown): string => showRule(tables.MaskRule?.[Number(index)], labels);
    return { profile, blob, tables, show };
  };
  return { request: ofSide(BodySide.Request), response: ofSide(BodySide.Response) };
}

/** Rules that nodes reached by a path of edges have, by what `keyOf` makes of the path, sorted. */
export function nodeRules({ tables, show }: CompiledMasks): string[] {
  const found: string[] = [];
  const visit = (index: number, path: string): void => {
    const node = tables.MaskNode?.[index];
    if (node === undefined) throw new Error(`no node ${index}`);
    if (node.rule !== NONE) found.push(`${path}: ${show(node.rule)}`);
    const start = Number(node.edgeStart);
    for (const edge of tables.MaskEdge?.slice(start, start + Number(node.edgeCount)) ?? []) {
      const step = ['', `.${edge.key}`, '.*', '[*]', '.**', `[${edge.index}]`][Number(edge.kind)];
      visit(Number(edge.target), `${path}${step}`);
    }
  };
  visit(0, '$');
  return found.sort();
}

function showRule(rule: Fields | undefined, labels: readonly string[]): string {
  if (rule === undefined) return 'no rule';
  const names = labels.filter((_, i) => (BigInt(rule.labels ?? 0n) >> BigInt(i)) & 1n);
  const { operator, keep, param, text, minBand, flags } = rule;
  if (Number(minBand) > Band.Critical) return `${names} only found`;
  const parts = [`${names}`, operator, keep, param].map(String);
  if (text !== '') parts.push(`"${text}"`);
  if (minBand !== 0) parts.push(`from ${minBand}`);
  if (flags !== 0) parts.push('always');
  return parts.join(' ');
}
