/** Signals, facts, bands and restrictions over HTTP, for operators. */
import type { FastifyInstance, FastifySchema } from 'fastify';
import { z } from 'zod';

import { Band, RestrictionSide, Verdict } from '../layout.ts';
import type { RestrictingVerdict } from '../risk/encode-state.ts';
import type { StoredBand, StoredRestriction, StoredSignal } from '../risk/live-values.ts';
import { signalName } from '../risk/signal-names.ts';
import type { LiveValues } from './collaborators.ts';
import {
  type BandName,
  type BandReply,
  bandReply,
  bandRequest,
  bandsReply,
  factReply,
  factRequest,
  factsReply,
  type RestrictionReply,
  removalQuery,
  removalReply,
  restrictionReply,
  restrictionRequest,
  restrictionsReply,
  type SignalReply,
  signalQuery,
  signalReply,
  signalRequest,
  signalsReply,
} from './live-value-messages.ts';
import { problemSchema } from './problem.ts';

type Body<T extends z.ZodType> = { Body: z.infer<T> };
type Removal = { Querystring: z.infer<typeof removalQuery> };

/** Adds the routes; `actor` is recorded with every change. */
export function addLiveValueRoutes(app: FastifyInstance, live: LiveValues, actor: string): void {
  addRestrictionRoutes(app, live, actor);
  addBandRoutes(app, live, actor);
  addFactRoutes(app, live, actor);
  addSignalRoutes(app, live, actor);
}

function addRestrictionRoutes(app: FastifyInstance, live: LiveValues, actor: string): void {
  const path = '/v1/restrictions';
  app.get(path, { schema: describe('restrictions in force', restrictionsReply) }, async () => ({
    restrictions: (await live.restrictions()).map(viewRestriction),
  }));
  app.put<Body<typeof restrictionRequest>>(
    path,
    {
      schema: {
        ...describe('restricts the calls of a service, or the calls to it', restrictionReply),
        body: restrictionRequest,
      },
    },
    async ({ body: { as, verdict, forMs = 0, reason, ...rest } }) => {
      const side = sides[as];
      const request = { ...rest, side, verdict: verdicts[verdict], forMs };
      return viewRestriction(await live.restrict(request, actor, reason));
    },
  );
  app.delete<{ Params: { id: string } } & Removal>(
    `${path}/:id`,
    {
      schema: {
        ...describe('releases a restriction before its end', restrictionReply),
        params: z.object({ id: z.string().max(64) }),
        querystring: removalQuery,
      },
    },
    async ({ params, query }) =>
      viewRestriction(await live.release(params.id, actor, query.reason)),
  );
}

function addBandRoutes(app: FastifyInstance, live: LiveValues, actor: string): void {
  const path = '/v1/bands/:environment/:service';
  const params = z.object({ environment: z.string().max(63), service: z.string().max(63) });
  type Service = { Params: z.infer<typeof params> };
  const subjectOf = ({ environment, service }: Service['Params']) => `${environment}/${service}`;
  app.get('/v1/bands', { schema: describe('risk bands of services', bandsReply) }, async () => ({
    bands: (await live.bands()).map(viewBand),
  }));
  app.put<Service & Body<typeof bandRequest>>(
    path,
    { schema: { ...describe('sets the band of a service', bandReply), params, body: bandRequest } },
    async ({ params, body }) =>
      viewBand(await live.setBand(subjectOf(params), bands[body.band], actor, body.reason)),
  );
  app.delete<Service & Removal>(
    path,
    {
      schema: {
        ...describe('clears the band of a service: it is critical again', removalReply),
        params,
        querystring: removalQuery,
      },
    },
    async ({ params, query }) => {
      await live.clearBand(subjectOf(params), actor, query.reason);
      return { removed: true };
    },
  );
}

function addFactRoutes(app: FastifyInstance, live: LiveValues, actor: string): void {
  const path = '/v1/facts/:name';
  const params = z.object({ name: z.string().max(63) });
  type Named = { Params: z.infer<typeof params> };
  app.get('/v1/facts', { schema: describe('facts of the environment', factsReply) }, async () => ({
    facts: await live.facts(),
  }));
  app.put<Named & Body<typeof factRequest>>(
    path,
    { schema: { ...describe('sets a fact', factReply), params, body: factRequest } },
    async ({ params, body }) => await live.setFact(params.name, body.value, actor, body.reason),
  );
  app.delete<Named & Removal>(
    path,
    {
      schema: {
        ...describe('removes a fact: it is unknown then', removalReply),
        params,
        querystring: removalQuery,
      },
    },
    async ({ params, query }) => {
      await live.removeFact(params.name, actor, query.reason);
      return { removed: true };
    },
  );
}

function addSignalRoutes(app: FastifyInstance, live: LiveValues, actor: string): void {
  const path = '/v1/signals';
  app.get(path, { schema: describe('signals that are young enough', signalsReply) }, async () => ({
    signals: (await live.signals()).map(viewSignal),
  }));
  app.put<Body<typeof signalRequest>>(
    path,
    { schema: { ...describe('reports a measured value', signalReply), body: signalRequest } },
    async ({ body: { observedAtMs, ...rest } }) => {
      const report = observedAtMs === undefined ? rest : { ...rest, observedAtMs };
      return viewSignal(await live.report(report, actor));
    },
  );
  app.delete<{ Querystring: z.infer<typeof signalQuery> }>(
    path,
    {
      schema: {
        ...describe('removes a signal: it is unknown then', removalReply),
        querystring: signalQuery,
      },
    },
    async ({ query }) => {
      await live.removeSignal(query.subject, query.name, actor);
      return { removed: true };
    },
  );
}

function describe(summary: string, reply: z.ZodType): FastifySchema & object {
  const response = { 200: reply, '4xx': problemSchema, '5xx': problemSchema };
  return { summary, security: [{ operatorToken: [] }], response };
}

function viewRestriction(restriction: StoredRestriction): RestrictionReply {
  const { side, verdict, untilMs, ...rest } = restriction;
  return {
    ...rest,
    as: nameOf(sides, side),
    verdict: nameOf(verdicts, verdict),
    ...(untilMs !== 0 && { untilMs }),
  };
}

function viewBand({ band, ...rest }: StoredBand): BandReply {
  return { ...rest, band: nameOf(bands, band) };
}

function viewSignal({ attribute, ...rest }: StoredSignal): SignalReply {
  return { ...rest, name: signalName(attribute) };
}

function nameOf<K extends string, V>(table: Readonly<Record<K, V>>, value: V): K {
  for (const name in table) if (table[name] === value) return name;
  throw new TypeError(`no name for ${value}`);
}

const sides = { source: RestrictionSide.Source, destination: RestrictionSide.Destination } as const;
const verdicts: Readonly<Record<RestrictionReply['verdict'], RestrictingVerdict>> = {
  degrade: Verdict.Degrade,
  throttle: Verdict.Throttle,
  break: Verdict.Break,
  isolate: Verdict.Isolate,
};
const bands: Readonly<Record<BandName, Band>> = {
  low: Band.Low,
  guarded: Band.Guarded,
  high: Band.High,
  critical: Band.Critical,
};
