/** Host calls about the VM and its contexts: log, properties, time, ticks, metrics. */
import { Status } from './abi.ts';
import { type CallHost, type Imports, toText, written } from './call-host.ts';
import { Stream } from './stream.ts';

/** Log, properties, clock, effective context, ticks. */
export function generalCalls(host: CallHost): Imports {
  return {
    proxy_log: (level: number, ptr: number, len: number) => {
      const message = host.memory().read(ptr, len);
      if (!message) return Status.InvalidMemoryAccess;
      host.log(level, toText(message));
      return Status.Ok;
    },
    proxy_get_property: (path: number, pathLen: number, ptrPtr: number, lenPtr: number) => {
      const bytes = host.memory().read(path, pathLen);
      if (!bytes) return Status.InvalidMemoryAccess;
      const value = findProperty(host, toText(bytes));
      if (value === undefined) return Status.NotFound;
      return written(host.memory().handOver(Buffer.from(value), ptrPtr, lenPtr));
    },
    proxy_set_property: (path: number, pathLen: number, value: number, valueLen: number) => {
      const [name, bytes] = [
        host.memory().read(path, pathLen),
        host.memory().read(value, valueLen),
      ];
      if (!name || !bytes) return Status.InvalidMemoryAccess;
      const context = host.context();
      if (!(context instanceof Stream)) return Status.NotFound;
      // Envoy keeps it as a filter state of this name.
      context.properties[`wasm.${toText(name)}`] = Uint8Array.from(bytes);
      return Status.Ok;
    },
    proxy_get_current_time_nanoseconds: (result: number) =>
      written(host.memory().writeU64(result, host.now())),
    proxy_set_effective_context: (id: number) =>
      host.setEffective(id) ? Status.Ok : Status.BadArgument,
    proxy_set_tick_period_milliseconds: (period: number) => {
      const context = host.context();
      const root = context instanceof Stream ? host.root(context.rootContextId) : context;
      if (!root) return Status.BadArgument;
      root.tickPeriodMs = period >>> 0;
      return Status.Ok;
    },
    proxy_done: () => {
      const context = host.context();
      return context && host.done(context) ? Status.Ok : Status.NotFound;
    },
  };
}

/** A stream’s own properties, then its root’s; paths are written with dots or NUL bytes. */
function findProperty(host: CallHost, path: string): string | Uint8Array | undefined {
  const context = host.context();
  const root = context instanceof Stream ? host.root(context.rootContextId) : context;
  const names = [path, path.replaceAll('\0', '.')];
  const tables = [context?.properties, root?.properties];
  for (const table of tables) {
    for (const name of names) {
      if (table && Object.hasOwn(table, name)) return table[name];
    }
  }
  return path === 'plugin_root_id' ? root?.rootId : undefined;
}

/** Metrics. */
export function metricCalls(host: CallHost): Imports {
  return {
    proxy_define_metric: (type: number, name: number, nameLen: number, result: number) => {
      const bytes = host.memory().read(name, nameLen);
      if (!bytes) return Status.InvalidMemoryAccess;
      const id = host.metrics.define(type, toText(bytes));
      return id === undefined ? Status.BadArgument : written(host.memory().writeU32(result, id));
    },
    proxy_increment_metric: (id: number, offset: bigint) => host.metrics.increment(id, offset),
    proxy_record_metric: (id: number, value: bigint) => host.metrics.record(id, value),
    proxy_get_metric: (id: number, result: number) => {
      const value = host.metrics.read(id);
      return typeof value === 'number' ? value : written(host.memory().writeU64(result, value));
    },
  };
}
