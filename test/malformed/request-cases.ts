/** What can be wrong with the tables of request values of a bundle. */
import {
  RequestKind,
  RequestName,
  RequestTest,
  BundleSection as S,
  TextOp,
} from '../../controller/layout.ts';
import { find, repeat, withEntries } from './edits.ts';
import type { FileEditor } from './file-editor.ts';
import { type Case, reasons } from './refusal-case.ts';

const listed = (f: FileEditor): number =>
  find(f, S.RequestNames, RequestName.testCount, (n) => n > 0);
const test = (f: FileEditor, op: TextOp): number =>
  find(f, S.RequestTests, RequestTest.op, (o) => o === op);

/** The list of a name, replaced. */
function withTests(f: FileEditor, tests: readonly number[]): FileEditor {
  const { file, start } = withEntries(f, tests);
  const name = file.at(S.RequestNames, listed(f));
  return file
    .set32(name + RequestName.testStart, start)
    .set32(name + RequestName.testCount, tests.length);
}

/** What is read of requests. */
export const requests: Case[] = [
  [
    'a test of no name',
    reasons.index,
    [S.RequestTests, 1],
    (f) => f.set32(f.at(S.RequestTests, 1, RequestTest.name), f.count(S.RequestNames)),
  ],
  [
    'a comparison of values',
    reasons.value,
    [S.RequestTests, 1],
    (f) => f.set32(f.at(S.RequestTests, 1, RequestTest.op), TextOp.Suffix + 1),
  ],
  [
    'no comparison of values',
    reasons.value,
    [S.RequestTests, 0],
    (f) => f.set32(f.at(S.RequestTests, 0, RequestTest.op), 0),
  ],
  [
    'a kind of a name',
    reasons.value,
    [S.RequestNames, 1],
    (f) => f.set32(f.at(S.RequestNames, 1), RequestKind.Method + 1),
  ],
  [
    '129 tests of a name that are not Equal',
    reasons.index,
    [S.RequestNames, undefined],
    (f) => {
      const { file, start } = withEntries(f, [...Array(129).keys()]);
      const many = repeat(file, S.RequestTests, 129);
      return many.setSpan(many.at(S.RequestNames, listed(f), RequestName.testStart), start, 129);
    },
  ],
  ['65 names', reasons.index, [S.RequestNames, 65], (f) => repeat(f, S.RequestNames, 65)],
  [
    'tests of a name that fall',
    reasons.sortOrder,
    [S.RequestNames, undefined],
    (f) =>
      withTests(
        f,
        [test(f, TextOp.Suffix), test(f, TextOp.Prefix)].sort((a, b) => b - a),
      ),
  ],
  [
    'a test that a name lists twice',
    reasons.sortOrder,
    [S.RequestNames, undefined],
    (f) => withTests(f, [test(f, TextOp.Prefix), test(f, TextOp.Prefix)]),
  ],
  [
    'a test of another name',
    reasons.listEntry,
    [S.RequestNames, undefined],
    (f) => {
      const at = f.at(S.RequestTests, test(f, TextOp.Prefix), RequestTest.name);
      return f.set32(at, (f.u32(at) + 1) % f.count(S.RequestNames));
    },
  ],
  [
    'a test in a list that slots find',
    reasons.listEntry,
    [S.RequestNames, undefined],
    (f) => withTests(f, [test(f, TextOp.Equal)]),
  ],
  [
    'a test that no list has',
    reasons.hashTable,
    [S.RequestTests, undefined],
    (f) => f.set32(f.at(S.RequestNames, listed(f), RequestName.testCount), 0),
  ],
];
