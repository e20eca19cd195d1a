/** The tables of sources: selectors, their tests, and the index that finds selectors by the service they name. */
import {
  BundleSection,
  IdentityAttribute,
  IdentityTest as IdentityTestLayout,
  Selector as SelectorLayout,
  ServiceSlot,
  TestOp,
} from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import { hash32 } from '../hash32.ts';
import type { Selector } from '../policy-set.ts';
import { placeInSlots } from './hash-slots.ts';
import type { ListTable } from './lists.ts';

interface Entry {
  readonly selector: Selector;
  readonly rules: number[];
}

/** Collects selectors, equal ones once, with the rules that use them. */
export class SelectorTable {
  readonly #indexes = new Map<string, number>();
  readonly #entries: Entry[] = [];

  /** The index of a selector that `rule` uses. Rules come in rising order. */
  use(selector: Selector, rule: number): number {
    const key = selector.map((t) => `${t.attribute} ${t.op} ${t.label} ${t.value}`).join('\n');
    let index = this.#indexes.get(key);
    if (index === undefined) {
      index = this.#entries.push({ selector, rules: [] }) - 1;
      this.#indexes.set(key, index);
    }
    const rules = this.#entries[index]?.rules;
    if (rules?.at(-1) !== rule) rules?.push(rule);
    return index;
  }

  /** Sections Selectors, IdentityTests and Services, and the selectors that name no exact service. */
  write(lists: ListTable, strings: StringTable): { sections: SectionData[]; residual: number[] } {
    const tests = new Records(IdentityTestLayout.SIZE);
    const selectors = new Records(SelectorLayout.SIZE);
    const byService = new Map<string, number[]>();
    const residual: number[] = [];
    for (const [index, { selector, rules }] of this.#entries.entries()) {
      const testStart = tests.count;
      for (const test of selector) {
        tests.add((view, at) => {
          view.setUint8(at + IdentityTestLayout.attribute, test.attribute);
          view.setUint8(at + IdentityTestLayout.op, test.op);
          strings.put(view, at + IdentityTestLayout.label, test.label);
          strings.put(view, at + IdentityTestLayout.value, test.value);
        });
      }
      selectors.add((view, at) => {
        view.setUint32(at + SelectorLayout.testStart, testStart, true);
        view.setUint32(at + SelectorLayout.testCount, selector.length, true);
        lists.put(view, at + SelectorLayout.ruleStart, rules);
      });
      const service = exactService(selector);
      if (service === undefined) residual.push(index);
      else append(byService, service, index);
    }
    const services = writeServices(byService, lists, strings);
    return {
      sections: [
        selectors.section(BundleSection.Selectors),
        tests.section(BundleSection.IdentityTests),
        services.section(BundleSection.Services),
      ],
      residual,
    };
  }
}

function writeServices(
  byService: ReadonlyMap<string, readonly number[]>,
  lists: ListTable,
  strings: StringTable,
): Records {
  const services = [...byService];
  const hashes = services.map(([service]) => hash32(Buffer.from(service)));
  const { slotCount, slots } = placeInSlots(hashes);
  const table = new Records(ServiceSlot.SIZE);
  table.reserve(slotCount);
  for (const [i, [service, selectors]] of services.entries()) {
    table.fillAt(slots[i] ?? 0, (view, at) => {
      view.setUint32(at + ServiceSlot.hash, hashes[i] ?? 0, true);
      lists.put(view, at + ServiceSlot.listStart, selectors);
      strings.put(view, at + ServiceSlot.key, service);
    });
  }
  return table;
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
