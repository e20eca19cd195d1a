/** The table of hosts: each has one bit. */
import { DtaError } from '../../errors.ts';
import { BundleSection, HOST_PATTERNS_MAX, HostPattern as Layout } from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import type { HostPattern } from '../host-pattern.ts';

/** Collects hosts, equal ones once. */
export class HostTable {
  readonly #strings: StringTable;
  readonly #indexes = new Map<string, number>();
  readonly #records = new Records(Layout.SIZE);

  constructor(strings: StringTable) {
    this.#strings = strings;
  }

  /** The index of a host, which is its bit. Throws DtaError when there are more than HOST_PATTERNS_MAX. */
  intern(host: HostPattern): number {
    const key = `${host.kind} ${host.text}`;
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    if (this.#records.count >= HOST_PATTERNS_MAX) {
      throw new DtaError('policyInvalid', `more than ${HOST_PATTERNS_MAX} different hosts`, {
        help: 'use suffixes such as `*.example.org`, or split the destination',
      });
    }
    const index = this.#records.add((view, at) => {
      view.setUint32(at + Layout.kind, host.kind, true);
      this.#strings.put(view, at + Layout.text, host.text);
    });
    this.#indexes.set(key, index);
    return index;
  }

  section(): SectionData {
    return this.#records.section(BundleSection.Hosts);
  }
}
