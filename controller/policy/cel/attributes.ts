/** The attributes that a `when` may use, with the constants that each can be compared with. */
import { Attribute, Severity } from '../../layout.ts';

/** What an attribute is compared with: numbers in `[min, max]`, or names of severities. */
export type Domain =
  | { readonly type: 'number'; readonly min: number; readonly max: number; readonly unit: string }
  | { readonly type: 'severity' };

export interface AttributeSpec {
  readonly attribute: Attribute;
  readonly domain: Domain;
}

const share: Domain = { type: 'number', min: 0, max: 1, unit: 'a share from 0 to 1' };
const count: Domain = {
  type: 'number',
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  unit: 'a number from 0 up',
};

/** Comparable attributes by the name that conditions use. Facts, `environment.<name>`, come on top. */
export const attributesByName: ReadonlyMap<string, AttributeSpec> = new Map([
  ['source.cpu', { attribute: Attribute.SourceCpu, domain: share }],
  ['source.memory', { attribute: Attribute.SourceMemory, domain: share }],
  ['source.errorRate', { attribute: Attribute.SourceErrorRate, domain: share }],
  ['source.worstCve', { attribute: Attribute.SourceWorstCve, domain: { type: 'severity' } }],
  ['source.cveCount', { attribute: Attribute.SourceCveCount, domain: count }],
  ['source.requestRate', { attribute: Attribute.SourceRequestRate, domain: count }],
  ['destination.load', { attribute: Attribute.DestinationLoad, domain: share }],
]);

/** Facts that the operator sets: any finite number. */
export const factDomain: Domain = {
  type: 'number',
  min: -Number.MAX_VALUE,
  max: Number.MAX_VALUE,
  unit: 'a finite number',
};

/** Every attribute name, for help texts. */
export const attributeNames: readonly string[] = [
  'request.time',
  ...attributesByName.keys(),
  'environment.<fact>',
];

/** Severities by name, rising. */
export const severityNames: readonly string[] = Object.keys(Severity);

/** The number of a severity, or undefined for a name that is none. */
export function severityNumber(name: string): number | undefined {
  return severityNames.includes(name) ? Severity[name as keyof typeof Severity] : undefined;
}
