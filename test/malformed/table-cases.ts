/** What can be wrong with hash tables and programs of a bundle. */
import { Op, PathEdge, BundleSection as S, ServiceSlot } from '../../controller/layout.ts';
import { edge, fillTable, hideService, repeat, slot } from './edits.ts';
import type { FileEditor } from './file-editor.ts';
import { type Case, reasons } from './refusal-case.ts';

/** Tables in which a look-up would miss a key or never end. */
export const tables: Case[] = [
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
