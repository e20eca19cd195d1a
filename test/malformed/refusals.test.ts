/** Every reason for which a bundle or a state is refused, each provoked by the one thing that it names. */
import { beforeAll, describe, expect, test } from 'vitest';

import {
  Atom,
  AtomOp,
  Attribute,
  BUNDLE_MAX_BYTES,
  BundleHeader as Header,
  HostPattern,
  IdentityTest,
  Interval,
  Label,
  MaskProfile,
  NONE,
  Op,
  PathEdge,
  PathNode,
  PathPattern,
  Program,
  RiskBand,
  Route,
  Rule,
  BundleSection as S,
  Section,
  Selector,
  ServiceSlot,
  Signal,
  STATE_MAX_BYTES,
  StateHeader,
  StateSection as T,
} from '../../controller/layout.ts';
import { Mesh } from '../filter/mesh.ts';
import { bundleSectionNames, FileEditor } from './file-editor.ts';
import { sampleBundle, sampleState } from './samples.ts';

const FAR = 0x7fffffff;

/** What is broken, the reason, the section and record of the log line (undefined: any), and how. */
type Case = readonly [
  what: string,
  reason: string,
  place: readonly [section: number, record: number | undefined],
  edit: (file: FileEditor) => FileEditor | Uint8Array,
];

const reasons = {
  tooShort: 'file is shorter than its header',
  tooLong: 'file is larger than the format allows',
  reserved: 'reserved bytes are not zero',
  magic: 'magic number is wrong',
  version: 'format version is not known',
  length: 'length in the header is not the length of the file',
  header: 'header field is out of range',
  sectionCount: 'number of sections is wrong',
  sectionOrder: 'section is missing, repeated or out of order',
  sectionBounds: 'section lies outside the file',
  sectionSize: 'section length is not its record size times its count',
  padding: 'bytes between sections are not zero padding',
  string: 'string lies outside the strings section',
  span: 'span lies outside its section',
  listEntry: 'list entry points outside its section',
  index: 'index points outside its section',
  value: 'value is not known',
  hashTable: 'hash table is not well formed',
  program: 'program is not well formed',
  number: 'number is not finite',
  interval: 'intervals are not rising and disjoint',
  maskBlob: 'mask profile is not well formed',
  sortOrder: 'records are not sorted',
  entangled: 'lists overlap too much to be checked',
} as const;

const mended = new Uint8Array(BUNDLE_MAX_BYTES + 2 ** 20);

const frame: Case[] = [
  ['no bytes', reasons.tooShort, [0, 0], () => new Uint8Array()],
  ['only reserved bytes', reasons.tooShort, [0, 0], ({ bytes }) => bytes.subarray(0, 512)],
  ['no section table', reasons.tooShort, [0, 0], (f) => cutTo(f, 608)],
  ['33 MiB', reasons.tooLong, [0, 0], () => mended],
  ['a reserved byte', reasons.reserved, [0, 0], (f) => setFile(f, 511, 1)],
  ['reserved in the header', reasons.reserved, [0, 1], (f) => f.set16(Header.reserved, 1)],
  ['the magic of a state', reasons.magic, [0, 0], (f) => f.set32(Header.magic, 0x53415444)],
  ['format version 2', reasons.version, [0, 0], (f) => f.set16(Header.formatVersion, 2)],
  [
    'payload length',
    reasons.length,
    [0, 0],
    (f) => f.set32(Header.payloadLen, f.view.byteLength - 8),
  ],
  ['one byte less', reasons.length, [0, 0], (f) => f.bytes.subarray(0, -1)],
  ['version 0', reasons.header, [0, 2], (f) => f.set64(Header.version, 0n)],
  ['no mesh', reasons.header, [0, 3], (f) => f.set32(Header.meshLen, 0)],
  ['no service', reasons.header, [0, 3], (f) => f.set32(Header.serviceLen, 0)],
  ['names over 2 KiB', reasons.header, [0, 4], longNames],
  ['17 sections', reasons.sectionCount, [0, 0], (f) => f.set16(Header.sectionCount, 17)],
  ['a direction', reasons.value, [0, 0], (f) => f.set8(Header.direction, 2)],
  ['a shadow bundle', reasons.value, [0, 1], (f) => f.set8(Header.mode, 1)],
  [
    'two sections of a kind',
    reasons.sectionOrder,
    [S.Rules, 0],
    (f) => f.set32(f.entry(S.Rules), S.Lists),
  ],
  [
    'an unknown section',
    reasons.sectionOrder,
    [S.MaskBlobs, 0],
    (f) => f.set32(f.entry(S.MaskBlobs), 19),
  ],
  [
    'a section that is not aligned',
    reasons.sectionBounds,
    [S.Rules, 0],
    (f) => move(f, S.Rules, 4),
  ],
  [
    'a section in the table',
    reasons.sectionBounds,
    [1, 0],
    (f) => f.set32(f.entry(1) + Section.off, 96),
  ],
  [
    'a section behind the end',
    reasons.sectionBounds,
    [S.Rules, 0],
    (f) => f.set32(f.entry(S.Rules) + Section.off, FAR & ~7),
  ],
  [
    'a section over the end',
    reasons.sectionBounds,
    [S.MaskBlobs, 0],
    (f) => f.set32(f.entry(S.MaskBlobs) + Section.len, FAR),
  ],
  [
    'a section over the next one',
    reasons.sectionBounds,
    [S.Lists, 0],
    (f) => grow(f, S.Strings, 16),
  ],
  [
    'one record more',
    reasons.sectionSize,
    [S.Rules, 0],
    (f) => f.set32(f.entry(S.Rules) + Section.count, 4),
  ],
  ['a count that wraps', reasons.sectionSize, [S.Rules, 0], wrappingCount],
  ['a set byte of padding', reasons.padding, [S.Lists, 0], (f) => setPadding(f)],
  ['8 bytes behind the last section', reasons.padding, [S.MaskBlobs, 0], (f) => lengthen(f, 8)],
];

