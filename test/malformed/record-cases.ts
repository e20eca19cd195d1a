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
  Outcome,
  PathAffix,
  PathEdge,
  PathPattern,
  Program,
  RequestName,
  RequestTest,
  Route,
  Rule,
  BundleSection as S,
  Selector,
  ServiceEntry,
  TestOp,
} from '../../controller/layout.ts';
import { find, repeat, withEntries } from './edits.ts';
import { bundleSectionNames, type FileEditor } from './file-editor.ts';
import { type Case, FAR, reasons } from './refusal-case.ts';

/** Strings outside of the strings. */
export const strings: Case[] = (
  [
    [S.Rules, Rule.nameLen],
    [S.IdentityTests, IdentityTest.label],
    [S.IdentityTests, IdentityTest.valueLen],
    [S.Services, ServiceEntry.keyLen],
    [S.PathEdges, PathEdge.segment],
    [S.PathAffixes, PathAffix.text],
    [S.Hosts, HostPattern.textLen],
    [S.RequestNames, RequestName.name],
    [S.RequestTests, RequestTest.textLen],
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
    [S.Services, ServiceEntry.listStart],
    [S.PathPatterns, PathPattern.ruleStart],
    [S.Programs, Program.start],
    [S.RequestNames, RequestName.testStart],
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

/** Lists that lead to one thing twice, or in another order: what they name would be visited over and over. */
export const orders: Case[] = (
  [
    ['rules without a source', 0, 5, () => Header.anySourceStart],
    ['rules for any path', 0, 6, () => Header.anyPathStart],
    ['selectors without a service', 0, 7, () => Header.residualStart],
    ['selectors of a rule', S.Rules, 1, (f) => f.at(S.Rules, 1, Rule.selectorStart)],
    ['routes of a rule', S.Rules, 0, (f) => f.at(S.Rules, 0, Rule.routeStart)],
    ['rules of a selector', S.Selectors, 1, (f) => f.at(S.Selectors, 1, Selector.ruleStart)],
    ['selectors of a service', S.Services, 0, (f) => f.at(S.Services, 0, ServiceEntry.listStart)],
    ['rules of a path', S.PathPatterns, 1, (f) => f.at(S.PathPatterns, 1, PathPattern.ruleStart)],
  ] as [string, number, number, (f: FileEditor) => number][]
).flatMap(([what, section, record, placeOf]) =>
  [
    [0, 0],
    [0, 1, 1],
    [1, 0],
  ].map(
    (list): Case => [
      `${what}: ${list}`,
      reasons.sortOrder,
      [section, record],
      (f) => {
        const { file, start } = withEntries(f, list);
        return file.setSpan(placeOf(file), start, list.length);
      },
    ],
  ),
);

/** The first atom of an attribute. */
const atom = (f: FileEditor, attribute: Attribute): number =>
  find(f, S.Atoms, Atom.attribute, (word) => (word & 0xffff) === attribute);

/** Atoms that point where nothing is: a record, or two entries in Lists and what these name. */
export const operands: Case[] = [
  ...(
    [
      ['Identity', S.IdentityTests],
      ['Path', S.PathPatterns],
      ['Host', S.Hosts],
      ['RequestValue', S.RequestTests],
      ['RequestName', S.RequestNames],
    ] as const
  ).map(
    ([name, section]): Case => [
      `an atom behind the records of ${name}`,
      reasons.index,
      [S.Atoms, undefined],
      (f) => f.set32(f.at(S.Atoms, atom(f, Attribute[name]), Atom.index), f.count(section)),
    ],
  ),
  [
    'an atom with an index that nothing reads',
    reasons.index,
    [S.Atoms, undefined],
    (f) => f.set32(f.at(S.Atoms, atom(f, Attribute.SourceCpu), Atom.index), 1),
  ],
  ...([Attribute.RequestTime, Attribute.EnvironmentFact] as const).flatMap((attribute): Case[] => [
    [
      `two entries behind the lists (${attribute})`,
      reasons.span,
      [S.Atoms, undefined],
      (f) => f.set32(f.at(S.Atoms, atom(f, attribute), Atom.index), f.count(S.Lists) - 1),
    ],
    [
      `two entries at the end of all numbers (${attribute})`,
      reasons.span,
      [S.Atoms, undefined],
      (f) => f.set32(f.at(S.Atoms, atom(f, attribute), Atom.index), NONE),
    ],
  ]),
  [
    'intervals behind the intervals',
    reasons.span,
    [S.Atoms, undefined],
    (f) => {
      const { file, start } = withEntries(f, [1, f.count(S.Intervals)]);
      return file.set32(file.at(S.Atoms, atom(file, Attribute.RequestTime), Atom.index), start);
    },
  ],
  [
    'the name of a fact behind the strings',
    reasons.string,
    [S.Atoms, undefined],
    (f) => {
      const { file, start } = withEntries(f, [f.count(S.Strings), 1]);
      return file.set32(file.at(S.Atoms, atom(file, Attribute.EnvironmentFact), Atom.index), start);
    },
  ],
];

/** Fields with a meaning of their own. */
export const records: Case[] = [
  ['string of the mesh', reasons.string, [0, 3], (f) => f.set32(Header.mesh, FAR)],
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
    'an outcome of a rule',
    reasons.index,
    [S.Rules, 0],
    (f) => f.set32(f.at(S.Rules, 0, Rule.outcome), f.count(S.Outcomes)),
  ],
  [
    'a program of a route',
    reasons.index,
    [S.Routes, 1],
    (f) => f.set32(f.at(S.Routes, 1, Route.program), f.count(S.Programs)),
  ],
  [
    'hosts of a route behind the lists',
    reasons.span,
    [S.Routes, 0],
    (f) => f.set32(f.at(S.Routes, 0, Route.hosts), f.count(S.Lists) - 1),
  ],
  [
    'hosts of a route that there are not',
    reasons.index,
    [S.Routes, 0],
    (f) => {
      const { file, start } = withEntries(f, [0, 1 << 30]);
      return file.set32(file.at(S.Routes, 0, Route.hosts), start);
    },
  ],
  ['65 labels', reasons.index, [S.Labels, 65], (f) => repeat(f, S.Labels, 65)],
  ['65 hosts', reasons.index, [S.Hosts, 65], (f) => repeat(f, S.Hosts, 65)],
  ['3 mask profiles', reasons.index, [S.MaskProfiles, 3], (f) => repeat(f, S.MaskProfiles, 3)],
  [
    'an effect',
    reasons.value,
    [S.Outcomes, 1],
    (f) => f.set8(f.at(S.Outcomes, 1, Outcome.effect), 2),
  ],
  [
    'a risk',
    reasons.value,
    [S.Outcomes, 0],
    (f) => f.set8(f.at(S.Outcomes, 0, Outcome.maxRisk), 4),
  ],
  [
    'an audit',
    reasons.value,
    [S.Outcomes, 0],
    (f) => f.set8(f.at(S.Outcomes, 0, Outcome.audit), 3),
  ],
  [
    'a shadow flag',
    reasons.value,
    [S.Outcomes, 0],
    (f) => f.set8(f.at(S.Outcomes, 0, Outcome.shadow), 2),
  ],
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
  [
    'a service that is there',
    reasons.value,
    [S.IdentityTests, 0],
    (f) =>
      f
        .set8(f.at(S.IdentityTests, 0), 1)
        .set8(f.at(S.IdentityTests, 0, IdentityTest.op), TestOp.Present),
  ],
  [
    'a test that is not known',
    reasons.value,
    [S.IdentityTests, 0],
    (f) =>
      f
        .set8(f.at(S.IdentityTests, 0), 6)
        .set8(f.at(S.IdentityTests, 0, IdentityTest.op), TestOp.Absent + 1),
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
    'a record that is less',
    reasons.value,
    [S.Atoms, undefined],
    (f) => f.set16(f.at(S.Atoms, atom(f, Attribute.SourceCpu)), Attribute.Identity),
  ],
  [
    'a number that matches',
    reasons.value,
    [S.Atoms, undefined],
    (f) => f.set8(f.at(S.Atoms, atom(f, Attribute.SourceCpu), Atom.op), AtomOp.Matches),
  ],
  [
    'an attribute between signals and records',
    reasons.value,
    [S.Atoms, undefined],
    (f) => f.set16(f.at(S.Atoms, atom(f, Attribute.Path)), Attribute.EnvironmentFact + 1),
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
    (f) => f.set8(f.at(S.MaskProfiles, 0, MaskProfile.unreadable), 3),
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
    [S.Outcomes, Outcome.reserved],
    [S.Hosts, HostPattern.reserved],
    [S.Atoms, Atom.reserved],
    [S.RequestNames, RequestName.reserved],
    [S.MaskProfiles, MaskProfile.reserved],
    [S.MaskProfiles, MaskProfile.reserved2],
  ] as const
).map(([section, field]) => [
  `reserved bytes of ${bundleSectionNames.get(section)} (${field})`,
  reasons.reserved,
  [section, 1],
  (f) => f.set8(f.at(section, 1, field), 1),
]);
