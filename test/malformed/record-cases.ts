/** What can be wrong with single records of a bundle. */
import {
  Atom,
  AtomOp,
  Attribute,
  BundleHeader as Header,
  HostPattern,
  IdentityTest,
  Interval,
  Label,
  MaskProfile,
  NONE,
  PathEdge,
  PathNode,
  PathPattern,
  Program,
  Route,
  Rule,
  BundleSection as S,
  Selector,
  ServiceSlot,
} from '../../controller/layout.ts';
import { edge, repeat, slot } from './edits.ts';
import { bundleSectionNames } from './file-editor.ts';
import { type Case, FAR, reasons } from './refusal-case.ts';

/** Strings outside of the strings. */
export const strings: Case[] = (
  [
    [S.Rules, Rule.nameLen],
    [S.Rules, Rule.file],
    [S.IdentityTests, IdentityTest.label],
    [S.IdentityTests, IdentityTest.valueLen],
    [S.Routes, Route.otherMethod],
    [S.PathPatterns, PathPattern.text],
    [S.Hosts, HostPattern.textLen],
    [S.Atoms, Atom.text],
    [S.Labels, Label.name],
  ] as const
).map(([section, field]) => [
  `field ${field} of ${bundleSectionNames.get(section)}`,
  reasons.string,
  [section, 1],
  (f) => f.set32(f.at(section, 1, field), 0xffffffff),
]);

/** Spans outside of their sections. */
export const spans: Case[] = (
  [
    [S.Rules, Rule.selectorStart],
    [S.Rules, Rule.routeStart],
    [S.Selectors, Selector.testStart],
    [S.Selectors, Selector.ruleStart],
    [S.PathPatterns, PathPattern.ruleStart],
    [S.PathNodes, PathNode.endStart],
    [S.PathNodes, PathNode.tailStart],
    [S.Programs, Program.start],
    [S.Atoms, Atom.intervalStart],
  ] as const
).flatMap(([section, field]): Case[] => [
  // 2^32 - 1 and 2 come out as 1 where the sum is taken in 32 bits.
  [
    `a span of ${bundleSectionNames.get(section)} that wraps (${field})`,
    reasons.span,
    [section, 1],
    (f) => f.set32(f.at(section, 1, field), NONE).set32(f.at(section, 1, field) + 4, 2),
  ],
  [
    `a span of ${bundleSectionNames.get(section)} that is too long (${field})`,
    reasons.span,
    [section, 0],
    (f) => f.set32(f.at(section, 0, field) + 4, FAR),
  ],
]);

