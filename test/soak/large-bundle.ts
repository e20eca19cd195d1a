/** Bundles of tens of megabytes out of the real compiler. */
import {
  Audit,
  Band,
  BundleHeader,
  Direction,
  Effect,
  RESERVED_BYTES,
} from '../../controller/layout.ts';
import { compileBundle } from '../../controller/policy/compile.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import type { AccessRule, PolicySet } from '../../controller/policy/policy-set.ts';
import { MESH, NOON_MS } from '../filter/mesh.ts';

/** Compiles `policy` with `ruleCount` rules more, each with a path of its own of about `pathBytes`. */
export function largeBundle(
  policy: string,
  ruleCount: number,
  pathBytes: number,
): Uint8Array<ArrayBuffer> {
  const { set, errors } = parsePolicySet([{ name: 'soak.yaml', text: policy }]);
  if (errors.length > 0) throw new Error(errors.map((error) => error.message).join('\n'));
  const [first, ...rest] = set.access;
  if (first === undefined) throw new Error('the policy has no rules');
  const more = Array.from({ length: ruleCount }, (_, i) => fillerRule(i, pathBytes));
  const large: PolicySet = {
    ...set,
    access: [{ ...first, rules: [...first.rules, ...more] }, ...rest],
  };
  const target = {
    mesh: MESH,
    environment: 'prod',
    service: 'orders',
    direction: Direction.Inbound,
  };
  return compileBundle(large, target, { version: 1n, nowMs: NOON_MS });
}

/** A copy under another version. */
export function withVersion(bundle: Uint8Array, version: bigint): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bundle);
  new DataView(copy.buffer).setBigUint64(RESERVED_BYTES + BundleHeader.version, version, true);
  return copy;
}

/** A copy for another environment of four letters: another bundle id. */
export function withEnvironment(bundle: Uint8Array, environment: string): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bundle);
  const view = new DataView(copy.buffer, RESERVED_BYTES);
  // The section table starts with the strings; its second word is their place.
  const strings = view.getUint32(BundleHeader.SIZE + 4, true);
  const at = RESERVED_BYTES + strings + view.getUint32(BundleHeader.environment, true);
  copy.set(Buffer.from(environment), at);
  return copy;
}

// A rule for a service that nobody is: it makes the bundle larger and no decision different.
function fillerRule(index: number, pathBytes: number): AccessRule {
  const literal = `filler-${index}-${'x'.repeat(pathBytes)}`;
  return {
    name: `filler-${index}`,
    origin: { file: 'soak.yaml', line: index + 1, column: 1 },
    effect: Effect.Deny,
    from: [],
    to: [
      {
        methods: [],
        paths: [{ text: `/${literal}`, segments: [{ literal }], end: 'exact', affix: '' }],
        hosts: [],
        also: undefined,
      },
    ],
    when: undefined,
    maxRisk: Band.Critical,
    clearance: [],
    audit: Audit.Sampled,
  };
}
