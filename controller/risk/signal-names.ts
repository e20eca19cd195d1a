/** Signals by the names that conditions use, with the values that each can have. */
import { Attribute, Severity } from '../layout.ts';

/** What a signal measures. */
export interface SignalKind {
  readonly name: string;
  readonly attribute: Attribute;
  readonly max: number;
  readonly isWhole: boolean;
  /** For messages. */
  readonly expected: string;
}

const share = { max: 1, isWhole: false, expected: 'a share from 0 to 1' };
const count = { max: Number.MAX_SAFE_INTEGER, isWhole: true, expected: 'a whole number from 0 up' };
const rate = { max: Number.MAX_SAFE_INTEGER, isWhole: false, expected: 'a number from 0 up' };
const severity = {
  max: Math.max(...Object.values(Severity)),
  isWhole: true,
  expected: `one of ${Object.keys(Severity).join(', ')}`,
};

/** Every signal. Facts of the environment are not among them: an operator sets those. */
export const signalKinds: readonly SignalKind[] = [
  { name: 'source.cpu', attribute: Attribute.SourceCpu, ...share },
  { name: 'source.memory', attribute: Attribute.SourceMemory, ...share },
  { name: 'source.errorRate', attribute: Attribute.SourceErrorRate, ...share },
  { name: 'source.worstCve', attribute: Attribute.SourceWorstCve, ...severity },
  { name: 'source.cveCount', attribute: Attribute.SourceCveCount, ...count },
  { name: 'source.requestRate', attribute: Attribute.SourceRequestRate, ...rate },
  { name: 'destination.load', attribute: Attribute.DestinationLoad, ...share },
];

/** The signal of a name; undefined for a name that is none. */
export function signalNamed(name: string): SignalKind | undefined {
  return signalKinds.find((kind) => kind.name === name);
}

/** The name of an attribute that is a signal. */
export function signalName(attribute: Attribute): string {
  return signalKinds.find((kind) => kind.attribute === attribute)?.name ?? String(attribute);
}
