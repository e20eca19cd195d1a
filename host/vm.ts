/** A Proxy-Wasm VM in Node: several root contexts and their streams in one instance of a filter, as one Envoy worker has it. */
import { randomBytes } from 'node:crypto';
import { HostViolation, VmTrap } from './abi.ts';
import type { CallHost, HttpAnswer, HttpCall, RootState } from './call-host.ts';
import { bufferCalls, headerCalls } from './calls-data.ts';
import { generalCalls, metricCalls } from './calls-general.ts';
import { httpCalls, streamCalls } from './calls-stream.ts';
import { type HeaderInput, HeaderMap } from './header-map.ts';
import { MetricIds } from './metrics.ts';
import { type Properties, Stream } from './stream.ts';
import { VmMemory } from './vm-memory.ts';
import { wasiImports } from './wasi.ts';

/** A line that the filter logged; levels are 0 (trace) to 5 (critical). */
export interface LogLine {
  level: number;
  message: string;
}

/** How a VM is set up; everything has a default. */
export interface VmOptions {
  env?: Record<string, string>;
  /** wall clock in nanoseconds since 1970 */
  now?: () => bigint;
  random?: (count: number) => Uint8Array;
  /** gets each line; without it lines are kept in Vm.logs */
  onLog?: (line: LogLine) => void;
  /** clusters that exist; without it all do */
  clusters?: string[];
  /** values shared with other VMs, as Envoy shares them between workers */
  metrics?: Map<string, bigint>;
  /** Envoy’s setting of that name; false: StopIteration on headers holds the body back too. Default true */
  allowOnHeadersStopIteration?: boolean;
}

/** What a root context starts with. */
export interface RootOptions {
  rootId: string;
  configuration: Uint8Array;
  vmConfiguration?: Uint8Array;
  properties?: Properties;
}

/** A root context. */
export interface Root {
  readonly contextId: number;
  readonly rootId: string;
  /** whether the filter took its configuration */
  readonly accepted: boolean;
}

/** The answer to a request that the filter sent. */
export interface HttpResponse {
  status: number;
  headers?: HeaderInput;
  body?: string | Uint8Array;
  trailers?: HeaderInput;
}

interface RootEntry extends RootState {
  streams: Set<number>;
  isLeaving: boolean;
}

/** One instance of a module. A call that traps throws VmTrap, one that would crash Envoy HostViolation. */
export class Vm {
  readonly metrics: Map<string, bigint>;
  readonly logs: LogLine[] = [];
  /** sent and not answered yet, oldest first */
  readonly httpCalls: HttpCall[] = [];

  #options: VmOptions;
  #exports: WebAssembly.Exports;
  #memory: VmMemory;
  #roots = new Map<number, RootEntry>();
  #streams = new Map<number, Stream>();
  #nextContext = 1;
  #nextToken = 1;
  #current = 0;
  #effective = 0;
  #deferred: (() => void)[] = [];
  #httpAnswer: HttpAnswer | undefined;
  #violation: HostViolation | undefined;

