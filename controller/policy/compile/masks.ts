/** Compiles classification and masking into one mask profile for each direction. */
import { BodySide, BundleSection, Direction, MaskProfile } from '../../layout.ts';
import type { MaskKeys } from '../../mask-keys.ts';
import { Records, type SectionData } from '../../section-file.ts';
import type { GrpcMethod } from '../descriptors/descriptor-set.ts';
import type { LabelLattice } from '../label-lattice.ts';
import type { DataClassification, LabelMask, MaskingPolicy } from '../policy-set.ts';
import { developmentMaskKeys } from './development-mask-keys.ts';
import { bitsOf } from './labels.ts';
import { type Mask, maskKey, onlyFound, withoutCovered } from './mask.ts';
import { type MaskPlan, writeMaskBlob } from './mask-blob.ts';
import { FieldTree } from './mask-tree.ts';
import { distinctPatterns, patternDetectors } from './patterns.ts';
import { actionsOfRoutes, defaultAction } from './unreadable.ts';

/** What a bundle masks: its classification, its masking, its labels and its direction. */
export interface MaskSources {
  readonly classifications: readonly DataClassification[];
  readonly masking: readonly MaskingPolicy[];
  readonly labels: readonly string[];
  readonly lattice: LabelLattice;
  readonly methods: readonly GrpcMethod[];
  readonly direction: Direction;
  /** For operators that work with a key; well-known ones when absent. */
  readonly keys?: MaskKeys | undefined;
}

/** Request header that gets the labels found, unless a policy names another one. */
export const LABEL_HEADER = 'x-dta-labels';

/**
 * Sections MaskProfiles and MaskBlobs. An outbound bundle masks requests only: responses are masked by the side that
 * owns the data. Throws DtaError when a profile needs more active nodes than the filter has, or too many places in protobuf messages.
 */
export function compileMasks(sources: MaskSources): SectionData[] {
  const profiles = new Records(MaskProfile.SIZE);
  const blobs: Uint8Array[] = [];
  let blobOff = 0;
  const sides =
    sources.direction === Direction.Inbound
      ? [BodySide.Request, BodySide.Response]
      : [BodySide.Request];
  for (const side of sides) {
    const plan = new SidePlanner(sources, side).plan();
    if (plan === undefined) continue;
    const blob = writeMaskBlob(plan, sources.keys ?? developmentMaskKeys);
    profiles.add((view, at) => {
      view.setUint8(at + MaskProfile.side, side);
      view.setUint8(at + MaskProfile.unreadable, defaultAction(sources.masking));
      view.setUint32(at + MaskProfile.blobOff, blobOff, true);
      view.setUint32(at + MaskProfile.blobLen, blob.length, true);
    });
    blobs.push(blob);
    blobOff += blob.length;
  }
  return [
    profiles.section(BundleSection.MaskProfiles),
    { kind: BundleSection.MaskBlobs, bytes: Buffer.concat(blobs), count: blobOff },
  ];
}

class SidePlanner {
  readonly #sources: MaskSources;
  readonly #side: BodySide;
  readonly #masks = new Map<string, readonly Mask[]>();
  #masksAnything = false;

  constructor(sources: MaskSources, side: BodySide) {
    this.#sources = sources;
    this.#side = side;
  }

  /** Undefined when nothing is masked here, and nothing can be found without reading bodies. */
  plan(): MaskPlan | undefined {
    const { classifications, masking } = this.#sources;
    const isRequest = this.#side === BodySide.Request;
    const patterns = distinctPatterns(classifications);
    const plan: MaskPlan = {
      ...this.#fields(),
      detectors: [
        ...this.#each(classifications.flatMap((policy) => policy.detectors)),
        ...this.#each(patternDetectors(classifications, patterns)),
      ],
      patterns: patterns.map(({ table }) => table),
      // Parameters of responses stand in the addresses that they redirect to.
      values: this.#each(classifications.flatMap((policy) => policy.places)),
      segments: this.#each(isRequest ? classifications.flatMap((policy) => policy.segments) : []),
      routes: actionsOfRoutes(masking),
      allowsUpgrades: masking.length > 0 && masking.every((policy) => policy.allowsUpgrades),
      methods: this.#sources.methods.map(({ path, input, output, isStreamed }) => ({
        path,
        message: isRequest ? input : output,
        isStreamed,
      })),
      labelHeader: isRequest ? labelHeaderOf(masking) : '',
    };
    const finds = isRequest && plan.values.length + plan.segments.length > 0;
    return this.#masksAnything || finds ? plan : undefined;
  }

  #fields(): Pick<MaskPlan, 'tree' | 'names'> {
    const tree = new FieldTree();
    const names: MaskPlan['names'][number][] = [];
    for (const field of this.#each(this.#sources.classifications.flatMap((one) => one.fields))) {
      if ('path' in field) tree.add(field.path, field.mask);
      else names.push(field);
    }
    return { tree, names };
  }

  // One entry for each mask, so that each is in force by itself.
  #each<Item extends { readonly label: string }>(
    items: readonly Item[],
  ): (Item & { mask: Mask })[] {
    const found = new Map<string, Item & { mask: Mask }>();
    for (const item of items) {
      for (const mask of this.#masksOf(item.label)) {
        found.set(`${JSON.stringify(item)} ${maskKey(mask)}`, { ...item, mask });
      }
    }
    return [...found.values()];
  }

  // At least one: what nothing masks is still found.
  #masksOf(label: string): readonly Mask[] {
    let masks = this.#masks.get(label);
    if (masks === undefined) {
      const labels = bitsOf([label], this.#sources.labels);
      const inForce = this.#rulesFor(label).map((rule) => maskOf(rule, labels));
      masks = inForce.length === 0 ? [onlyFound(labels)] : withoutCovered(inForce);
      this.#masks.set(label, masks);
      this.#masksAnything ||= inForce.length > 0;
    }
    return masks;
  }

  #rulesFor(label: string): LabelMask[] {
    const included = this.#sources.lattice.below(label);
    return this.#sources.masking
      .flatMap((policy) => policy.rules)
      .filter((rule) => (this.#side === BodySide.Request ? rule.inRequests : rule.inResponses))
      .filter((rule) => rule.labels.some((one) => included.has(one)));
  }
}

function maskOf(rule: LabelMask, labels: bigint): Mask {
  const { operator, keep, param, text, minBand, ignoresClearance } = rule;
  return { labels, operator, keep, param, text, minBand, ignoresClearance };
}

function labelHeaderOf(masking: readonly MaskingPolicy[]): string {
  return masking.find((policy) => policy.labelHeader !== undefined)?.labelHeader ?? LABEL_HEADER;
}
