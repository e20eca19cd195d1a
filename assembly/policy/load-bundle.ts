/** Makes a checked file into a bundle with its caches, and takes it apart again. */
import { BodySide, BundleSection, MaskProfile, RESERVED_BYTES, Route } from '../layout';
import { holdMask, releaseMask } from '../mask/holder';
import { blockAlloc, blockFree } from '../memory/block';
import { Bundle, openBundle } from './bundle';
import { DECISION_BYTES } from './decision-cache';
import { dropIdentities, IDENTITY_TABLE_BYTES } from './identity-table';
import {
  PATH_CACHE_SLOTS,
  PATH_CLASS_TABLE_BYTES,
  PATH_SLOT_BYTES,
  resetPathClasses,
} from './path-class';
import { bundleCount, bundleSection } from './sections';

/** Longest own identity that is remembered as checked. */
export const OWN_ID_MAX: u32 = 512;

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
  bundle.pathClasses = zeroedBlock(PATH_CLASS_TABLE_BYTES);
  bundle.decisions = zeroedBlock(<usize>cacheEntries * DECISION_BYTES);
  bundle.decisionMask = cacheEntries - 1;
  bundle.generation = 1;
  bundle.ownId = blockAlloc(OWN_ID_MAX);
  bundle.subject = blockAlloc(SUBJECT_MAX);
  bundle.hasOtherMethods = namesOtherMethods(bundle);
  const isWhole =
    bundle.identities != 0 &&
    bundle.paths != 0 &&
    bundle.pathClasses != 0 &&
    bundle.decisions != 0 &&
    bundle.ownId != 0 &&
    bundle.subject != 0 &&
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
  if (bundle.pathClasses != 0 && bundle.paths != 0) resetPathClasses(bundle);
  if (bundle.requestMask != 0) releaseMask(bundle.requestMask);
  if (bundle.responseMask != 0) releaseMask(bundle.responseMask);
  blockFree(bundle.identities);
  blockFree(bundle.paths);
  blockFree(bundle.pathClasses);
  blockFree(bundle.decisions);
  blockFree(bundle.ownId);
  blockFree(bundle.subject);
  blockFree(bundle.file);
  blockFree(block);
}

function holdMasks(bundle: Bundle): bool {
  const count = bundleCount(bundle.payload, BundleSection.MaskProfiles);
  const blobs = bundleSection(bundle.payload, BundleSection.MaskBlobs);
  let profile = bundleSection(bundle.payload, BundleSection.MaskProfiles);
  for (let i: u32 = 0; i < count; i++, profile += MaskProfile.SIZE) {
    const blob = blobs + load<u32>(profile, MaskProfile.blobOff);
    const holder = holdMask(blob, load<u32>(profile, MaskProfile.blobLen));
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

function namesOtherMethods(bundle: Bundle): bool {
  const count = bundleCount(bundle.payload, BundleSection.Routes);
  let route = bundle.routes;
  for (let i: u32 = 0; i < count; i++, route += Route.SIZE) {
    if (load<u32>(route, Route.otherMethodLen) != 0) return true;
  }
  return false;
}

function zeroedBlock(size: usize): usize {
  const block = blockAlloc(size);
  if (block != 0) memory.fill(block, 0, size);
  return block;
}
