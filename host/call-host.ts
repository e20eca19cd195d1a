/** What host calls need from their VM. */
import { Status } from './abi.ts';
import type { HeaderMap } from './header-map.ts';
import type { MetricIds } from './metrics.ts';
import type { Stream } from './stream.ts';
import type { VmMemory } from './vm-memory.ts';

/** A root context as host calls see it. */
export interface RootState {
  contextId: number;
  rootId: string;
  configuration: Uint8Array | undefined;
  vmConfiguration: Uint8Array;
  properties: Record<string, string | Uint8Array>;
  tickPeriodMs: number;
}

/** A request that the filter sent. */
export interface HttpCall {
  token: number;
  contextId: number;
  cluster: string;
  headers: [string, string][];
  body: Uint8Array;
  trailers: [string, string][];
  timeoutMs: number;
}

/** An answer to such a request, while its callback runs. */
export interface HttpAnswer {
  headers: HeaderMap;
  body: Uint8Array;
  trailers: HeaderMap;
}

/** What host calls need from the VM. */
export interface CallHost {
  memory: () => VmMemory;
  metrics: MetricIds;
  now: () => bigint;
  log: (level: number, message: string) => void;
  /** the effective context, else the one of the running callback */
  context: () => RootState | Stream | undefined;
  root: (contextId: number) => RootState | undefined;
  setEffective: (contextId: number) => boolean;
  /** runs something when the running callback has returned */
  defer: (action: () => void) => void;
  /** token of a sent request, undefined for an unknown cluster */
  sendHttp: (call: Omit<HttpCall, 'token'>) => number | undefined;
  httpAnswer: () => HttpAnswer | undefined;
  done: (context: RootState | Stream) => boolean;
}

/** Host calls by their names in `env`. */
export type Imports = Record<string, (...args: never[]) => number>;

/** The status of a call that read or wrote the VM’s memory. */
export const written = (isWritten: boolean): number =>
  isWritten ? Status.Ok : Status.InvalidMemoryAccess;

/** Bytes of the filter as text. */
export const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
