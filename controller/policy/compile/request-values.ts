/** The tables of request values: headers, parameters and the like that conditions read, and what they are held against. */
import { DtaError } from '../../errors.ts';
import {
  BundleSection,
  REQUEST_NAMES_MAX,
  RequestName,
  RequestTest,
  TextOp,
} from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import type { RequestRef } from '../cel/condition.ts';
import { hash32 } from '../hash32.ts';
import type { TextPattern } from '../text-pattern.ts';
import { hashBelow, slotSection } from './hash-slots.ts';
import type { ListTable } from './lists.ts';

interface Name {
  readonly ref: RequestRef;
  /** Indexes of its tests, by operation and text. */
  readonly tests: Map<string, number>;
}

interface Test {
  readonly name: number;
  readonly pattern: TextPattern;
}

/** Collects names and tests, equal ones once. */
export class RequestValueTable {
  readonly #indexes = new Map<string, number>();
  readonly #names: Name[] = [];
  readonly #tests: Test[] = [];

  /** The index of a name. Throws DtaError when there are more than REQUEST_NAMES_MAX. */
  internName(ref: RequestRef): number {
    const key = `${ref.kind} ${ref.name}`;
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    if (this.#names.length >= REQUEST_NAMES_MAX) {
      const what = `more than ${REQUEST_NAMES_MAX} different headers and parameters`;
      throw new DtaError('policyInvalid', what, {
        help: 'read fewer of them in the rules of one destination',
      });
    }
    const index = this.#names.push({ ref, tests: new Map() }) - 1;
    this.#indexes.set(key, index);
    return index;
  }

  /** The index of a test. Throws like internName. */
  internTest(ref: RequestRef, pattern: TextPattern): number {
    const name = this.internName(ref);
    const tests = this.#names[name]?.tests;
    const key = `${pattern.op} ${pattern.text}`;
    const known = tests?.get(key);
    if (known !== undefined) return known;
    const index = this.#tests.push({ name, pattern }) - 1;
    tests?.set(key, index);
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

  #isFoundByHash(test: number): boolean {
    return this.#tests[test]?.pattern.op === TextOp.Equal;
  }
}
