/** Makes a question for the filter of what people described. */
import { DtaError } from '../../errors.ts';
import { Band, RestrictionSide, Verdict } from '../../layout.ts';
import type { BundleTarget } from '../../policy/compile.ts';
import {
  bandNames,
  type QuestionFields,
  type RestrictionFields,
} from '../../policy/kinds/question.ts';
import { Problem } from '../../policy/problem.ts';
import { completeEffect } from '../../risk/check-live-values.ts';
import type { ServiceRestriction } from '../../risk/encode-state.ts';
import type { Question } from './laboratory.ts';

/** The question, or what is missing in it. `nowMs` stands for an absent time. */
export function questionOf(
  fields: QuestionFields,
  target: BundleTarget,
  nowMs: number,
): Question | Problem {
  const { source = {}, request = {} } = fields;
  const { service, team, environment, domain = target.mesh, instance = ANY, labels = {} } = source;
  if (service === undefined) return missing('service', 'checkout');
  if (team === undefined) return missing('team', 'payments');
  if (environment === undefined) return missing('environment', 'prod');
  if (request.path === undefined) {
    return new Problem('the path of the request is missing', 'say it, for example `/orders/1`');
  }
  const identity = { trustDomain: domain, environment, team, service, instance, labels };
  const [path = '', ...query] = request.path.split('?');
  const restrictions: ServiceRestriction[] = [];
  const own = `${environment}/${service}`;
  const caller = domain === target.mesh ? own : `${domain}/${own}`;
  for (const one of fields.restrictions ?? []) {
    const read = restrictionOf(one, caller, target);
    if (read instanceof Problem) return read;
    restrictions.push(read);
  }
  return {
    request: {
      identity,
      method: request.method ?? 'GET',
      path,
      query: query.join('?'),
      ...(request.host === undefined ? {} : { host: request.host }),
      headers: Object.fromEntries((request.headers ?? []).map(({ name, texts }) => [name, texts])),
      timeMs: fields.at ?? nowMs,
      signals: { ...fields.signals, ...factSignals(fields.facts) },
      band: fields.band === undefined ? Band.Critical : bandNames.indexOf(fields.band),
    },
    restrictions,
  };
}

function missing(field: string, example: string): Problem {
  return new Problem(
    `the ${field} of the source is missing`,
    `say who calls: \`${field}\`, for example \`${example}\``,
  );
}

function factSignals(facts: Readonly<Record<string, number>> = {}): Record<string, number> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [`environment.${name}`, value]),
  );
}

function restrictionOf(
  fields: RestrictionFields,
  source: string,
  { environment, service }: BundleTarget,
): ServiceRestriction | Problem {
  const isOfSource = fields.as === 'source';
  const subject = fields.subject ?? (isOfSource ? source : `${environment}/${service}`);
  const { readOnly = false, noClearance = false } = fields;
  const { ratePerSecond = 0, burst = 0, retryAfterSeconds = 0 } = fields;
  const verdict = verdicts[fields.verdict];
  const effect = { verdict, readOnly, noClearance, ratePerSecond, burst, retryAfterSeconds };
  const side = isOfSource ? RestrictionSide.Source : RestrictionSide.Destination;
  try {
    return { subject, side, ...completeEffect(effect), untilMs: 0 };
  } catch (error) {
    if (!(error instanceof DtaError)) throw error;
    return new Problem(error.message, error.help ?? 'see `dta restrict --help`');
  }
}

const verdicts = {
  degrade: Verdict.Degrade,
  throttle: Verdict.Throttle,
  break: Verdict.Break,
  isolate: Verdict.Isolate,
} as const;
const ANY = '00000000-0000-4000-8000-000000000001';
