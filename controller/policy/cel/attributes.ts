/** The attributes that a `when` may use, with the constants that each can be compared with. */
import { Attribute, IdentityAttribute, RequestKind, Severity } from '../../layout.ts';
import type { AttributeRef, RequestRef } from './condition.ts';

/** What a signal is compared with: numbers in `[min, max]`, perhaps whole ones only, or names of severities. */
export type Domain =
  | {
      readonly type: 'number';
      readonly min: number;
      readonly max: number;
      readonly isWhole: boolean;
      readonly unit: string;
    }
  | { readonly type: 'severity' };

/** What a condition speaks of; `name` is as it is written. */
export type Subject = { readonly name: string } & (
  | { readonly kind: 'signal'; readonly ref: AttributeRef; readonly domain: Domain }
  | { readonly kind: 'time' }
  | { readonly kind: 'destinationEnvironment' }
  | { readonly kind: 'host' }
  | { readonly kind: 'path' }
  | { readonly kind: 'identity'; readonly attribute: IdentityAttribute; readonly label: string }
  | { readonly kind: 'request'; readonly ref: RequestRef }
  /** A set of labels; `condition` is the kind of condition that asks it. */
  | { readonly kind: 'labels'; readonly condition: 'routeLabel' | 'requestLabel' }
);

/** Facts that the operator sets: any finite number. */
export const factDomain: Domain = {
  type: 'number',
  min: -Number.MAX_VALUE,
  max: Number.MAX_VALUE,
  isWhole: false,
  unit: 'a finite number, true or false',
};

const share: Domain = {
  type: 'number',
  min: 0,
  max: 1,
  isWhole: false,
  unit: 'a share from 0 to 1',
};
const count: Domain = {
  type: 'number',
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
  isWhole: true,
  unit: 'a whole number from 0 up',
};
const rate: Domain = { ...count, isWhole: false, unit: 'a number from 0 up' };
const severity: Domain = { type: 'severity' };

/** Attributes without a name inside, by the name that conditions use. */
export const subjectsByName: ReadonlyMap<string, Subject> = new Map(
  (
    [
      { kind: 'time', name: 'request.time' },
      signal('source.cpu', Attribute.SourceCpu, share),
      signal('source.memory', Attribute.SourceMemory, share),
      signal('source.errorRate', Attribute.SourceErrorRate, share),
      signal('source.worstCve', Attribute.SourceWorstCve, severity),
      signal('source.cveCount', Attribute.SourceCveCount, count),
      signal('source.requestRate', Attribute.SourceRequestRate, rate),
      signal('destination.load', Attribute.DestinationLoad, share),
      identity('source.service', IdentityAttribute.Service),
      identity('source.team', IdentityAttribute.Team),
      identity('source.environment', IdentityAttribute.Environment),
      identity('source.domain', IdentityAttribute.Domain),
      identity('source.instance', IdentityAttribute.Instance),
      { kind: 'destinationEnvironment', name: 'destination.environment' },
      { kind: 'request', name: 'request.method', ref: { kind: RequestKind.Method, name: '' } },
      {
        kind: 'request',
        name: 'request.authority',
        ref: { kind: RequestKind.Authority, name: '' },
      },
      { kind: 'host', name: 'request.host' },
      { kind: 'path', name: 'request.path' },
      { kind: 'labels', name: 'route.labels', condition: 'routeLabel' },
      { kind: 'labels', name: 'request.labels', condition: 'requestLabel' },
    ] satisfies Subject[]
  ).map((subject): [string, Subject] => [subject.name, subject]),
);

/** Attributes with a name inside, as they are written up to that name. */
export const collectionNames: readonly string[] = [
  'source.labels',
  'request.headers',
  'request.parameters',
];

/** Every attribute, for help texts. */
export const attributeNames: readonly string[] = [
  ...subjectsByName.keys(),
  'environment.<fact>',
  'source.labels["<name>"]',
  'request.headers["<name>"]',
  'request.parameters["<name>"]',
];

/** Severities by name, rising. */
export const severityNames: readonly string[] = Object.keys(Severity);

/** The number of a severity, or undefined for a name that is none. */
export function severityNumber(name: string): number | undefined {
  return severityNames.includes(name) ? Severity[name as keyof typeof Severity] : undefined;
}

function signal(name: string, attribute: Attribute, domain: Domain): Subject {
  return { kind: 'signal', name, ref: { attribute, fact: '' }, domain };
}

function identity(name: string, attribute: IdentityAttribute): Subject {
  return { kind: 'identity', name, attribute, label: '' };
}
