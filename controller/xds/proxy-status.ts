/** Shows the streams of one proxy as one. */
import type { ProxyStatus } from './model.ts';

/** Joins streams with the same certificate name and node id; sorted by both. */
export function joinStatuses(streams: readonly ProxyStatus[]): ProxyStatus[] {
  const byProxy = new Map<string, ProxyStatus>();
  for (const stream of streams) {
    const key = `${stream.spiffeId}\n${stream.nodeId}`;
    const before = byProxy.get(key);
    byProxy.set(key, before ? join(before, stream) : stream);
  }
  return [...byProxy.keys()].sort().flatMap((key) => byProxy.get(key) ?? []);
}

function join(a: ProxyStatus, b: ProxyStatus): ProxyStatus {
  return {
    ...a,
    connectedAtMs: Math.min(a.connectedAtMs, b.connectedAtMs),
    resources: [...a.resources, ...b.resources],
  };
}
