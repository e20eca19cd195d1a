/** Bounds and meaning of a bundle, checked once, so that evaluation may read it without checks. */
import {
  BUNDLE_MAGIC,
  BUNDLE_MAX_BYTES,
  BundleHeader,
  BundleSection,
  Direction,
  FederatedDomain,
  FORMAT_VERSION,
  HostPattern,
  IdentityTest,
  Interval,
  Label,
  MaskProfile,
  Outcome,
  PathAffix,
  PathEdge,
  PathNode,
  PathPattern,
  Program,
  RESERVED_BYTES,
  RequestName,
  RequestTest,
  Route,
  Rule,
  Selector,
  ServiceEntry,
  Atom,
} from '../layout';
import { NAMES_MAX } from './bundle-id';
import { isString, resetBudgets } from './checks';
import { Refusal, refuse } from './refusal';
import { bundleCount, checkSections, isReservedZero } from './sections';
import { validateConditions } from './validate-conditions';
import { validateDomains } from './validate-domains';
import { validateMasks } from './validate-masks';
import { validatePaths } from './validate-paths';
import { validateRequests } from './validate-requests';
import { validateRules } from './validate-rules';

const SECTION_COUNT: u32 = 27;

/** Checks a whole file. Linear in its size. Never traps, whatever the bytes. */
export function validateBundle(file: usize, fileLen: u32): Refusal {
  if (fileLen > BUNDLE_MAX_BYTES) return refuse(Refusal.TooLong, 0, 0);
  if (fileLen < RESERVED_BYTES + <u32>BundleHeader.SIZE) return refuse(Refusal.TooShort, 0, 0);
  if (!isReservedZero(file)) return refuse(Refusal.ReservedNotZero, 0, 0);
  const payload = file + RESERVED_BYTES;
  let refusal = checkHeader(payload, fileLen - RESERVED_BYTES);
  if (refusal != Refusal.None) return refusal;
  resetBudgets();
  refusal = validateRules(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = validatePaths(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = validateRequests(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = validateConditions(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = validateMasks(payload);
  if (refusal != Refusal.None) return refusal;
  return validateDomains(payload);
}

function checkHeader(payload: usize, len: u32): Refusal {
  if (load<u32>(payload, BundleHeader.magic) != BUNDLE_MAGIC) return refuse(Refusal.Magic, 0, 0);
  if (load<u16>(payload, BundleHeader.formatVersion) != <u16>FORMAT_VERSION) {
    return refuse(Refusal.FormatVersion, 0, 0);
  }
  if (load<u32>(payload, BundleHeader.payloadLen) != len) return refuse(Refusal.Length, 0, 0);
  if (load<u16>(payload, BundleHeader.sectionCount) != <u16>SECTION_COUNT) {
    return refuse(Refusal.SectionCount, 0, 0);
  }
  if (load<u8>(payload, BundleHeader.direction) > <u8>Direction.Outbound) {
    return refuse(Refusal.EnumValue, 0, 0);
  }
  // Shadow bundles are not in this version: accepting one would enforce nothing.
  if (load<u8>(payload, BundleHeader.mode) != 0) return refuse(Refusal.EnumValue, 0, 1);
  if (load<u16>(payload, BundleHeader.reserved) != 0) return refuse(Refusal.ReservedNotZero, 0, 1);
  if (load<u64>(payload, BundleHeader.version) == 0) return refuse(Refusal.Header, 0, 2);
  const refusal = checkSections(payload, len, BundleHeader.SIZE, SECTION_COUNT, recordSize);
  if (refusal != Refusal.None) return refusal;
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  if (
    !isString(payload + BundleHeader.mesh, stringsLen) ||
    !isString(payload + BundleHeader.environment, stringsLen) ||
    !isString(payload + BundleHeader.service, stringsLen)
  ) {
    return refuse(Refusal.StringSpan, 0, 3);
  }
  if (
    load<u32>(payload, BundleHeader.meshLen) == 0 ||
    load<u32>(payload, BundleHeader.environmentLen) == 0 ||
    load<u32>(payload, BundleHeader.serviceLen) == 0
  ) {
    return refuse(Refusal.Header, 0, 3);
  }
  // A root holds the bundle's id for as long as it lives: 2 KiB are enough for any legal one.
  return <u64>load<u32>(payload, BundleHeader.meshLen) +
    <u64>load<u32>(payload, BundleHeader.environmentLen) +
    <u64>load<u32>(payload, BundleHeader.serviceLen) >
    NAMES_MAX
    ? refuse(Refusal.Header, 0, 4)
    : Refusal.None;
}

/** Bytes of one record of a section. */
function recordSize(kind: u32): u32 {
  switch (kind) {
    case BundleSection.Lists:
    case BundleSection.ServiceSlots:
    case BundleSection.EdgeSlots:
    case BundleSection.AffixSlots:
    case BundleSection.Code:
    case BundleSection.RequestSlots:
      return 4;
    case BundleSection.Rules:
      return Rule.SIZE;
    case BundleSection.Outcomes:
      return Outcome.SIZE;
    case BundleSection.Selectors:
      return Selector.SIZE;
    case BundleSection.IdentityTests:
      return IdentityTest.SIZE;
    case BundleSection.Services:
      return ServiceEntry.SIZE;
    case BundleSection.Routes:
      return Route.SIZE;
    case BundleSection.PathPatterns:
      return PathPattern.SIZE;
    case BundleSection.PathNodes:
      return PathNode.SIZE;
    case BundleSection.PathEdges:
      return PathEdge.SIZE;
    case BundleSection.PathAffixes:
      return PathAffix.SIZE;
    case BundleSection.Hosts:
      return HostPattern.SIZE;
    case BundleSection.Programs:
      return Program.SIZE;
    case BundleSection.Atoms:
      return Atom.SIZE;
    case BundleSection.Intervals:
      return Interval.SIZE;
    case BundleSection.RequestNames:
      return RequestName.SIZE;
    case BundleSection.RequestTests:
      return RequestTest.SIZE;
    case BundleSection.Labels:
      return Label.SIZE;
    case BundleSection.MaskProfiles:
      return MaskProfile.SIZE;
    case BundleSection.FederatedDomains:
      return FederatedDomain.SIZE;
    default:
      return 1;
  }
}