const strings: Case[] = (
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

const spans: Case[] = (
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

const records: Case[] = [
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

const reserved: Case[] = (
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

const tables: Case[] = [
  [
    'a wrong hash of a service',
    reasons.hashTable,
    [S.Services, undefined],
    (f) => f.set32(slot(f), 1),
  ],
  [
    'a wrong hash of an edge',
    reasons.hashTable,
    [S.PathEdges, undefined],
    (f) => f.set32(edge(f), 1),
  ],
  ['3 service slots', reasons.hashTable, [S.Services, 0], (f) => repeat(f, S.Services, 3)],
  ['3 edge slots', reasons.hashTable, [S.PathEdges, 0], (f) => repeat(f, S.PathEdges, 3)],
  [
    'a table without an empty slot',
    reasons.hashTable,
    [S.Services, 8],
    (f) => fillTable(f, S.Services, ServiceSlot.listCount, ServiceSlot.SIZE),
  ],
  [
    'edges without an empty slot',
    reasons.hashTable,
    [S.PathEdges, 8],
    (f) => fillTable(f, S.PathEdges, PathEdge.child, PathEdge.SIZE),
  ],
  ['a service that its look-up misses', reasons.hashTable, [S.Services, undefined], hideService],
];

const programs: Case[] = [
  ['no operations', [], 0],
  ['an unknown operation', [(99 << 24) | 0], 1],
  ['an atom that is not there', [(Op.Atom << 24) | 0xffff], 1],
  ['has() of an atom that is not there', [(Op.Has << 24) | 0xffff], 1],
  ['a constant of a fourth truth', [(Op.Constant << 24) | 3], 1],
  ['too few operands', [Op.Constant << 24, Op.And << 24], 2],
  ['a negation of nothing', [Op.Not << 24], 1],
  ['an operand of an operation', [Op.Constant << 24, (Op.Not << 24) | 1], 2],
  ['two results', [Op.Constant << 24, Op.Constant << 24], 2],
  ['65 operands', [...Array(65).fill(Op.Constant << 24), ...Array(64).fill(Op.Or << 24)], 129],
].map(([what, code, count]) => [
  what as string,
  reasons.program,
  [S.Programs, 0] as const,
  (f: FileEditor) => {
    const bytes = new Uint8Array(
      Uint32Array.from([...(code as number[]), ...Array(200).fill(0)]).buffer,
    );
    const edited = f.rebuild(new Map([[S.Code, bytes]]));
    return edited
      .set32(edited.at(S.Programs, 0), 0)
      .set32(edited.at(S.Programs, 0, 4), count as number);
  },
]);

const states: Case[] = [
  ['no bytes', reasons.tooShort, [0, 0], () => new Uint8Array()],
  ['over 1 MiB', reasons.tooLong, [0, 0], () => new Uint8Array(STATE_MAX_BYTES + 1)],
  ['a reserved byte', reasons.reserved, [0, 0], (f) => setFile(f, 0, 1)],
  ['reserved in the header', reasons.reserved, [0, 1], (f) => f.set32(StateHeader.reserved, 1)],
  ['the magic of a bundle', reasons.magic, [0, 0], (f) => f.set32(StateHeader.magic, 0x42415444)],
  ['format version 0', reasons.version, [0, 0], (f) => f.set16(StateHeader.formatVersion, 0)],
  ['payload length', reasons.length, [0, 0], (f) => f.set32(StateHeader.payloadLen, 0)],
  ['6 sections', reasons.sectionCount, [0, 0], (f) => f.set16(StateHeader.sectionCount, 6)],
  ['epoch 0', reasons.header, [0, 2], (f) => f.set64(StateHeader.epoch, 0n)],
  ['no mesh', reasons.header, [0, 3], (f) => f.set32(StateHeader.meshLen, 0)],
  ['string of self', reasons.string, [0, 3], (f) => f.set32(StateHeader.selfLen, NONE)],
  ['string of the subject', reasons.string, [0, 3], (f) => f.set32(StateHeader.selfSubject, NONE)],
  [
    'sections out of order',
    reasons.sectionOrder,
    [T.Signals, 0],
    (f) => f.set32(f.entry(T.Signals), T.Bands),
  ],
  [
    'a section over the end',
    reasons.sectionBounds,
    [T.Bands, 0],
    (f) => f.set32(f.entry(T.Bands) + Section.len, NONE),
  ],
  [
    'half a digest',
    reasons.sectionSize,
    [T.RevokedDigests, 0],
    (f) => f.set32(f.entry(T.RevokedDigests) + Section.count, 2),
  ],
  [
    'digests out of order',
    reasons.sortOrder,
    [T.RevokedDigests, 1],
    (f) => f.swap(T.RevokedDigests, 0, 1),
  ],
  [
    'a digest twice',
    reasons.sortOrder,
    [T.RevokedDigests, 2],
    (f) => repeatRecord(f, T.RevokedDigests, 1),
  ],
  [
    'instances out of order',
    reasons.sortOrder,
    [T.RevokedInstances, 1],
    (f) => f.swap(T.RevokedInstances, 0, 1),
  ],
  ['signals out of order', reasons.sortOrder, [T.Signals, 1], (f) => f.swap(T.Signals, 0, 1)],
  ['attributes out of order', reasons.sortOrder, [T.Signals, 2], (f) => f.swap(T.Signals, 1, 2)],
  ['a signal twice', reasons.sortOrder, [T.Signals, 1], (f) => repeatRecord(f, T.Signals, 0)],
  ['bands out of order', reasons.sortOrder, [T.Bands, 1], (f) => f.swap(T.Bands, 0, 1)],
  ['string of a signal', reasons.string, [T.Signals, 3], (f) => f.set32(f.at(T.Signals, 3), NONE)],
  ['string of a band', reasons.string, [T.Bands, 1], (f) => f.set32(f.at(T.Bands, 1), NONE)],
  [
    'an attribute',
    reasons.value,
    [T.Signals, 0],
    (f) => f.set16(f.at(T.Signals, 0, Signal.attribute), Attribute.RequestTime),
  ],
  ['a band', reasons.value, [T.Bands, 0], (f) => f.set32(f.at(T.Bands, 0, RiskBand.band), 4)],
  [
    'reserved of a signal',
    reasons.reserved,
    [T.Signals, 0],
    (f) => f.set16(f.at(T.Signals, 0, Signal.reserved), 1),
  ],
  [
    'reserved of a band',
    reasons.reserved,
    [T.Bands, 0],
    (f) => f.set32(f.at(T.Bands, 0, RiskBand.reserved), 1),
  ],
  [
    'a value that is no number',
    reasons.number,
    [T.Signals, 0],
    (f) => f.setF64(f.at(T.Signals, 0, Signal.value), Number.NaN),
  ],
  [
    'an infinite value',
    reasons.number,
    [T.Signals, 0],
    (f) => f.setF64(f.at(T.Signals, 0, Signal.value), Infinity),
  ],
];

let mesh: Mesh;
const lines: string[] = [];
beforeAll(async () => {
  mesh = await Mesh.start({ onLog: ({ message }) => lines.push(message) });
});

function check(kind: 'bundle' | 'state', [, reason, [section, record], edit]: Case): void {
  const edited = edit(new FileEditor(kind === 'bundle' ? sampleBundle() : sampleState(), kind));
  const file = edited instanceof FileEditor ? edited.bytes : edited;
  lines.length = 0;
  const root = kind === 'bundle' ? mesh.bundle(file) : mesh.state(file);
  expect(lines).toHaveLength(1);
  const place = `(section ${section}, record ${record ?? /record (\d+)/.exec(lines[0] ?? '')?.[1] ?? ''})`;
  expect(lines[0]).toBe(`${kind} refused: ${reason} ${place}`);
  expect(root.accepted).toBe(false);
}

const bundles = [...frame, ...strings, ...spans, ...records, ...reserved, ...tables, ...programs];
test.each(bundles)('bundle: %s', (...entry) => check('bundle', entry));
test.each(states)('state: %s', (...entry) => check('state', entry));

describe('bundle', () => {
  test('the sample and a file written anew are accepted', () => {
    expect(mesh.bundle(sampleBundle()).accepted).toBe(true);
    const anew = new FileEditor(sampleBundle(), 'bundle').rebuild(new Map());
    expect(Buffer.compare(anew.bytes, sampleBundle())).toBe(0);
  });

  test('every entry of its lists is checked', () => {
    const whole = new FileEditor(sampleBundle(), 'bundle');
    for (let i = 0; i < whole.count(S.Lists); i++) {
      const edited = new FileEditor(sampleBundle(), 'bundle');
      edited.set32(edited.at(S.Lists, i), FAR);
      lines.length = 0;
      expect(mesh.bundle(edited.bytes).accepted).toBe(false);
      expect(lines[0]).toContain(reasons.listEntry);
    }
  });

  test('lists that overlap a thousand times are refused in good time', () => {
    const started = performance.now();
    check('bundle', ['overlap', reasons.entangled, [S.Rules, undefined], entangle]);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('every word of its mask blobs that is out of range is refused', () => {
    const whole = new FileEditor(sampleBundle(), 'bundle');
    const refused = new Set<number>();
    for (let at = 0; at < 48; at += 4) {
      const edited = new FileEditor(sampleBundle(), 'bundle');
      edited.set32(edited.at(S.MaskBlobs, at), FAR);
      lines.length = 0;
      expect(mesh.bundle(edited.bytes).accepted, `word ${at}`).toBe(false);
      expect(lines[0]).toContain(reasons.maskBlob);
      refused.add(at);
    }
    expect(whole.count(S.MaskBlobs)).toBeGreaterThan(96);
    expect(refused.size).toBe(12);
  });

  test.fails('reserved bytes of tables, trie and hosts are checked as well', () => {
    const places: [number, number, (f: FileEditor) => number][] = [
      [S.Services, ServiceSlot.reserved, slot],
      [S.PathNodes, PathNode.reserved, (f) => f.at(S.PathNodes, 0)],
      [S.PathEdges, PathEdge.reserved, edge],
      [S.Hosts, HostPattern.reserved, (f) => f.at(S.Hosts, 0)],
    ];
    for (const [section, field, place] of places) {
      check('bundle', [
        '',
        reasons.reserved,
        [section, undefined],
        (f) => f.set8(place(f) + field, 1),
      ]);
    }
  });
});

function setFile(file: FileEditor, at: number, value: number): FileEditor {
  file.bytes[at] = value;
  return file;
}

function cutTo(file: FileEditor, bytes: number): Uint8Array {
  return file.set32(Header.payloadLen, bytes - 512).bytes.subarray(0, bytes);
}

function lengthen(file: FileEditor, more: number): Uint8Array {
  const longer = new Uint8Array(file.bytes.length + more);
  longer.set(file.set32(Header.payloadLen, file.view.byteLength + more).bytes);
  return longer;
}

function move(file: FileEditor, section: number, bytes: number): FileEditor {
  const place = file.entry(section) + Section.off;
  return file.set32(place, file.u32(place) + bytes);
}

function grow(file: FileEditor, section: number, bytes: number): FileEditor {
  const place = file.entry(section);
  const len = file.u32(place + Section.len) + bytes;
  return file.set32(place + Section.len, len).set32(place + Section.count, len);
}

// 56 bytes times this count is the length again, modulo 2^32.
function wrappingCount(file: FileEditor): FileEditor {
  const place = file.entry(S.Rules);
  return file.set32(place + Section.count, file.count(S.Rules) + 2 ** 29);
}

function setPadding(file: FileEditor): FileEditor {
  const text = Buffer.concat([file.section(S.Strings), Buffer.from('abc')]);
  const odd = file.rebuild(
    new Map([[S.Strings, text.subarray(0, text.length - (text.length % 8) - 7)]]),
  );
  const end = odd.u32(odd.entry(S.Strings) + Section.off) + odd.count(S.Strings);
  return odd.set8(end, 1);
}

function longNames(file: FileEditor): FileEditor {
  const text = Buffer.concat([file.section(S.Strings), Buffer.alloc(2048, 'a')]);
  const edited = file.rebuild(new Map([[S.Strings, text]]));
  return edited.set32(Header.service, text.length - 2048).set32(Header.serviceLen, 2048);
}

/** The records of a section over and over, or the first few. */
function repeat(file: FileEditor, section: number, count: number): FileEditor {
  const size = file.section(section).length / file.count(section);
  const one = file.section(section);
  const many = Buffer.alloc(size * count);
  for (let at = 0; at < many.length; at += one.length)
    many.set(one.subarray(0, many.length - at), at);
  return file.rebuild(new Map([[section, many]]));
}

function repeatRecord(file: FileEditor, section: number, record: number): FileEditor {
  const size = file.at(section, 1) - file.at(section, 0);
  const from = 512 + file.at(section, record);
  file.bytes.copyWithin(from + size, from, from + size);
  return file;
}

/** Place of the first taken slot of the service table. */
function slot(file: FileEditor): number {
  return taken(file, S.Services, ServiceSlot.listCount);
}

/** Place of the first taken slot of the edge table. */
function edge(file: FileEditor): number {
  return taken(file, S.PathEdges, PathEdge.child);
}

function taken(file: FileEditor, section: number, mark: number): number {
  for (let i = 0; i < file.count(section); i++) {
    if (file.u32(file.at(section, i, mark)) !== 0) return file.at(section, i);
  }
  throw new RangeError(`section ${section} has no taken slot`);
}

/** All slots taken by copies of one: equal keys never end a search. */
function fillTable(file: FileEditor, section: number, mark: number, size: number): FileEditor {
  const from = 512 + taken(file, section, mark);
  const first = 512 + file.at(section, 0);
  const copy = file.bytes.slice(from, from + size);
  for (let i = 0; i < file.count(section); i++) file.bytes.set(copy, first + i * size);
  return file;
}

/** Moves a service to a slot that its own search does not reach. */
function hideService(file: FileEditor): FileEditor {
  const from = slot(file);
  const bytes = file.bytes.slice(512 + from, 512 + from + ServiceSlot.SIZE);
  const count = file.count(S.Services);
  const home = file.u32(from) & (count - 1);
  file.bytes.fill(0, 512 + from, 512 + from + ServiceSlot.SIZE);
  const empty = [...Array(count).keys()].filter(
    (i) => i !== home && file.u32(file.at(S.Services, i, ServiceSlot.listCount)) === 0,
  );
  const target = empty.find(
    (i) =>
      file.u32(file.at(S.Services, (i + count - 1) & (count - 1), ServiceSlot.listCount)) === 0,
  );
  if (target === undefined) throw new RangeError('no slot out of reach');
  file.bytes.set(bytes, 512 + file.at(S.Services, target));
  return file;
}

/** 1,100 rules that each name 64 Ki selectors. */
function entangle(file: FileEditor): FileEditor {
  const list = new Uint8Array(4 * 65_536);
  const lists = Buffer.concat([file.section(S.Lists), list]);
  const start = file.count(S.Lists);
  const many = repeat(file, S.Rules, 1100).rebuild(new Map([[S.Lists, lists]]));
  for (let i = 0; i < 1100; i++) {
    many.set32(many.at(S.Rules, i, Rule.selectorStart), start);
    many.set32(many.at(S.Rules, i, Rule.selectorCount), 65_536);
  }
  return many;
}