  constructor(module: WebAssembly.Module, options: VmOptions = {}) {
    this.#options = options;
    this.metrics = options.metrics ?? new Map();
    const now = options.now ?? (() => BigInt(Date.now()) * 1_000_000n);
    const host: CallHost = {
      memory: () => this.#memory,
      metrics: new MetricIds(this.metrics),
      now,
      log: (level, message) => this.#log({ level, message }),
      context: () => this.#context(this.#effective) ?? this.#context(this.#current),
      root: (id) => this.#roots.get(id),
      setEffective: (id) => {
        if (!this.#context(id)) return false;
        this.#effective = id;
        return true;
      },
      defer: (action) => this.#deferred.push(action),
      sendHttp: (call) => this.#sendHttp(call),
      httpAnswer: () => this.#httpAnswer,
      done: (context) => this.#finishRoot(context.contextId),
    };
    const wasi = wasiImports({
      memory: () => this.#memory,
      env: options.env ?? {},
      now,
      random: options.random ?? ((count) => randomBytes(count)),
      onOutput: (fd, message) => this.#log({ level: fd === 2 ? 4 : 2, message }),
    });
    const instance = new WebAssembly.Instance(module, {
      env: {
        ...generalCalls(host),
        ...metricCalls(host),
        ...headerCalls(host),
        ...bufferCalls(host),
        ...streamCalls(host),
        ...httpCalls(host),
      },
      wasi_snapshot_preview1: wasi,
    });
    this.#exports = instance.exports;
    const memory = instance.exports.memory as WebAssembly.Memory;
    this.#memory = new VmMemory(memory, (size) => this.#allocate(size));
    this.#call('_initialize', 0);
  }

  /** Size of the VM’s memory in pages of 64 KiB; it never shrinks. */
  get memoryPages(): number {
    return this.#memory.pages;
  }

  /** Streams that have not ended. */
  get streamCount(): number {
    return this.#streams.size;
  }

  /** Makes a root context and configures it. A refused one is gone at once, as in Envoy’s canary. */
  startRoot({ rootId, configuration, vmConfiguration, properties }: RootOptions): Root {
    const contextId = this.#nextContext++;
    const root: RootEntry = {
      contextId,
      rootId,
      configuration: undefined,
      vmConfiguration: vmConfiguration ?? new Uint8Array(),
      properties: properties ?? {},
      tickPeriodMs: 0,
      streams: new Set(),
      isLeaving: false,
    };
    this.#roots.set(contextId, root);
    this.#call('proxy_on_context_create', contextId, 0);
    const isStarted = this.#call('proxy_on_vm_start', contextId, root.vmConfiguration.length) !== 0;
    root.configuration = configuration;
    const accepted =
      isStarted && this.#call('proxy_on_configure', contextId, configuration.length) !== 0;
    root.configuration = undefined;
    if (!accepted) this.#leaveRoot(root);
    return { contextId, rootId, accepted };
  }

  /** Lets a root’s timer run out once. */
  tick(root: Root): void {
    if (this.#roots.has(root.contextId)) this.#call('proxy_on_tick', root.contextId);
  }

  /** Period that the root asked for, in milliseconds; 0 for none. */
  tickPeriodMs(root: Root): number {
    return this.#roots.get(root.contextId)?.tickPeriodMs ?? 0;
  }

  /** Replaces nothing and waits for nothing: the root leaves when its last stream has ended. */
  deleteRoot(root: Root): void {
    const entry = this.#roots.get(root.contextId);
    if (!entry || entry.isLeaving) return;
    entry.isLeaving = true;
    if (entry.streams.size === 0) this.#leaveRoot(entry);
  }

  /** Whether a root is still there, configured and not deleted, or pinned by a stream. */
  hasRoot(root: Root): boolean {
    return this.#roots.has(root.contextId);
  }

  /** Opens a stream of a root; it keeps the root until it ends. Throws for a root that is gone. */
  stream(root: Root, { properties }: { properties?: Properties } = {}): Stream {
    const entry = this.#roots.get(root.contextId);
    if (!entry) throw new RangeError(`root context ${root.contextId} is gone`);
    const stream = new Stream(
      {
        call: (name, contextId, ...args) => this.#call(name, contextId, ...args),
        holdsAll: this.#options.allowOnHeadersStopIteration === false,
        release: (ended) => this.#release(entry, ended),
      },
      this.#nextContext++,
      root.contextId,
      properties ?? {},
    );
    this.#streams.set(stream.contextId, stream);
    entry.streams.add(stream.contextId);
    return stream;
  }

  /** Answers a request of the filter. Throws for a token that is not waiting. */
  answerHttpCall(token: number, response: HttpResponse): void {
    const headers = new HeaderMap([
      [':status', String(response.status)],
      ...(response.headers ?? []),
    ]);
    const body = Buffer.from(response.body ?? '');
    this.#finishHttpCall(token, { headers, body, trailers: new HeaderMap(response.trailers) });
  }

  /** Lets a request of the filter fail: unreachable, or timed out. */
  failHttpCall(token: number): void {
    this.#finishHttpCall(token, undefined);
  }

  #finishHttpCall(token: number, answer: HttpAnswer | undefined): void {
    const at = this.httpCalls.findIndex((call) => call.token === token);
    const [call] = at < 0 ? [] : this.httpCalls.splice(at, 1);
    if (!call) throw new RangeError(`no request with token ${token} is waiting`);
    if (!this.#context(call.contextId)) return;
    this.#httpAnswer = answer;
    const sizes = [answer?.headers.size ?? 0, answer?.body.length ?? 0, answer?.trailers.size ?? 0];
    this.#call('proxy_on_http_call_response', call.contextId, token, ...sizes);
    this.#httpAnswer = undefined;
  }

  #sendHttp(call: Omit<HttpCall, 'token'>): number | undefined {
    if (this.#options.clusters && !this.#options.clusters.includes(call.cluster)) return undefined;
    const token = this.#nextToken++;
    this.httpCalls.push({ token, ...call });
    return token;
  }

  #release(root: RootEntry, stream: Stream): void {
    this.#streams.delete(stream.contextId);
    root.streams.delete(stream.contextId);
    if (root.isLeaving && root.streams.size === 0) this.#leaveRoot(root);
  }

  #leaveRoot(root: RootEntry): void {
    root.isLeaving = true;
    const isDone = this.#call('proxy_on_done', root.contextId);
    if (isDone !== 0) this.#finishRoot(root.contextId);
  }

  #finishRoot(contextId: number): boolean {
    const root = this.#roots.get(contextId);
    if (!root?.isLeaving) return false;
    this.#call('proxy_on_delete', contextId);
    this.#roots.delete(contextId);
    return true;
  }

  #context(id: number): RootState | Stream | undefined {
    return this.#streams.get(id) ?? this.#roots.get(id);
  }

  #log(line: LogLine): void {
    if (this.#options.onLog) this.#options.onLog(line);
    else this.logs.push(line);
  }

  #allocate(size: number): number {
    const name = 'malloc' in this.#exports ? 'malloc' : 'proxy_on_memory_allocate';
    return (this.#exports[name] as (size: number) => number)(size);
  }

  /** Calls an export in the frame of a context, then carries out what it deferred; undefined when it is missing. */
  #call(name: string, contextId: number, ...args: number[]): number | undefined {
    if (this.#violation) throw this.#violation;
    const callback = this.#exports[name] as ((...args: number[]) => number) | undefined;
    if (!callback) return undefined;
    const [current, effective] = [this.#current, this.#effective];
    this.#current = contextId;
    this.#effective = 0;
    let result: number;
    try {
      result = name === '_initialize' ? callback() : callback(contextId, ...args);
    } catch (cause) {
      if (cause instanceof HostViolation) {
        this.#violation = cause;
        throw cause;
      }
      throw new VmTrap(`\`${name}\` trapped`, { cause });
    } finally {
      this.#current = current;
      this.#effective = effective;
    }
    for (let action = this.#deferred.shift(); action; action = this.#deferred.shift()) action();
    return result;
  }
}
