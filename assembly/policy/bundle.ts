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
  selectors: usize;
  selectorCount: u32;
  tests: usize;
  services: usize;
  serviceSlots: u32;
  routes: usize;
  patterns: usize;
  nodes: usize;
  nodeCount: u32;
  edges: usize;
  edgeSlots: u32;
  hosts: usize;
  hostCount: u32;
  programs: usize;
  code: usize;
  atoms: usize;
  atomCount: u32;
  intervals: usize;
  /** Whether a route names a method without a bit: such requests are not cached. */
  hasOtherMethods: bool;
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
  /** Own identity that was last found to be the destination: bytes and length. */
  ownId: usize;
  ownIdLen: u32;
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
  bundle.selectors = bundleSection(payload, BundleSection.Selectors);
  bundle.selectorCount = bundleCount(payload, BundleSection.Selectors);
  bundle.tests = bundleSection(payload, BundleSection.IdentityTests);
  bundle.services = bundleSection(payload, BundleSection.Services);
  bundle.serviceSlots = bundleCount(payload, BundleSection.Services);
  bundle.routes = bundleSection(payload, BundleSection.Routes);
  bundle.patterns = bundleSection(payload, BundleSection.PathPatterns);
  bundle.nodes = bundleSection(payload, BundleSection.PathNodes);
  bundle.nodeCount = bundleCount(payload, BundleSection.PathNodes);
  bundle.edges = bundleSection(payload, BundleSection.PathEdges);
  bundle.edgeSlots = bundleCount(payload, BundleSection.PathEdges);
  bundle.hosts = bundleSection(payload, BundleSection.Hosts);
  bundle.hostCount = bundleCount(payload, BundleSection.Hosts);
  bundle.programs = bundleSection(payload, BundleSection.Programs);
  bundle.code = bundleSection(payload, BundleSection.Code);
  bundle.atoms = bundleSection(payload, BundleSection.Atoms);
  bundle.atomCount = bundleCount(payload, BundleSection.Atoms);
  bundle.intervals = bundleSection(payload, BundleSection.Intervals);
  openHeader(bundle, payload);
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
  return load<u32>(bundle.lists + ((<usize>index) << 2));
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
