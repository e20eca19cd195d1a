/** What differs between two requests, in words. */
import { Band, RestrictionSide, Severity, Verdict } from '../../layout.ts';
import { type ConcreteRequest, parametersOf } from '../../policy/analysis/concrete-request.ts';
import type { ServiceRestriction } from '../../risk/encode-state.ts';
import type { Question } from './laboratory.ts';

/** A part of a request, as it was and as it would have to be. */
export interface Change {
  /** As conditions name it, or in words. */
  readonly part: string;
  readonly from: string;
  readonly to: string;
}

/** Every part that differs. */
export function changesBetween(before: Question, after: Question): Change[] {
  const [a, b] = [partsOf(before.request), partsOf(after.request)];
  const changes: Change[] = [];
  for (const part of new Set([...a.keys(), ...b.keys()])) {
    const [from = 'absent', to = 'absent'] = [a.get(part), b.get(part)];
    if (from !== to) changes.push({ part, from, to });
  }
  const released = before.restrictions.filter((one) => !after.restrictions.includes(one));
  return [...changes, ...released.map(releaseOf)];
}

function releaseOf({ verdict, subject, side }: ServiceRestriction): Change {
  const name = nameIn(Verdict, verdict).toLowerCase();
  const as = side === RestrictionSide.Source ? 'source' : 'destination';
  return { part: `restriction ${name} of ${subject} as ${as}`, from: 'in force', to: 'released' };
}

function partsOf(request: ConcreteRequest): Map<string, string> {
  const { identity, method, path, host, headers, timeMs, signals, band } = request;
  const { labels, service, team, instance, trustDomain } = identity;
  const parts = new Map<string, string>([
    ['source.service', service],
    ['source.team', team],
    ['source.environment', identity.environment],
    ['source.instance', instance],
    ['source.domain', trustDomain],
  ]);
  for (const [name, value] of Object.entries(labels)) {
    parts.set(`source.labels["${name}"]`, JSON.stringify(value));
  }
  parts.set('request.method', method);
  parts.set('request.path', path);
  if (host !== undefined) parts.set('request.host', host);
  for (const [name, lines] of Object.entries(headers)) {
    if (lines.length > 0) parts.set(`request.headers["${name}"]`, listed(lines));
  }
  const values = Map.groupBy(parametersOf(request), ([name]) => name);
  for (const [name, own] of values) {
    parts.set(`request.parameters[${JSON.stringify(name)}]`, listed(own.map(([, value]) => value)));
  }
  parts.set('request.time', new Date(timeMs).toISOString());
  for (const [name, value] of Object.entries(signals)) parts.set(name, signalText(name, value));
  parts.set('band', nameIn(Band, band).toLowerCase());
  return parts;
}

/** The value of a signal as operators write it. */
export function signalText(name: string, value: number): string {
  return name === 'source.worstCve' ? nameIn(Severity, value) : String(value);
}

function listed(texts: readonly string[]): string {
  return texts.map((text) => JSON.stringify(text)).join(', ');
}

function nameIn(names: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(names).find((name) => names[name] === value) ?? String(value);
}
