/** Sets that hold only a part of what another one masks, to learn what that part does. */
import { NameMode, StepKind, UnreadableAction, ValuePlace } from '../../layout.ts';
import type { Step } from '../../policy/field-path.ts';
import { detectorKinds, nationalIds } from '../../policy/kinds/detectors.ts';
import { operators } from '../../policy/kinds/mask-operators.ts';
import type {
  ClassifiedField,
  ClassifiedPlace,
  DataClassification,
  LabelMask,
  PolicySet,
} from '../../policy/policy-set.ts';
import type { Selected } from '../../policy/select.ts';
import { showPath } from '../leaves/body-leaves.ts';

/** Something that gives a label to values. */
export interface Entry {
  readonly label: string;
  /** As in the policy: `field $.card`, `name ssn`, `detector card`, `header x-iban`. */
  readonly text: string;
  /** The name of its DataClassification. */
  readonly policy: string;
  readonly part: Part;
}

/** A rule of a MaskingPolicy. */
export interface NamedRule {
  /** `policy/rules[0]`, counted from 0. */
  readonly name: string;
  readonly operator: string;
  readonly mask: LabelMask;
}

type Part = Pick<DataClassification, 'fields' | 'detectors' | 'patterns' | 'places' | 'segments'>;

/** All entries of the policies of a destination. */
export function entriesOf({ classifications }: Pick<Selected, 'classifications'>): Entry[] {
  return classifications.flatMap(({ name, fields, detectors, patterns, places, segments }) => {
    const entry = (label: string, text: string, part: Partial<Part>): Entry => {
      return { label, text, policy: name, part: { ...nothing, ...part } };
    };
    return [
      ...fields.map((one) => entry(one.label, showField(one), { fields: [one] })),
      ...detectors.map((one) =>
        entry(one.label, `detector ${detectorName(one.kind)}`, { detectors: [one] }),
      ),
      ...patterns.map((one) =>
        entry(one.label, `pattern ${one.pattern.text}`, { patterns: [one] }),
      ),
      ...places.map((one) => entry(one.label, showNamed(one), { places: [one] })),
      ...segments.map((one) => {
        const text = `segment ${one.index + 1} of ${one.path.text}`;
        return entry(one.label, text, { segments: [one] });
      }),
    ];
  });
}

/** All rules that mask values of a destination. */
export function rulesOf({ masking }: Pick<Selected, 'masking'>): NamedRule[] {
  return masking.flatMap(({ name, rules }) =>
    rules.map((mask, i) => ({
      name: `${name}/rules[${i}]`,
      operator: operatorName(mask),
      mask,
    })),
  );
}

/** The set with nothing classified but these entries; what conditions ask for stays. */
export function onlyEntries(set: PolicySet, entries: readonly Entry[]): PolicySet {
  const classifications = set.classifications.map((policy) => {
    const own = entries.filter((entry) => entry.policy === policy.name).map(({ part }) => part);
    return {
      ...policy,
      fields: own.flatMap(({ fields }) => fields),
      detectors: own.flatMap(({ detectors }) => detectors),
      patterns: own.flatMap(({ patterns }) => patterns),
      places: own.flatMap(({ places }) => places),
      segments: own.flatMap(({ segments }) => segments),
    };
  });
  return { ...set, classifications };
}

/** The set with these masking rules alone. */
export function onlyRules(set: PolicySet, rules: readonly NamedRule[]): PolicySet {
  const kept = new Set(rules.map(({ mask }) => mask));
  const masking = set.masking.map((policy) => {
    return { ...policy, rules: policy.rules.filter((rule) => kept.has(rule)) };
  });
  return { ...set, masking };
}

/** The set with `deny` for every body that cannot be read. */
export function denyingUnreadable(set: PolicySet): PolicySet {
  const masking = set.masking.map((policy) => {
    return { ...policy, unreadable: UnreadableAction.Deny, routes: [] };
  });
  return { ...set, masking };
}

/** An operator with what it leaves, as in a policy. */
export function operatorName({ operator, keep, text }: LabelMask): string {
  const [name = ''] = Object.entries(operators).find(([, value]) => value === operator) ?? [];
  if (text !== '') return `${name} ${JSON.stringify(text)}`;
  return keep === 0 ? name : `${name} ${keep}`;
}

/** The name of a detector in policies; national ids with their country. */
export function detectorName(kind: number): string {
  const plain = Object.entries(detectorKinds).find(([, value]) => value === kind)?.[0];
  const country = Object.entries(nationalIds).find(([, value]) => value === kind)?.[0];
  return plain ?? `national-id ${country ?? kind}`;
}

function showField(field: ClassifiedField): string {
  if ('path' in field) return `field ${showSteps(field.path)}`;
  return `name ${field.fieldName}${modes[field.match]}`;
}

function showSteps(steps: readonly Step[]): string {
  const parts = steps.map(({ kind, key, index }) => {
    if (kind === StepKind.Member) return showPath([key]).slice(1);
    if (kind === StepKind.Element) return `[${index}]`;
    return wildcards.get(kind) ?? '';
  });
  return `$${parts.join('')}`;
}

function showNamed({ place, name, match }: ClassifiedPlace): string {
  const words = { [ValuePlace.Header]: 'header', [ValuePlace.Cookie]: 'cookie' } as const;
  const what = place === ValuePlace.Query ? 'parameter' : words[place];
  return `${what} ${name}${place === ValuePlace.Header ? '' : modes[match]}`;
}

const nothing: Part = {
  fields: [],
  detectors: [],
  patterns: [],
  places: [],
  segments: [],
};
const modes: Readonly<Record<NameMode, string>> = {
  [NameMode.Exact]: ' (exact)',
  [NameMode.AnyCase]: '',
  [NameMode.Words]: ' (words)',
};
const wildcards: ReadonlyMap<StepKind, string> = new Map([
  [StepKind.AnyMember, '.*'],
  [StepKind.AnyElement, '[*]'],
  [StepKind.AnyDepth, '.**'],
]);
