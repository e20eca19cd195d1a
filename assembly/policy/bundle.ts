/**
 * A loaded bundle: pointers into the checked file, and the caches that belong to this bundle alone.
 *
 * A bundle is immutable and never shared between bundle ids, so nothing cached under one can answer for another
 * (policy-model, "How it is decided fast").
 */
import { BundleHeader, BundleSection } from '../layout';
import { bundleCount, bundleSection } from './sections';

/** Fields are raw addresses and counts; the file was checked by `validateBundle` before one is made. */
@unmanaged
export class Bundle {
  /** Block with the whole file, reserved bytes included. */
  file: usize;
  payload: usize;
  strings: usize;
  lists: usize;
  rules: usize;
  outcomes: usize;
  selectors: usize;
  selectorCount: u32;
  tests: usize;
  services: usize;
  serviceSlots: usize;
  serviceSlotCount: u32;
  routes: usize;
  patterns: usize;
  nodes: usize;
  edges: usize;
  edgeSlots: usize;
  edgeSlotCount: u32;
  affixes: usize;
  affixSlots: usize;
  affixSlotCount: u32;
  hosts: usize;
  hostCount: u32;
  programs: usize;
  code: usize;
  atoms: usize;
  atomCount: u32;
  intervals: usize;
  requestNames: usize;
  requestNameCount: u32;
  requestTests: usize;
  requestSlots: usize;
  requestSlotCount: u32;
  /** FederatedDomain records. */
  domains: usize;
  domainCount: u32;
  mesh: usize;
  meshLen: u32;
  environment: usize;
  environmentLen: u32;
  service: usize;
  serviceLen: u32;
  anySourceStart: u32;
  anySourceCount: u32;
  anyPathStart: u32;
  anyPathCount: u32;
  residualStart: u32;
  residualCount: u32;
  suffixLengthStart: u32;
  suffixLengthCount: u32;

  version: u64;
  direction: u32;
  softExpiryMs: u64;
  hardExpiryMs: u64;

  /** Mask blobs that streams may hold longer than the bundle (`MaskHolder`), or 0. */
  requestMask: usize;
  responseMask: usize;

  /** Span of time and state for which cached decisions are exact: see `refresh`. */
  validFromMs: u64;
  validUntilMs: u64;
  stateSerial: u64;
  /** Entries of another generation are dead. */
  generation: u32;

  identities: usize;
  identitySerial: u32;
  paths: usize;
  pathClasses: usize;
  decisions: usize;
  decisionMask: u32;
  /** RequestNames by length of the name: see `NameIndex`; 0 when the bundle has none. */
  nameIndex: usize;
  requestClasses: usize;
  /** State serial under which this mesh was found to be the state's. */
  meshSerial: u64;
  /** Last authority that was held against the hosts, its length and its bits. */
  authority: usize;
  authorityLen: u32;
  authorityHosts: u64;
  /** `By=<own identity>;Hash=` with the own identity that was last found to be the destination, and its length. */
  ownHeader: usize;
  ownHeaderLen: u32;
  /** `<environment>/<service>` of the destination, the key of its signals. */
  subject: usize;
  subjectLen: u32;
}

/** Points a zeroed Bundle to a checked file. */
export function openBundle(bundle: Bundle, file: usize, payload: usize): void {
  bundle.file = file;
  bundle.payload = payload;
  bundle.strings = bundleSection(payload, BundleSection.Strings);
  bundle.lists = bundleSection(payload, BundleSection.Lists);
  bundle.rules = bundleSection(payload, BundleSection.Rules);
  bundle.outcomes = bundleSection(payload, BundleSection.Outcomes);
  bundle.selectors = bundleSection(payload, BundleSection.Selectors);
  bundle.selectorCount = bundleCount(payload, BundleSection.Selectors);
  bundle.tests = bundleSection(payload, BundleSection.IdentityTests);
  bundle.services = bundleSection(payload, BundleSection.Services);
  bundle.serviceSlots = bundleSection(payload, BundleSection.ServiceSlots);
  bundle.serviceSlotCount = bundleCount(payload, BundleSection.ServiceSlots);
  bundle.routes = bundleSection(payload, BundleSection.Routes);
  bundle.hosts = bundleSection(payload, BundleSection.Hosts);
  bundle.hostCount = bundleCount(payload, BundleSection.Hosts);
  bundle.programs = bundleSection(payload, BundleSection.Programs);
  bundle.code = bundleSection(payload, BundleSection.Code);
  bundle.atoms = bundleSection(payload, BundleSection.Atoms);
  bundle.atomCount = bundleCount(payload, BundleSection.Atoms);
  bundle.intervals = bundleSection(payload, BundleSection.Intervals);
  bundle.domains = bundleSection(payload, BundleSection.FederatedDomains);
  bundle.domainCount = bundleCount(payload, BundleSection.FederatedDomains);
  openPaths(bundle, payload);
  openRequests(bundle, payload);
  openHeader(bundle, payload);
}

