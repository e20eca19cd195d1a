/** Compiles classification and masking into one mask profile per kind of body. */
import { BodySide, BundleSection, Direction, MaskProfile, UnreadableAction } from '../../layout.ts';
import { Records, type SectionData } from '../../section-file.ts';
import type {
  ClassifiedField,
  DataClassification,
  LabelMask,
  MaskingPolicy,
} from '../policy-set.ts';
import { bitsOf } from './labels.ts';
import { combineMasks, type Mask } from './mask.ts';
import { writeMaskBlob } from './mask-blob.ts';
import { FieldTree } from './mask-tree.ts';

/** What a bundle masks: its classification, its masking, its labels and its direction. */
export interface MaskSources {
  readonly classifications: readonly DataClassification[];
  readonly masking: readonly MaskingPolicy[];
  readonly labels: readonly string[];
  readonly direction: Direction;
}

/**
 * Sections MaskProfiles and MaskBlobs. An outbound bundle masks requests only: responses are masked by the side that
 * owns the data. Throws DtaError when a profile needs more active nodes than the filter has.
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
    const blob = compileSide(sources, side);
    if (blob === undefined) continue;
    profiles.add((view, at) => {
      view.setUint8(at + MaskProfile.side, side);
      view.setUint8(at + MaskProfile.unreadable, UnreadableAction.Deny);
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

function compileSide(sources: MaskSources, side: BodySide): Uint8Array | undefined {
  const masks = masksByLabel(sources, side);
  const tree = new FieldTree();
  const names = new Map<string, NamedMask>();
  let card: Mask | undefined;
  for (const classification of sources.classifications) {
    for (const field of classification.fields) {
      const mask = masks.get(field.label);
      if (mask !== undefined) addField(field, mask, tree, names);
    }
    for (const label of classification.cardLabels) {
      const mask = masks.get(label);
      // Found by value there is one mask for all labels: in force when one of them is missing.
      if (mask !== undefined) card = combineMasks(card, mask);
    }
  }
  if (tree.isEmpty && names.size === 0 && card === undefined) return undefined;
  return writeMaskBlob({ tree, names: [...names.values()], card });
}

/** A field name with its mask. */
interface NamedMask {
  readonly fieldName: string;
  readonly ignoreCase: boolean;
  readonly mask: Mask;
}

function addField(
  field: ClassifiedField,
  mask: Mask,
  tree: FieldTree,
  names: Map<string, NamedMask>,
): void {
  if ('path' in field) {
    tree.add(field.path, mask);
    return;
  }
  // One entry per label, so that each is in force for those who lack just this label.
  const { fieldName, ignoreCase, label } = field;
  names.set(`${ignoreCase} ${label} ${fieldName}`, { fieldName, ignoreCase, mask });
}

function masksByLabel(sources: MaskSources, side: BodySide): Map<string, Mask> {
  const masks = new Map<string, Mask>();
  for (const rule of sources.masking.flatMap((policy) => policy.rules)) {
    if (!(side === BodySide.Request ? rule.inRequests : rule.inResponses)) continue;
    for (const label of rule.labels)
      masks.set(label, combineMasks(masks.get(label), maskOf(rule, label, sources)));
  }
  return masks;
}

function maskOf(rule: LabelMask, label: string, sources: MaskSources): Mask {
  const { operator, keep } = rule;
  return { labels: bitsOf([label], sources.labels), operator, keep };
}
