/** Checks the mask profiles of a bundle. */
import { BodySide, BundleSection, MaskProfile, UnreadableAction } from '../layout';
import { validateMaskBlob } from '../mask/validate-blob';
import { isSpan } from './checks';
import { Refusal, refuse } from './refusal';
import { bundleCount, bundleSection } from './sections';

/** The section table was checked before. At most one profile a side. */
export function validateMasks(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.MaskProfiles);
  const blobs = bundleSection(payload, BundleSection.MaskBlobs);
  const blobsLen = bundleCount(payload, BundleSection.MaskBlobs);
  const labels = bundleCount(payload, BundleSection.Labels);
  if (count > 2) return refuse(Refusal.Index, BundleSection.MaskProfiles, count);
  let profile = bundleSection(payload, BundleSection.MaskProfiles);
  let sides: u32 = 0;
  for (let i: u32 = 0; i < count; i++, profile += MaskProfile.SIZE) {
    const side = <u32>load<u8>(profile, MaskProfile.side);
    if (side > <u32>BodySide.Response || (sides & (1 << side)) != 0) {
      return refuse(Refusal.EnumValue, BundleSection.MaskProfiles, i);
    }
    sides |= 1 << side;
    if (load<u8>(profile, MaskProfile.unreadable) > <u8>UnreadableAction.PassUnmasked) {
      return refuse(Refusal.EnumValue, BundleSection.MaskProfiles, i);
    }
    if (
      load<u16>(profile, MaskProfile.reserved) != 0 ||
      load<u32>(profile, MaskProfile.reserved2) != 0
    ) {
      return refuse(Refusal.ReservedNotZero, BundleSection.MaskProfiles, i);
    }
    const off = load<u32>(profile, MaskProfile.blobOff);
    const len = load<u32>(profile, MaskProfile.blobLen);
    if ((off & 7) != 0 || !isSpan(off, len, blobsLen)) {
      return refuse(Refusal.ListSpan, BundleSection.MaskProfiles, i);
    }
    if (!validateMaskBlob(blobs + off, len, labels)) {
      return refuse(Refusal.MaskBlob, BundleSection.MaskProfiles, i);
    }
  }
  return Refusal.None;
}
