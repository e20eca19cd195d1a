/** The tables of sources: selectors, and the index that finds them by the service they name. */
import {
  BundleSection,
  IdentityAttribute,
  Selector as SelectorLayout,
  ServiceEntry,
  TestOp,
} from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import { hash32 } from '../hash32.ts';
import type { Selector } from '../policy-set.ts';
import { slotSection } from './hash-slots.ts';
import type { IdentityTestTable } from './identity-tests.ts';
import type { ListTable, Run } from './lists.ts';

interface Entry {
  readonly tests: Run;
  readonly rules: number[];
}

/** Sections Selectors, Services and ServiceSlots, and the selectors that name no exact service. */
export interface WrittenSelectors {
  readonly selectors: SectionData;
  readonly services: readonly SectionData[];
  readonly residual: readonly number[];
}

/** Collects selectors, equal ones once, with the rules that use them. */
export class SelectorTable {
  readonly #tests: IdentityTestTable;
  readonly #lists: ListTable;
  // By where their tests start in the lists.
  readonly #indexes = new Map<number, number>();
  readonly #entries: Entry[] = [];
  readonly #byService = new Map<string, number[]>();
  readonly #residual: number[] = [];

  constructor(tests: IdentityTestTable, lists: ListTable) {
    this.#tests = tests;
    this.#lists = lists;
  }

  /** The index of a selector that `rule` uses. Rules come in rising order. */
  use(selector: Selector, rule: number): number {
    const tests = this.#lists.intern(selector.map((test) => this.#tests.intern(test)));
    let index = this.#indexes.get(tests.start);
    if (index === undefined) {
      index = this.#entries.push({ tests, rules: [] }) - 1;
      this.#indexes.set(tests.start, index);
      this.#file(selector, index);
    }
    const rules = this.#entries[index]?.rules;
    if (rules?.at(-1) !== rule) rules?.push(rule);
    return index;
  }

  /** What was collected. */
  write(strings: StringTable): WrittenSelectors {
    const selectors = new Records(SelectorLayout.SIZE);
    for (const { tests, rules } of this.#entries) {
      selectors.add((view, at) => {
        view.setUint32(at + SelectorLayout.testStart, tests.start, true);
        view.setUint32(at + SelectorLayout.testCount, tests.count, true);
        this.#lists.put(view, at + SelectorLayout.ruleStart, rules);
      });
    }
    const services = new Records(ServiceEntry.SIZE);
    const hashes: number[] = [];
    for (const [service, found] of this.#byService) {
      services.add((view, at) => {
        this.#lists.put(view, at + ServiceEntry.listStart, found);
        strings.put(view, at + ServiceEntry.key, service);
      });
      hashes.push(hash32(strings.bytesOf(service)));
    }
    return {
      selectors: selectors.section(BundleSection.Selectors),
      services: [
        services.section(BundleSection.Services),
        slotSection(BundleSection.ServiceSlots, hashes),
      ],
      residual: this.#residual,
    };
  }

  #file(selector: Selector, index: number): void {
    const service = exactService(selector);
    if (service === undefined) this.#residual.push(index);
    else append(this.#byService, service, index);
  }
}

function exactService(selector: Selector): string | undefined {
  return selector.find(
    (test) => test.attribute === IdentityAttribute.Service && test.op === TestOp.Equal,
  )?.value;
}

/** Appends to the list of a key. */
function append(lists: Map<string, number[]>, key: string, entry: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [entry]);
  else list.push(entry);
}
