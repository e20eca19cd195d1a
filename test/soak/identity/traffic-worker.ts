/** The thread of the traffic (`traffic.ts`): fires requests when they are due, and counts what comes. */
import { createHash, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';

import { Line } from './line.ts';
import { followSvid } from './own-svid.ts';
import type { FromTraffic, Target, ToTraffic, TrafficReport } from './traffic-messages.ts';
import { quantilesOf } from './verdicts.ts';

/** One target with its connections. */
interface Route {
  readonly target: Target;
  readonly idle: Line[];
  /** Times at which requests were due that wait for a connection. */
  readonly waiting: number[];
  open: number;
  running: number;
  /** A fresh connection takes the place of the next one that is idle. */
  isToReopen: boolean;
  isRemoved: boolean;
  readonly ended: (() => void)[];
}

const port = parentPort;
if (!port) throw new Error('runs as a thread only');
let context: SecureContext | undefined;
let routes: Route[] = [];
let perSecond = 0;
let next = 0;
let dueMs = 0;
let reopenedMs = performance.now();
let own = new Set<string>();
let seen = new Set<string>();
let times: number[] = [];
let failures: string[] = [];
let [failed, handshakes, sinceMs] = [0, 0, performance.now()];

function fire(due: number): void {
  const route = routes[next++ % routes.length];
  if (!route) return;
  route.running += 1;
  route.waiting.push(due);
  serve(route);
}

function serve(route: Route): void {
  while (route.waiting.length > 0) {
    const line = route.idle.shift();
    if (!line) {
      // Each takes a handshake: a bound keeps a late moment from becoming a flood of them.
      if (route.open < mostConnections) void connect(route);
      return;
    }
    if (line.isOver) {
      route.open -= 1;
      continue;
    }
    void exchange(route, line, route.waiting.shift() ?? 0);
  }
}

async function exchange(route: Route, line: Line, due: number): Promise<void> {
  const { status, text } = await line.ask(route.target.path);
  times.push(performance.now() - due);
  if (status !== 200) fail(route, `${status} ${text}`);
  route.running -= 1;
  if (line.isOver || route.isRemoved) retire(route, line);
  else if (route.isToReopen && route.target.tls) {
    route.isToReopen = false;
    retire(route, line);
    void connect(route);
  } else route.idle.push(line);
  serve(route);
  if (route.running === 0) for (const done of route.ended.splice(0)) done();
}

function retire(route: Route, line: Line): void {
  line.close();
  route.open -= 1;
}

function fail({ target }: Route, what: string): void {
  failed += 1;
  const at = new Date().toISOString();
  if (failures.length < 50) failures.push(`${at} ${target.id}: ${what}`);
}

async function connect(route: Route): Promise<void> {
  const { target, idle } = route;
  handshakes += target.tls ? 1 : 0;
  route.open += 1;
  const tls = target.tls ? { context: ready() } : {};
  const line = new Line({ port: target.port, ...tls }, (fingerprint) => seen.add(fingerprint));
  const fault = await line.opened;
  if (fault === undefined) idle.push(line);
  else {
    route.open -= 1;
    fail(route, `no connection: ${fault}`);
  }
  serve(route);
}

function ready(): SecureContext {
  if (!context) throw new Error('no identity yet');
  return context;
}

/** Timers are late and coarse: whatever is due by now is fired. */
function turn(): void {
  const now = performance.now();
  if (perSecond > 0) {
    for (; dueMs <= now; dueMs += 1000 / perSecond) fire(dueMs);
    if (now - reopenedMs >= reopenEveryMs) {
      reopenedMs = now;
      const route = routes[Math.floor(Math.random() * routes.length)];
      if (route) route.isToReopen = true;
    }
  }
}

function take(): TrafficReport {
  const spentMs = performance.now() - sinceMs;
  const { median, p99, max } =
    times.length > 0 ? quantilesOf(times) : { median: 0, p99: 0, max: 0 };
  const report = {
    ...{ requests: times.length, perSecond: (times.length * 1000) / spentMs },
    ...{ failed, failures, handshakes, certificates: seen.size, ownCertificates: own.size },
    ...{ medianMs: median, p99Ms: p99, maxMs: max },
  };
  [times, failures, seen, own] = [[], [], new Set(), new Set()];
  [failed, handshakes, sinceMs] = [0, 0, performance.now()];
  return report;
}

function idleOf(route: Route): Promise<void> {
  if (route.running === 0) return Promise.resolve();
  return new Promise((resolve) => route.ended.push(resolve));
}

async function remove(gone: readonly Route[]): Promise<void> {
  routes = routes.filter((route) => !gone.includes(route));
  for (const route of gone) route.isRemoved = true;
  await Promise.all(gone.map(idleOf));
  for (const { idle } of gone) for (const line of idle) line.close();
}

async function obey(message: ToTraffic): Promise<void> {
  const answer = (report: TrafficReport) => port?.postMessage({ report } satisfies FromTraffic);
  switch (message.kind) {
    case 'add':
      routes.push({
        ...{ target: message.target, idle: [], waiting: [], ended: [] },
        ...{ open: 0, running: 0, isToReopen: false, isRemoved: false },
      });
      return;
    case 'rate':
      perSecond = message.perSecond;
      dueMs = performance.now();
      return;
    case 'remove':
      await remove(routes.filter(({ target }) => target.id === message.id));
      return answer(empty);
    case 'report':
      return answer(take());
    case 'stop':
      perSecond = 0;
      await remove(routes);
      return answer(take());
  }
}

/** To one target at a time. */
const mostConnections = 6;
/** Between two connections that are given up for new ones, all targets together. */
const reopenEveryMs = 60;
const empty = take();
port.on('message', (message: ToTraffic) => void obey(message));
setInterval(turn, 2);
const { workloadSocket } = workerData as { workloadSocket?: string };
if (workloadSocket === undefined) port.postMessage('ready');
else {
  followSvid(workloadSocket, ({ chainPem, keyPem, rootPem }) => {
    const isFirst = context === undefined;
    context = createSecureContext({ ca: rootPem, cert: chainPem, key: keyPem });
    own.add(createHash('sha256').update(new X509Certificate(chainPem).raw).digest('hex'));
    if (isFirst) port.postMessage('ready');
  });
}
