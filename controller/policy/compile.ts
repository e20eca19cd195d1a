/** Compiles a set of policies into the bundle of one destination and direction. */
import {
  BUNDLE_MAGIC,
  BUNDLE_MAX_BYTES,
  BundleHeader,
  BundleSection,
  Direction,
  Mode,
} from '../layout.ts';
import type { MaskKeys } from '../mask-keys.ts';
import { StringTable, writeSectionFile } from '../section-file.ts';
import { writeFederatedDomains } from './compile/federated-domains.ts';
import { guardAgainstStrangers } from './compile/foreign-callers.ts';
import { writeLabels } from './compile/labels.ts';
import { ListTable } from './compile/lists.ts';
import { compileMasks } from './compile/masks.ts';
import { compileRules } from './compile/rules.ts';
import type { Destination, PolicySet } from './policy-set.ts';
import { destinationsOf, selectFor } from './select.ts';

/** What a bundle is for; mesh, environment, service and direction are its id. */
export interface BundleTarget {
  readonly mesh: string;
  readonly environment: string;
  readonly service: string;
  readonly direction: Direction;
  /** Foreign trust domains that are accepted inbound, in any order; the mesh itself may not be among them. */
  readonly federatedDomains?: readonly string[] | undefined;
}

/** `version` is at least 1 and rises with every bundle of a target; `nowMs` is Unix milliseconds. */
export interface BundleOptions {
  readonly version: bigint;
  readonly nowMs: number;
  /** For masks that work with a key; well-known ones when absent: such a bundle is for looking at, not for proxies. */
  readonly maskKeys?: MaskKeys | undefined;
}

/**
 * The bytes of a bundle, reserved bytes included. The same arguments give the same bytes. A destination that no policy
 * names gets a bundle that denies everything. Throws DtaError when the set does not fit into one bundle.
 */
export function compileBundle(
  set: PolicySet,
  target: BundleTarget,
  options: BundleOptions,
): Uint8Array<ArrayBuffer> {
  const selected = selectFor(set, target);
  const { labels } = selected;
  // Outbound the source is the proxy itself: no stranger.
  const foreign = target.direction === Direction.Inbound ? (target.federatedDomains ?? []) : [];
  const strings = new StringTable();
  // First, so that the filter finds the bundle's id in the first bytes of a file that it has no room for.
  const names = [target.mesh, target.environment, target.service].map((name) =>
    strings.intern(name),
  );
  const lists = new ListTable();
  const hardExpiryMs = options.nowMs + HARD_LIFETIME_MS;
  const horizon = { fromMs: Math.max(0, options.nowMs - CLOCK_SKEW_MS), toMs: hardExpiryMs };
  const labelSection = writeLabels(labels, strings);
  const domainSection = writeFederatedDomains(foreign, strings);
  const access =
    foreign.length === 0 ? selected.access : guardAgainstStrangers(selected.access, target.mesh);
  const rules = compileRules(access, { labels, horizon, strings, lists });
  const masks = compileMasks({
    ...selected,
    direction: target.direction,
    keys: options.maskKeys,
  });
  const runs = {
    anySource: lists.intern(rules.anySource),
    anyPath: lists.intern(rules.anyPath),
    residual: lists.intern(rules.residual),
    suffixLengths: lists.intern(rules.suffixLengths),
  };
  return writeSectionFile({
    what: `the bundle of service \`${target.service}\``,
    magic: BUNDLE_MAGIC,
    headerBytes: BundleHeader.SIZE,
    header: (view) => {
      view.setUint8(BundleHeader.direction, target.direction);
      view.setUint8(BundleHeader.mode, Mode.Enforce);
      view.setBigUint64(BundleHeader.version, options.version, true);
      view.setBigUint64(BundleHeader.issuedAtMs, BigInt(options.nowMs), true);
      view.setBigUint64(BundleHeader.softExpiryMs, BigInt(options.nowMs + SOFT_LIFETIME_MS), true);
      view.setBigUint64(BundleHeader.hardExpiryMs, BigInt(hardExpiryMs), true);
      for (const [i, span] of names.entries())
        putPair(view, BundleHeader.mesh + i * 8, span.off, span.len);
      for (const [at, run] of [
        [BundleHeader.anySourceStart, runs.anySource],
        [BundleHeader.anyPathStart, runs.anyPath],
        [BundleHeader.residualStart, runs.residual],
        [BundleHeader.suffixLengthStart, runs.suffixLengths],
      ] as const) {
        putPair(view, at, run.start, run.count);
      }
    },
    sections: [
      strings.section(BundleSection.Strings),
      lists.section(BundleSection.Lists),
      ...rules.sections,
      labelSection,
      ...masks,
      domainSection,
    ],
    maxBytes: BUNDLE_MAX_BYTES,
  });
}

/**
 * Every destination that a policy of the set names, sorted. One without an environment stands for all environments of
 * its service.
 */
export function targetsOf(set: PolicySet): Destination[] {
  return destinationsOf(set);
}

function putPair(view: DataView, at: number, first: number, second: number): void {
  view.setUint32(at, first, true);
  view.setUint32(at + 4, second, true);
}

const SOFT_LIFETIME_MS = 24 * 3600 * 1000;
const HARD_LIFETIME_MS = 7 * SOFT_LIFETIME_MS;
/** How far the clock of a proxy may lie behind the controller's before its windows are wrong. */
const CLOCK_SKEW_MS = 5 * 60 * 1000;
