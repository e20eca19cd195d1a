/** What can be wrong with the path tables of a bundle. */
import {
  CHILD_LEAF,
  BundleHeader as Header,
  NONE,
  PathAffix,
  PathEdge,
  PathNode,
  BundleSection as S,
} from '../../controller/layout.ts';
import { find, withEntries } from './edits.ts';
import type { FileEditor } from './file-editor.ts';
import { type Case, reasons } from './refusal-case.ts';

/** A node with prefixes of these lengths. */
function withLengths(f: FileEditor, lengths: readonly number[]): FileEditor {
  const { file, start } = withEntries(f, [lengths.length, ...lengths]);
  const node = find(file, S.PathNodes, PathNode.prefixes, (word) => word !== NONE);
  return file.set32(file.at(S.PathNodes, node, PathNode.prefixes), start);
}

/** What leads to patterns of paths. */
export const paths: Case[] = [
  [
    'suffix lengths behind the lists',
    reasons.span,
    [0, 8],
    (f) => f.set32(Header.suffixLengthStart, NONE).set32(Header.suffixLengthCount, 2),
  ],
  [
    'suffix lengths that fall',
    reasons.sortOrder,
    [0, 8],
    (f) => {
      const { file, start } = withEntries(f, [5, 4]);
      return file.set32(Header.suffixLengthStart, start).set32(Header.suffixLengthCount, 2);
    },
  ],
  [
    'a suffix whose length is not listed',
    reasons.hashTable,
    [S.PathAffixes, undefined],
    (f) => f.set32(Header.suffixLengthCount, 0),
  ],
  [
    'prefixes behind the lists',
    reasons.span,
    [S.PathNodes, 0],
    (f) => f.set32(f.at(S.PathNodes, 0, PathNode.prefixes), f.count(S.Lists)),
  ],
  [
    'prefixes that leave the lists',
    reasons.span,
    [S.PathNodes, undefined],
    (f) => {
      const { file, start } = withEntries(f, [2, 1]);
      return file.set32(file.at(S.PathNodes, 0, PathNode.prefixes), start);
    },
  ],
  ['lengths that fall', reasons.sortOrder, [S.PathNodes, undefined], (f) => withLengths(f, [2, 0])],
  ['equal lengths', reasons.sortOrder, [S.PathNodes, undefined], (f) => withLengths(f, [2, 2])],
  [
    'a length above all strings',
    reasons.listEntry,
    [S.PathNodes, undefined],
    (f) => withLengths(f, [0, 2, f.count(S.Strings) + 1]),
  ],
  [
    'a prefix whose length is not listed',
    reasons.hashTable,
    [S.PathAffixes, undefined],
    (f) => withLengths(f, [77]),
  ],
  [
    'a prefix of a node without prefixes',
    reasons.hashTable,
    [S.PathAffixes, 0],
    (f) => {
      const node = find(f, S.PathNodes, PathNode.prefixes, (word) => word === NONE);
      return f.set32(f.at(S.PathAffixes, 0, PathAffix.node), node);
    },
  ],
  [
    'an affix of no node',
    reasons.index,
    [S.PathAffixes, 0],
    (f) => f.set32(f.at(S.PathAffixes, 0, PathAffix.node), f.count(S.PathNodes)),
  ],
  [
    'an affix of no pattern',
    reasons.index,
    [S.PathAffixes, 1],
    (f) => f.set32(f.at(S.PathAffixes, 1, PathAffix.pattern), f.count(S.PathPatterns)),
  ],
  [
    'a node that ends no pattern',
    reasons.index,
    [S.PathNodes, 1],
    (f) => f.set32(f.at(S.PathNodes, 1, PathNode.end), f.count(S.PathPatterns)),
  ],
  [
    'a tail of no pattern',
    reasons.index,
    [S.PathNodes, 1],
    (f) => f.set32(f.at(S.PathNodes, 1, PathNode.tail), f.count(S.PathPatterns)),
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
    'a leaf of no pattern',
    reasons.index,
    [S.PathNodes, 0],
    (f) => f.set32(f.at(S.PathNodes, 0), CHILD_LEAF + f.count(S.PathPatterns)),
  ],
  [
    'an edge to its parent',
    reasons.index,
    [S.PathEdges, 0],
    (f) => f.set32(f.at(S.PathEdges, 0, PathEdge.child), f.u32(f.at(S.PathEdges, 0))),
  ],
  [
    'an edge from nowhere',
    reasons.index,
    [S.PathEdges, 0],
    (f) => f.set32(f.at(S.PathEdges, 0, PathEdge.node), f.count(S.PathNodes)),
  ],
  [
    'an edge to nowhere',
    reasons.index,
    [S.PathEdges, 1],
    (f) => f.set32(f.at(S.PathEdges, 1, PathEdge.child), f.count(S.PathNodes)),
  ],
  [
    'an edge to no child',
    reasons.index,
    [S.PathEdges, 1],
    (f) => f.set32(f.at(S.PathEdges, 1, PathEdge.child), NONE),
  ],
  [
    'no trie',
    reasons.index,
    [S.PathNodes, 0],
    (f) => f.rebuild(new Map([[S.PathNodes, new Uint8Array()]])),
  ],
];
