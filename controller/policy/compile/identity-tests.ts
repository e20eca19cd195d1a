/** The table of identity tests, which selectors and conditions share. */
import { BundleSection, IdentityTest as Layout } from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import type { IdentityTest } from '../identity-test.ts';

/** Collects identity tests, equal ones once. */
export class IdentityTestTable {
  readonly #strings: StringTable;
  readonly #records = new Records(Layout.SIZE);
  // By attribute and operation, then by operand; a label stands in front of its operand.
  readonly #indexes: Map<string, number>[] = [];

  constructor(strings: StringTable) {
    this.#strings = strings;
  }

  /** The index of a test. */
  intern({ attribute, op, label, value }: IdentityTest): number {
    const kind = attribute * OPS + op;
    this.#indexes[kind] ??= new Map();
    const indexes = this.#indexes[kind];
    // Names of labels have no blanks.
    const key = label === '' ? value : `${label} ${value}`;
    const known = indexes.get(key);
    if (known !== undefined) return known;
    const { off, len } = this.#strings.intern(label);
    const index = this.#records.add((view, at) => {
      view.setUint8(at + Layout.attribute, attribute);
      view.setUint8(at + Layout.op, op);
      view.setUint16(at + Layout.labelLen, len, true);
      view.setUint32(at + Layout.label, off, true);
      this.#strings.put(view, at + Layout.value, value);
    });
    indexes.set(key, index);
    return index;
  }

  section(): SectionData {
    return this.#records.section(BundleSection.IdentityTests);
  }
}

/** More than there are operations. */
const OPS = 16;
