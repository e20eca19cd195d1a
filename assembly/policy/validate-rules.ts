/** Checks rules, outcomes, selectors, identity tests, services, routes and hosts of a bundle. */
import {
  Audit,
  Band,
  BundleHeader,
  BundleSection,
  Effect,
  HOST_PATTERNS_MAX,
  HostKind,
  HostPattern,
  IdentityAttribute,
  IdentityTest,
  NONE,
  Outcome,
  Route,
  Rule,
  Selector,
  ServiceEntry,
  TestOp,
} from '../layout';
import {
  checkList,
  checkRisingList,
  isInLists,
  isSpan,
  isString,
  listAt,
  spendKeyBytes,
} from './checks';
import { findService } from './hash-tables';
import { Refusal, refuse } from './refusal';
import { bundleCount, bundleSection } from './sections';
import { checkSlots } from './validate-slots';

/** The section table was checked before. */
export function validateRules(payload: usize): Refusal {
  let refusal = checkHeaderLists(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkRules(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkOutcomes(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkSelectors(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkIdentityTests(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkServices(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkRoutes(payload);
  if (refusal != Refusal.None) return refusal;
  return checkHosts(payload);
}

function checkHeaderLists(payload: usize): Refusal {
  const rules = bundleCount(payload, BundleSection.Rules);
  const selectors = bundleCount(payload, BundleSection.Selectors);
  let refusal = checkRisingList(payload, payload + BundleHeader.anySourceStart, rules, 0, 5);
  if (refusal != Refusal.None) return refusal;
  refusal = checkRisingList(payload, payload + BundleHeader.anyPathStart, rules, 0, 6);
  if (refusal != Refusal.None) return refusal;
  return checkRisingList(payload, payload + BundleHeader.residualStart, selectors, 0, 7);
}

function checkRules(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Rules);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  const selectors = bundleCount(payload, BundleSection.Selectors);
  const routes = bundleCount(payload, BundleSection.Routes);
  const programs = bundleCount(payload, BundleSection.Programs);
  const outcomes = bundleCount(payload, BundleSection.Outcomes);
  let rule = bundleSection(payload, BundleSection.Rules);
  for (let i: u32 = 0; i < count; i++, rule += Rule.SIZE) {
    if (!isString(rule + Rule.name, stringsLen)) {
      return refuse(Refusal.StringSpan, BundleSection.Rules, i);
    }
    let refusal = checkRisingList(
      payload,
      rule + Rule.selectorStart,
      selectors,
      BundleSection.Rules,
      i,
    );
    if (refusal != Refusal.None) return refusal;
    refusal = checkRisingList(payload, rule + Rule.routeStart, routes, BundleSection.Rules, i);
    if (refusal != Refusal.None) return refusal;
    const program = load<u32>(rule, Rule.program);
    if ((program != NONE && program >= programs) || load<u32>(rule, Rule.outcome) >= outcomes) {
      return refuse(Refusal.Index, BundleSection.Rules, i);
    }
  }
  return Refusal.None;
}

function checkOutcomes(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Outcomes);
  let outcome = bundleSection(payload, BundleSection.Outcomes);
  for (let i: u32 = 0; i < count; i++, outcome += Outcome.SIZE) {
    if (
      load<u8>(outcome, Outcome.effect) > <u8>Effect.Allow ||
      load<u8>(outcome, Outcome.maxRisk) > <u8>Band.Critical ||
      load<u8>(outcome, Outcome.audit) > <u8>Audit.Synchronous ||
      load<u8>(outcome, Outcome.shadow) > 1
    ) {
      return refuse(Refusal.EnumValue, BundleSection.Outcomes, i);
    }
    if (load<u32>(outcome, Outcome.reserved) != 0) {
      return refuse(Refusal.ReservedNotZero, BundleSection.Outcomes, i);
    }
  }
  return Refusal.None;
}

function checkSelectors(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Selectors);
  const tests = bundleCount(payload, BundleSection.IdentityTests);
  const rules = bundleCount(payload, BundleSection.Rules);
  let selector = bundleSection(payload, BundleSection.Selectors);
  for (let i: u32 = 0; i < count; i++, selector += Selector.SIZE) {
    const span = selector + Selector.testStart;
    let refusal = checkList(payload, span, tests, BundleSection.Selectors, i);
    if (refusal != Refusal.None) return refusal;
    refusal = checkRisingList(
      payload,
      selector + Selector.ruleStart,
      rules,
      BundleSection.Selectors,
      i,
    );
    if (refusal != Refusal.None) return refusal;
  }
  return Refusal.None;
}

function checkIdentityTests(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.IdentityTests);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  let test = bundleSection(payload, BundleSection.IdentityTests);
  for (let i: u32 = 0; i < count; i++, test += IdentityTest.SIZE) {
    const attribute = <i32>load<u8>(test, IdentityTest.attribute);
    if (!isTestOf(attribute, <i32>load<u8>(test, IdentityTest.op))) {
      return refuse(Refusal.EnumValue, BundleSection.IdentityTests, i);
    }
    const labelLen = <u32>load<u16>(test, IdentityTest.labelLen);
    if (
      !isSpan(load<u32>(test, IdentityTest.label), labelLen, stringsLen) ||
      !isString(test + IdentityTest.value, stringsLen)
    ) {
      return refuse(Refusal.StringSpan, BundleSection.IdentityTests, i);
    }
  }
  return Refusal.None;
}

/** Whether both are known and belong together. */
function isTestOf(attribute: i32, op: i32): bool {
  if (attribute < IdentityAttribute.Service || attribute > IdentityAttribute.Label) return false;
  switch (op) {
    case TestOp.SameAsDestination:
    case TestOp.NotSameAsDestination:
      return attribute == IdentityAttribute.Environment;
    case TestOp.Present:
    case TestOp.Absent:
      return attribute == IdentityAttribute.Label;
    default:
      return op >= TestOp.Equal && op <= TestOp.NotSuffix;
  }
}

function checkServices(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Services);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  const selectors = bundleCount(payload, BundleSection.Selectors);
  const services = bundleSection(payload, BundleSection.Services);
  const slots = bundleSection(payload, BundleSection.ServiceSlots);
  const slotCount = bundleCount(payload, BundleSection.ServiceSlots);
  const strings = bundleSection(payload, BundleSection.Strings);
  let entry = services;
  for (let i: u32 = 0; i < count; i++, entry += ServiceEntry.SIZE) {
    if (!isString(entry + ServiceEntry.key, stringsLen)) {
      return refuse(Refusal.StringSpan, BundleSection.Services, i);
    }
    const span = entry + ServiceEntry.listStart;
    const refusal = checkRisingList(payload, span, selectors, BundleSection.Services, i);
    if (refusal != Refusal.None) return refusal;
  }
  const refusal = checkSlots(payload, BundleSection.ServiceSlots, count);
  if (refusal != Refusal.None) return refusal;
  entry = services;
  for (let i: u32 = 0; i < count; i++, entry += ServiceEntry.SIZE) {
    const key = strings + load<u32>(entry, ServiceEntry.key);
    const keyLen = load<u32>(entry, ServiceEntry.keyLen);
    if (!spendKeyBytes(keyLen)) return refuse(Refusal.Entangled, BundleSection.Services, i);
    // A key that its own look-up does not find would hide the rules behind it.
    if (findService(slots, slotCount, services, strings, key, keyLen) != entry) {
      return refuse(Refusal.HashTable, BundleSection.Services, i);
    }
  }
  return Refusal.None;
}

function checkRoutes(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Routes);
  const programs = bundleCount(payload, BundleSection.Programs);
  const patterns = bundleCount(payload, BundleSection.PathPatterns);
  const hostCount = bundleCount(payload, BundleSection.Hosts);
  let route = bundleSection(payload, BundleSection.Routes);
  for (let i: u32 = 0; i < count; i++, route += Route.SIZE) {
    const pattern = load<u32>(route, Route.pattern);
    if (pattern != NONE && pattern >= patterns)
      return refuse(Refusal.Index, BundleSection.Routes, i);
    const program = load<u32>(route, Route.program);
    if (program != NONE && program >= programs)
      return refuse(Refusal.Index, BundleSection.Routes, i);
    const hosts = load<u32>(route, Route.hosts);
    if (hosts == NONE) continue;
    if (!isInLists(payload, hosts, 2)) return refuse(Refusal.ListSpan, BundleSection.Routes, i);
    const bits = load<u64>(listAt(payload, hosts));
    if (hostCount < 64 && bits >> hostCount != 0) {
      return refuse(Refusal.Index, BundleSection.Routes, i);
    }
  }
  return Refusal.None;
}

function checkHosts(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Hosts);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  if (count > HOST_PATTERNS_MAX) return refuse(Refusal.Index, BundleSection.Hosts, count);
  let host = bundleSection(payload, BundleSection.Hosts);
  for (let i: u32 = 0; i < count; i++, host += HostPattern.SIZE) {
    if (load<u32>(host, HostPattern.reserved) != 0) {
      return refuse(Refusal.ReservedNotZero, BundleSection.Hosts, i);
    }
    if (load<u32>(host, HostPattern.kind) > <u32>HostKind.Suffix) {
      return refuse(Refusal.EnumValue, BundleSection.Hosts, i);
    }
    if (!isString(host + HostPattern.text, stringsLen)) {
      return refuse(Refusal.StringSpan, BundleSection.Hosts, i);
    }
  }
  return Refusal.None;
}