function openPaths(bundle: Bundle, payload: usize): void {
  bundle.patterns = bundleSection(payload, BundleSection.PathPatterns);
  bundle.nodes = bundleSection(payload, BundleSection.PathNodes);
  bundle.edges = bundleSection(payload, BundleSection.PathEdges);
  bundle.edgeSlots = bundleSection(payload, BundleSection.EdgeSlots);
  bundle.edgeSlotCount = bundleCount(payload, BundleSection.EdgeSlots);
  bundle.affixes = bundleSection(payload, BundleSection.PathAffixes);
  bundle.affixSlots = bundleSection(payload, BundleSection.AffixSlots);
  bundle.affixSlotCount = bundleCount(payload, BundleSection.AffixSlots);
  bundle.suffixLengthStart = load<u32>(payload, BundleHeader.suffixLengthStart);
  bundle.suffixLengthCount = load<u32>(payload, BundleHeader.suffixLengthCount);
}

function openRequests(bundle: Bundle, payload: usize): void {
  bundle.requestNames = bundleSection(payload, BundleSection.RequestNames);
  bundle.requestNameCount = bundleCount(payload, BundleSection.RequestNames);
  bundle.requestTests = bundleSection(payload, BundleSection.RequestTests);
  bundle.requestSlots = bundleSection(payload, BundleSection.RequestSlots);
  bundle.requestSlotCount = bundleCount(payload, BundleSection.RequestSlots);
}

function openHeader(bundle: Bundle, payload: usize): void {
  bundle.mesh = bundle.strings + load<u32>(payload, BundleHeader.mesh);
  bundle.meshLen = load<u32>(payload, BundleHeader.meshLen);
  bundle.environment = bundle.strings + load<u32>(payload, BundleHeader.environment);
  bundle.environmentLen = load<u32>(payload, BundleHeader.environmentLen);
  bundle.service = bundle.strings + load<u32>(payload, BundleHeader.service);
  bundle.serviceLen = load<u32>(payload, BundleHeader.serviceLen);
  bundle.anySourceStart = load<u32>(payload, BundleHeader.anySourceStart);
  bundle.anySourceCount = load<u32>(payload, BundleHeader.anySourceCount);
  bundle.anyPathStart = load<u32>(payload, BundleHeader.anyPathStart);
  bundle.anyPathCount = load<u32>(payload, BundleHeader.anyPathCount);
  bundle.residualStart = load<u32>(payload, BundleHeader.residualStart);
  bundle.residualCount = load<u32>(payload, BundleHeader.residualCount);
  bundle.version = load<u64>(payload, BundleHeader.version);
  bundle.direction = load<u8>(payload, BundleHeader.direction);
  bundle.softExpiryMs = load<u64>(payload, BundleHeader.softExpiryMs);
  bundle.hardExpiryMs = load<u64>(payload, BundleHeader.hardExpiryMs);
}

/** Entry `index` of the Lists section. INVARIANT: spans of checked records lie inside it. */
// @ts-ignore: decorator
@inline
export function listEntry(bundle: Bundle, index: u32): u32 {
  return load<u32>(listPtr(bundle, index));
}

/** Its address. */
// @ts-ignore: decorator
@inline
export function listPtr(bundle: Bundle, index: u32): usize {
  return bundle.lists + ((<usize>index) << 2);
}

/** Address of a `str` field of a header or record. */
// @ts-ignore: decorator
@inline
export function strPtr(bundle: Bundle, field: usize): usize {
  return bundle.strings + load<u32>(field);
}

/** Length in bytes of a `str` field. */
// @ts-ignore: decorator
@inline
export function strLen(field: usize): u32 {
  return load<u32>(field, 4);
}