/** Fields with a meaning of their own. */
export const records: Case[] = [
  ['string of the mesh', reasons.string, [0, 3], (f) => f.set32(Header.mesh, FAR)],
  [
    'string of a service',
    reasons.string,
    [S.Services, undefined],
    (f) => f.set32(slot(f) + ServiceSlot.keyLen, FAR),
  ],
  [
    'string of an edge',
    reasons.string,
    [S.PathEdges, undefined],
    (f) => f.set32(edge(f) + PathEdge.segment, FAR),
  ],
  ['rules of any source', reasons.span, [0, 5], (f) => f.set32(Header.anySourceCount, FAR)],
  [
    'rules of any path',
    reasons.span,
    [0, 6],
    (f) => f.set32(Header.anyPathStart, NONE).set32(Header.anyPathCount, 1),
  ],
  ['residual selectors', reasons.span, [0, 7], (f) => f.set32(Header.residualStart, FAR)],
  [
    'a blob behind the blobs',
    reasons.span,
    [S.MaskProfiles, 1],
    (f) => f.set32(f.at(S.MaskProfiles, 1, MaskProfile.blobLen), FAR),
  ],
  [
    'a blob that is not aligned',
    reasons.span,
    [S.MaskProfiles, 0],
    (f) => f.set32(f.at(S.MaskProfiles, 0, MaskProfile.blobOff), 4),
  ],
  [
    'a program of a rule',
    reasons.index,
    [S.Rules, 0],
    (f) => f.set32(f.at(S.Rules, 0, Rule.program), 99),
  ],
  [
    'a pattern of a route',
    reasons.index,
    [S.Routes, 0],
    (f) => f.set32(f.at(S.Routes, 0, Route.pattern), 99),
  ],
  [
    'hosts of a route',
    reasons.index,
    [S.Routes, 0],
    (f) => f.set64(f.at(S.Routes, 0, Route.hosts), 1n << 63n),
  ],
  [
    'a trie with a cycle',
    reasons.index,
    [S.PathNodes, 1],
    (f) => f.set32(f.at(S.PathNodes, 1, PathNode.anyChild), 1),
  ],
  [
    'a trie that leaves its table',
    reasons.index,
    [S.PathNodes, 0],
    (f) => f.set32(f.at(S.PathNodes, 0), f.count(S.PathNodes)),
  ],
  [
    'an edge to its parent',
    reasons.index,
    [S.PathEdges, undefined],
    (f) => f.set32(edge(f) + PathEdge.node, 0xffff),
  ],
  [
    'an edge to nowhere',
    reasons.index,
    [S.PathEdges, undefined],
    (f) => f.set32(edge(f) + PathEdge.child, FAR),
  ],
  [
    'no trie',
    reasons.index,
    [S.PathNodes, 0],
    (f) => f.rebuild(new Map([[S.PathNodes, new Uint8Array()]])),
  ],
  ['65 labels', reasons.index, [S.Labels, 65], (f) => repeat(f, S.Labels, 65)],
  ['65 hosts', reasons.index, [S.Hosts, 65], (f) => repeat(f, S.Hosts, 65)],
  ['3 mask profiles', reasons.index, [S.MaskProfiles, 3], (f) => repeat(f, S.MaskProfiles, 3)],
  ['an effect', reasons.value, [S.Rules, 1], (f) => f.set8(f.at(S.Rules, 1, Rule.effect), 2)],
  ['a risk', reasons.value, [S.Rules, 0], (f) => f.set8(f.at(S.Rules, 0, Rule.maxRisk), 4)],
  ['an audit', reasons.value, [S.Rules, 0], (f) => f.set8(f.at(S.Rules, 0, Rule.audit), 3)],
  ['a shadow flag', reasons.value, [S.Rules, 0], (f) => f.set8(f.at(S.Rules, 0, Rule.shadow), 2)],
  [
    'an identity attribute',
    reasons.value,
    [S.IdentityTests, 0],
    (f) => f.set8(f.at(S.IdentityTests, 0), 7),
  ],
  [
    'a test',
    reasons.value,
    [S.IdentityTests, 0],
    (f) => f.set8(f.at(S.IdentityTests, 0, IdentityTest.op), 0),
  ],
  [
    'a service like the destination’s',
    reasons.value,
    [S.IdentityTests, 0],
    (f) => f.set8(f.at(S.IdentityTests, 0), 1).set8(f.at(S.IdentityTests, 0, IdentityTest.op), 5),
  ],
  ['a host kind', reasons.value, [S.Hosts, 1], (f) => f.set32(f.at(S.Hosts, 1), 9)],
  ['an attribute', reasons.value, [S.Atoms, 0], (f) => f.set16(f.at(S.Atoms, 0), 99)],
  ['an operation', reasons.value, [S.Atoms, 0], (f) => f.set8(f.at(S.Atoms, 0, Atom.op), 0)],
  [
    'a number within a window',
    reasons.value,
    [S.Atoms, 0],
    (f) => f.set8(f.at(S.Atoms, 0, Atom.op), AtomOp.Within),
  ],
  [
    'a time that is less',
    reasons.value,
    [S.Atoms, 0],
    (f) => f.set16(f.at(S.Atoms, 0), Attribute.RequestTime),
  ],
  ['a side', reasons.value, [S.MaskProfiles, 0], (f) => f.set8(f.at(S.MaskProfiles, 0), 2)],
  [
    'a side twice',
    reasons.value,
    [S.MaskProfiles, 1],
    (f) => f.set8(f.at(S.MaskProfiles, 1), f.view.getUint8(f.at(S.MaskProfiles, 0))),
  ],
  [
    'an action',
    reasons.value,
    [S.MaskProfiles, 0],
    (f) => f.set8(f.at(S.MaskProfiles, 0, MaskProfile.unreadable), 1),
  ],
  [
    'a number that is none',
    reasons.number,
    [S.Atoms, 0],
    (f) => f.setF64(f.at(S.Atoms, 0, Atom.number), Number.NaN),
  ],
  [
    'an infinite number',
    reasons.number,
    [S.Atoms, 0],
    (f) => f.setF64(f.at(S.Atoms, 0, Atom.number), -Infinity),
  ],
  [
    'an empty interval',
    reasons.interval,
    [S.Atoms, undefined],
    (f) => f.set64(f.at(S.Intervals, 0, Interval.endMs), 0n),
  ],
  [
    'intervals out of order',
    reasons.interval,
    [S.Atoms, undefined],
    (f) => f.swap(S.Intervals, 0, 1),
  ],
  [
    'intervals that overlap',
    reasons.interval,
    [S.Atoms, undefined],
    (f) => f.set64(f.at(S.Intervals, 1), 1n),
  ],
];

/** Reserved bytes. */
export const reserved: Case[] = (
  [
    [S.Rules, Rule.reserved],
    [S.IdentityTests, IdentityTest.reserved],
    [S.IdentityTests, IdentityTest.reserved2],
    [S.Atoms, Atom.reserved],
    [S.Atoms, Atom.reserved2],
    [S.MaskProfiles, MaskProfile.reserved],
    [S.MaskProfiles, MaskProfile.reserved2],
  ] as const
).map(([section, field]) => [
  `reserved bytes of ${bundleSectionNames.get(section)} (${field})`,
  reasons.reserved,
  [section, 1],
  (f) => f.set8(f.at(section, 1, field), 1),
]);
