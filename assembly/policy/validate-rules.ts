/** Checks rules, selectors, identity tests and routes of a bundle. */
import {
  Audit,
  Band,
  BundleHeader,
  BundleSection,
  Effect,
  IdentityAttribute,
  IdentityTest,
  NONE,
  Route,
  Rule,
  Selector,
  TestOp,
} from '../layout';
import { checkList, isSpan, isString } from './checks';
import { Refusal, refuse } from './refusal';
import { bundleCount, bundleSection } from './sections';

/** The section table was checked before. */
export function validateRules(payload: usize): Refusal {
  let refusal = checkHeaderLists(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkRules(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkSelectors(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkIdentityTests(payload);
  if (refusal != Refusal.None) return refusal;
  return checkRoutes(payload);
}

function checkHeaderLists(payload: usize): Refusal {
  const rules = bundleCount(payload, BundleSection.Rules);
  const selectors = bundleCount(payload, BundleSection.Selectors);
  let refusal = checkSpanOf(payload, payload + BundleHeader.anySourceStart, rules, 0, 5);
  if (refusal != Refusal.None) return refusal;
  refusal = checkSpanOf(payload, payload + BundleHeader.anyPathStart, rules, 0, 6);
  if (refusal != Refusal.None) return refusal;
  return checkSpanOf(payload, payload + BundleHeader.residualStart, selectors, 0, 7);
}

function checkRules(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Rules);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  const selectors = bundleCount(payload, BundleSection.Selectors);
  const routes = bundleCount(payload, BundleSection.Routes);
  const programs = bundleCount(payload, BundleSection.Programs);
  let rule = bundleSection(payload, BundleSection.Rules);
  for (let i: u32 = 0; i < count; i++, rule += Rule.SIZE) {
    if (!isString(rule + Rule.name, stringsLen) || !isString(rule + Rule.file, stringsLen)) {
      return refuse(Refusal.StringSpan, BundleSection.Rules, i);
    }
    let refusal = checkSpanOf(
      payload,
      rule + Rule.selectorStart,
      selectors,
      BundleSection.Rules,
      i,
    );
    if (refusal != Refusal.None) return refusal;
    refusal = checkSpanOf(payload, rule + Rule.routeStart, routes, BundleSection.Rules, i);
    if (refusal != Refusal.None) return refusal;
    const program = load<u32>(rule, Rule.program);
    if (program != NONE && program >= programs)
      return refuse(Refusal.Index, BundleSection.Rules, i);
    if (
      load<u8>(rule, Rule.effect) > <u8>Effect.Allow ||
      load<u8>(rule, Rule.maxRisk) > <u8>Band.Critical ||
      load<u8>(rule, Rule.audit) > <u8>Audit.Synchronous ||
      load<u8>(rule, Rule.shadow) > 1
    ) {
      return refuse(Refusal.EnumValue, BundleSection.Rules, i);
    }
    if (load<u32>(rule, Rule.reserved) != 0) {
      return refuse(Refusal.ReservedNotZero, BundleSection.Rules, i);
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
    const start = load<u32>(selector, Selector.testStart);
    if (!isSpan(start, load<u32>(selector, Selector.testCount), tests)) {
      return refuse(Refusal.ListSpan, BundleSection.Selectors, i);
    }
    const span = selector + Selector.ruleStart;
    const refusal = checkSpanOf(payload, span, rules, BundleSection.Selectors, i);
    if (refusal != Refusal.None) return refusal;
  }
  return Refusal.None;
}

function checkIdentityTests(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.IdentityTests);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  let test = bundleSection(payload, BundleSection.IdentityTests);
  for (let i: u32 = 0; i < count; i++, test += IdentityTest.SIZE) {
    const attribute = load<u8>(test, IdentityTest.attribute);
    const op = load<u8>(test, IdentityTest.op);
    const isKnown =
      attribute >= <u8>IdentityAttribute.Service &&
      attribute <= <u8>IdentityAttribute.Label &&
      op >= <u8>TestOp.Equal &&
      op <= <u8>TestOp.NotSameAsDestination;
    const isSame = op >= <u8>TestOp.SameAsDestination;
    if (!isKnown || (isSame && attribute != <u8>IdentityAttribute.Environment)) {
      return refuse(Refusal.EnumValue, BundleSection.IdentityTests, i);
    }
    if (
      load<u16>(test, IdentityTest.reserved) != 0 ||
      load<u32>(test, IdentityTest.reserved2) != 0
    ) {
      return refuse(Refusal.ReservedNotZero, BundleSection.IdentityTests, i);
    }
    if (
      !isString(test + IdentityTest.label, stringsLen) ||
      !isString(test + IdentityTest.value, stringsLen)
    ) {
      return refuse(Refusal.StringSpan, BundleSection.IdentityTests, i);
    }
  }
  return Refusal.None;
}

function checkRoutes(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Routes);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  const patterns = bundleCount(payload, BundleSection.PathPatterns);
  const hosts = bundleCount(payload, BundleSection.Hosts);
  let route = bundleSection(payload, BundleSection.Routes);
  for (let i: u32 = 0; i < count; i++, route += Route.SIZE) {
    const pattern = load<u32>(route, Route.pattern);
    if (pattern != NONE && pattern >= patterns)
      return refuse(Refusal.Index, BundleSection.Routes, i);
    const hostBits = load<u64>(route, Route.hosts);
    if (hosts < 64 && hostBits >> hosts != 0) return refuse(Refusal.Index, BundleSection.Routes, i);
    if (!isString(route + Route.otherMethod, stringsLen)) {
      return refuse(Refusal.StringSpan, BundleSection.Routes, i);
    }
  }
  return Refusal.None;
}

/** `span` is the address of a start field that its count field follows. */
function checkSpanOf(payload: usize, span: usize, limit: u32, section: u32, record: u32): Refusal {
  const lists = bundleSection(payload, BundleSection.Lists);
  const listCount = bundleCount(payload, BundleSection.Lists);
  return checkList(lists, listCount, load<u32>(span), load<u32>(span, 4), limit, section, record);
}
