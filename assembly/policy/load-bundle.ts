/** Makes a checked file into a bundle with its caches, and takes it apart again. */
import { BodySide, BundleSection, MaskProfile, RESERVED_BYTES } from '../layout';
import { holdMask, releaseMask } from '../mask/holder';
import { blockAlloc, blockFree } from '../memory/block';
import { Bundle, openBundle } from './bundle';
import { DECISION_BYTES } from './decision-cache';
import { dropIdentities, IDENTITY_TABLE_BYTES } from './identity-table';
import { INTERNED_TABLE_BYTES, dropLists } from './interned-lists';
import { PATH_CACHE_SLOTS, PATH_SLOT_BYTES, dropPathClasses } from './path-class';
import { NAME_INDEX_BYTES, writeNameIndex } from './request-names';
import { bundleCount, bundleSection } from './sections';

/** Longest own identity that is remembered as checked. */
export const OWN_ID_MAX: u32 = 512;
/** Longest authority whose hosts are remembered. */
export const AUTHORITY_MAX: u32 = 256;

/** `By=` and `;Hash=` around the own identity. */
const OWN_HEADER_MAX: usize = <usize>OWN_ID_MAX + 16;
const SUBJECT_MAX: usize = 2048;

/**
 * Takes over the block `file`, which `validateBundle` accepted. Returns 0, and leaves the block to the caller, when there
 * is no room for the caches. `cacheEntries` is a power of two.
 */
export function loadBundle(file: usize, cacheEntries: u32): usize {
  const block = zeroedBlock(offsetof<Bundle>());
  if (block == 0) return 0;
  const bundle = changetype<Bundle>(block);
  openBundle(bundle, file, file + RESERVED_BYTES);
  bundle.identities = zeroedBlock(IDENTITY_TABLE_BYTES);
  bundle.paths = zeroedBlock(<usize>PATH_CACHE_SLOTS * PATH_SLOT_BYTES);
  bundle.pathClasses = zeroedBlock(INTERNED_TABLE_BYTES);
  bundle.decisions = zeroedBlock(<usize>cacheEntries * DECISION_BYTES);
  bundle.decisionMask = cacheEntries - 1;
  bundle.generation = 1;
  bundle.authority = blockAlloc(AUTHORITY_MAX);
  bundle.ownHeader = blockAlloc(OWN_HEADER_MAX);
  bundle.subject = blockAlloc(SUBJECT_MAX);
  const isWhole =
    bundle.identities != 0 &&
    bundle.paths != 0 &&
    bundle.pathClasses != 0 &&
    bundle.decisions != 0 &&
    bundle.authority != 0 &&
    bundle.ownHeader != 0 &&
    bundle.subject != 0 &&
    openRequestClasses(bundle) &&
    holdMasks(bundle);
  if (!isWhole) {
    bundle.file = 0;
    freeBundle(block);
    return 0;
  }
  writeSubject(bundle);
  return block;
}

/** Frees everything that a bundle holds; streams keep their references to mask blobs. */
export function freeBundle(block: usize): void {
  const bundle = changetype<Bundle>(block);
  if (bundle.identities != 0) dropIdentities(bundle);
  if (bundle.pathClasses != 0 && bundle.paths != 0) dropPathClasses(bundle);
  if (bundle.requestClasses != 0) dropLists(bundle.requestClasses);
  if (bundle.requestMask != 0) releaseMask(bundle.requestMask);
  if (bundle.responseMask != 0) releaseMask(bundle.responseMask);
  blockFree(bundle.identities);
  blockFree(bundle.paths);
  blockFree(bundle.pathClasses);
  blockFree(bundle.decisions);
  blockFree(bundle.nameIndex);
  blockFree(bundle.requestClasses);
  blockFree(bundle.authority);
  blockFree(bundle.ownHeader);
  blockFree(bundle.subject);
  blockFree(bundle.file);
  blockFree(block);
}

function holdMasks(bundle: Bundle): bool {
  const count = bundleCount(bundle.payload, BundleSection.MaskProfiles);
  const blobs = bundleSection(bundle.payload, BundleSection.MaskBlobs);
  const labels = bundleSection(bundle.payload, BundleSection.Labels);
  const labelCount = bundleCount(bundle.payload, BundleSection.Labels);
  let profile = bundleSection(bundle.payload, BundleSection.MaskProfiles);
  for (let i: u32 = 0; i < count; i++, profile += MaskProfile.SIZE) {
    const blob = blobs + load<u32>(profile, MaskProfile.blobOff);
    const holder = holdMask(
      blob,
      load<u32>(profile, MaskProfile.blobLen),
      load<u8>(profile, MaskProfile.unreadable),
      labels,
      labelCount,
      bundle.strings,
    );
    if (holder == 0) return false;
    if (load<u8>(profile, MaskProfile.side) == <u8>BodySide.Request) bundle.requestMask = holder;
    else bundle.responseMask = holder;
  }
  return true;
}

/** `<environment>/<service>` of the destination. INVARIANT: validation bounds both to 2 KiB together with the mesh. */
function writeSubject(bundle: Bundle): void {
  memory.copy(bundle.subject, bundle.environment, bundle.environmentLen);
  store<u8>(bundle.subject + bundle.environmentLen, 0x2f);
  memory.copy(bundle.subject + bundle.environmentLen + 1, bundle.service, bundle.serviceLen);
  bundle.subjectLen = bundle.environmentLen + 1 + bundle.serviceLen;
}

/** A bundle that reads no values of requests needs no classes of them. */
function openRequestClasses(bundle: Bundle): bool {
  if (bundle.requestNameCount == 0) return true;
  bundle.requestClasses = zeroedBlock(INTERNED_TABLE_BYTES);
  bundle.nameIndex = zeroedBlock(NAME_INDEX_BYTES);
  if (bundle.requestClasses == 0 || bundle.nameIndex == 0) return false;
  writeNameIndex(bundle);
  return true;
}

function zeroedBlock(size: usize): usize {
  const block = blockAlloc(size);
  if (block != 0) memory.fill(block, 0, size);
  return block;
}
