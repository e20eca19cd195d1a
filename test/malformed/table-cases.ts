/** What can be wrong with hash tables and programs of a bundle. */
import {
  Atom,
  Attribute,
  Op,
  RequestTest,
  BundleSection as S,
  ServiceEntry,
  TextOp,
} from '../../controller/layout.ts';
import { changeSlot, find, repeat, repeatRecord, turnSlots, withEntries } from './edits.ts';
import { bundleSectionNames, type FileEditor } from './file-editor.ts';
import { type Case, reasons } from './refusal-case.ts';

const slotSections = [
  [S.ServiceSlots, S.Services],
  [S.EdgeSlots, S.PathEdges],
  [S.AffixSlots, S.PathAffixes],
  [S.RequestSlots, S.RequestTests],
] as const;

/** Tables in which a look-up would miss a key, or read where there is no record. */
export const tables: Case[] = [
  ...slotSections.flatMap(([slots, records]): Case[] => {
    const name = bundleSectionNames.get(slots);
    return [
      [`3 ${name}`, reasons.hashTable, [slots, 0], (f) => repeat(f, slots, 3)],
      [`no ${name}`, reasons.hashTable, [records, undefined], (f) => repeat(f, slots, 0)],
      [
        `a record that is not there in ${name}`,
        reasons.hashTable,
        [slots, undefined],
        (f) => changeSlot(f, slots, (word) => (word & 0xff00_0000) | (f.count(records) + 1)),
      ],
      [
        `a hash without a record in ${name}`,
        reasons.hashTable,
        [slots, undefined],
        (f) => changeSlot(f, slots, (word) => (word & 0xff00_0000) | 0),
      ],
      [
        `a wrong hash in ${name}`,
        reasons.hashTable,
        [records, undefined],
        (f) => changeSlot(f, slots, (word) => word ^ 0x8000_0000),
      ],
      [
        `a record without a slot in ${name}`,
        reasons.hashTable,
        [records, undefined],
        (f) => changeSlot(f, slots, () => 0),
      ],
      [
        `keys that their look-up misses in ${name}`,
        reasons.hashTable,
        [records, undefined],
        (f) => turnSlots(f, slots),
      ],
    ];
  }),
  ['a service twice', reasons.hashTable, [S.Services, 1], (f) => repeatRecord(f, S.Services, 0)],
  ['an edge twice', reasons.hashTable, [S.PathEdges, 1], (f) => repeatRecord(f, S.PathEdges, 0)],
  [
    'a service of no selector',
    reasons.listEntry,
    [S.Services, 1],
    (f) => {
      const { file, start } = withEntries(f, [f.count(S.Selectors)]);
      const place = file.at(S.Services, 1, ServiceEntry.listStart);
      return file.set32(place, start).set32(place + 4, 1);
    },
  ],
  [
    'a slot of a test that a list has',
    reasons.hashTable,
    [S.RequestSlots, undefined],
    (f) => {
      const prefix = find(f, S.RequestTests, RequestTest.op, (op) => op === TextOp.Prefix);
      return changeSlot(f, S.RequestSlots, (word) => (word & 0xff00_0000) | (prefix + 1));
    },
  ],
];

const atomOf = (f: FileEditor, attribute: Attribute): number =>
  find(f, S.Atoms, Atom.attribute, (word) => (word & 0xffff) === attribute);

/** Atoms under an operation that they have no value for. */
export const misused: Case[] = (
  [
    [Op.Atom, 'RequestName'],
    [Op.Has, 'Identity'],
    [Op.Has, 'Path'],
    [Op.Has, 'Host'],
    [Op.Has, 'RequestValue'],
  ] as const
).map(([op, name]) => [
  `operation ${op} of ${name}`,
  reasons.program,
  [S.Programs, 0],
  (f) => programOf(f, [(op << 24) | atomOf(f, Attribute[name])], 1),
]);

function programOf(f: FileEditor, code: readonly number[], count: number): FileEditor {
  const bytes = new Uint8Array(Uint32Array.from([...code, ...Array(200).fill(0)]).buffer);
  const edited = f.rebuild(new Map([[S.Code, bytes]]));
  return edited.set32(edited.at(S.Programs, 0), 0).set32(edited.at(S.Programs, 0, 4), count);
}

/** Programs whose operand stack would not work out. */
export const programs: Case[] = [
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
  (f: FileEditor) => programOf(f, code as number[], count as number),
]);
