/** The tables of request values: headers, parameters and the like that conditions read, and what they are held against. */
import { DtaError } from '../../errors.ts';
import {
  BundleSection,
  REQUEST_NAMES_MAX,
  REQUEST_TESTS_MAX,
  RequestName,
  RequestTest,
  TextOp,
} from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import type { RequestRef } from '../cel/condition.ts';
import { showRequestRef } from '../cel/show-condition.ts';
import { hash32 } from '../hash32.ts';
import type { TextPattern } from '../text-pattern.ts';
import { hashBelow, slotSection } from './hash-slots.ts';
import type { ListTable } from './lists.ts';

interface Name {
  readonly index: number;
  readonly ref: RequestRef;
  /** Indexes of its tests, by operation and text. */
  readonly tests: Map<string, number>;
  /** How many of them no slot finds: every value is held against each. */
  walked: number;
}

interface Test {
  readonly name: number;
  readonly pattern: TextPattern;
}

/** Collects names and tests, equal ones once. */
export class RequestValueTable {
  readonly #byRef = new Map<string, Name>();
  readonly #names: Name[] = [];
  readonly #tests: Test[] = [];

  /** The index of a name. Throws DtaError when there are more than REQUEST_NAMES_MAX. */
  internName(ref: RequestRef): number {
    return this.#intern(ref).index;
  }

  /** The index of a test. Throws like internName, and for more than REQUEST_TESTS_MAX of a name that are not Equal. */
  internTest(ref: RequestRef, pattern: TextPattern): number {
    const name = this.#intern(ref);
    const key = `${pattern.op} ${pattern.text}`;
    const known = name.tests.get(key);
    if (known !== undefined) return known;
    if (pattern.op !== TextOp.Equal) countWalked(name);
    const index = this.#tests.push({ name: name.index, pattern }) - 1;
    name.tests.set(key, index);
    return index;
  }

  /** Sections RequestNames, RequestTests and RequestSlots. */
  write(lists: ListTable, strings: StringTable): SectionData[] {
    const names = new Records(RequestName.SIZE);
    for (const { ref, tests } of this.#names) {
      const walked = [...tests.values()].filter((test) => !this.#isFoundByHash(test));
      names.add((view, at) => {
        view.setUint32(at + RequestName.kind, ref.kind, true);
        strings.put(view, at + RequestName.name, ref.name);
        lists.put(view, at + RequestName.testStart, walked);
      });
    }
    const tests = new Records(RequestTest.SIZE);
    for (const { name, pattern } of this.#tests) {
      tests.add((view, at) => {
        view.setUint32(at + RequestTest.name, name, true);
        view.setUint32(at + RequestTest.op, pattern.op, true);
        strings.put(view, at + RequestTest.text, pattern.text);
      });
    }
    const hashes = this.#tests.map(({ name, pattern }, index) =>
      this.#isFoundByHash(index)
        ? hashBelow(name, hash32(strings.bytesOf(pattern.text)))
        : undefined,
    );
    return [
      names.section(BundleSection.RequestNames),
      tests.section(BundleSection.RequestTests),
      slotSection(BundleSection.RequestSlots, hashes),
    ];
  }

  #intern(ref: RequestRef): Name {
    const key = `${ref.kind} ${ref.name}`;
    const known = this.#byRef.get(key);
    if (known !== undefined) return known;
    if (this.#names.length >= REQUEST_NAMES_MAX) {
      const what = `more than ${REQUEST_NAMES_MAX} different headers and parameters`;
      throw new DtaError('policyInvalid', what, {
        help: 'read fewer of them in the rules of one destination',
      });
    }
    const name = { index: this.#names.length, ref, tests: new Map(), walked: 0 };
    this.#names.push(name);
    this.#byRef.set(key, name);
    return name;
  }

  #isFoundByHash(test: number): boolean {
    return this.#tests[test]?.pattern.op === TextOp.Equal;
  }
}

function countWalked(name: Name): void {
  name.walked += 1;
  if (name.walked <= REQUEST_TESTS_MAX) return;
  const wildcards = `more than ${REQUEST_TESTS_MAX} texts with a wildcard for \`${showRequestRef(name.ref)}\``;
  throw new DtaError('policyInvalid', wildcards, {
    help: 'write exact texts, of which there may be any number, or fewer starts and ends',
  });
}
