/** Host calls about header maps and buffers. */
import { BufferType, MapType, Status } from './abi.ts';
import { type CallHost, type Imports, written } from './call-host.ts';
import { HeaderMap } from './header-map.ts';
import { Stream } from './stream.ts';

function headerMap(host: CallHost, type: number): HeaderMap | undefined {
  const context = host.context();
  const stream = context instanceof Stream ? context : undefined;
  switch (type) {
    case MapType.RequestHeaders:
      return stream?.request.visibleHeaders;
    case MapType.RequestTrailers:
      return stream?.request.visibleTrailers;
    case MapType.ResponseHeaders:
      return stream?.response.visibleHeaders;
    case MapType.ResponseTrailers:
      return stream?.response.visibleTrailers;
    case MapType.HttpCallResponseHeaders:
      return host.httpAnswer()?.headers;
    case MapType.HttpCallResponseTrailers:
      return host.httpAnswer()?.trailers;
    default:
      return undefined;
  }
}

/** Header maps: what Envoy does not show at the moment is empty to read and refused to change. */
export function headerCalls(host: CallHost): Imports {
  const change = (
    type: number,
    spans: [number, number][],
    apply: (map: HeaderMap, parts: Uint8Array[]) => void,
  ) => {
    const parts = spans.map(([ptr, len]) => host.memory().read(ptr, len));
    if (!parts.every((part) => part !== undefined)) return Status.InvalidMemoryAccess;
    const map = type <= MapType.ResponseTrailers ? headerMap(host, type) : undefined;
    if (!map) return Status.BadArgument;
    apply(map, parts);
    return Status.Ok;
  };
  return {
    proxy_get_header_map_pairs: (type: number, ptrPtr: number, lenPtr: number) =>
      written(
        host.memory().handOver((headerMap(host, type) ?? new HeaderMap()).encode(), ptrPtr, lenPtr),
      ),
    proxy_get_header_map_value: (
      type: number,
      key: number,
      keyLen: number,
      ptrPtr: number,
      lenPtr: number,
    ) => {
      const name = host.memory().read(key, keyLen);
      if (!name) return Status.InvalidMemoryAccess;
      const map = headerMap(host, type);
      if (!map) return Status.BadArgument;
      const value = map.bytes(Buffer.from(name).toString('latin1').toLowerCase());
      if (!value) return Status.NotFound;
      return written(host.memory().handOver(value, ptrPtr, lenPtr));
    },
    proxy_add_header_map_value: (t: number, k: number, kLen: number, v: number, vLen: number) =>
      change(
        t,
        [
          [k, kLen],
          [v, vLen],
        ],
        (map, [key, value]) => key && value && map.add(key, value),
      ),
    proxy_replace_header_map_value: (t: number, k: number, kLen: number, v: number, vLen: number) =>
      change(
        t,
        [
          [k, kLen],
          [v, vLen],
        ],
        (map, [key, value]) => key && value && map.replace(key, value),
      ),
    proxy_remove_header_map_value: (t: number, k: number, kLen: number) =>
      change(t, [[k, kLen]], (map, [key]) => key && map.remove(key)),
  };
}

function readableBuffer(host: CallHost, type: number): Uint8Array | undefined {
  const context = host.context();
  if (context instanceof Stream) {
    // Outside of their callbacks the body buffers are there and empty.
    if (type === BufferType.RequestBody) return context.request.bodyBuffer() ?? new Uint8Array();
    if (type === BufferType.ResponseBody) return context.response.bodyBuffer() ?? new Uint8Array();
  } else if (context) {
    if (type === BufferType.VmConfiguration) return context.vmConfiguration;
    if (type === BufferType.PluginConfiguration) return context.configuration;
  }
  return type === BufferType.HttpCallResponseBody ? host.httpAnswer()?.body : undefined;
}

/** Bodies and configurations. */
export function bufferCalls(host: CallHost): Imports {
  return {
    proxy_get_buffer_bytes: (
      type: number,
      start: number,
      length: number,
      ptrPtr: number,
      lenPtr: number,
    ) => {
      const buffer = readableBuffer(host, type);
      if (!buffer) return Status.NotFound;
      const [from, count] = [start >>> 0, length >>> 0];
      if (from + count > 0xffffffff) return Status.BadArgument;
      const part = buffer.subarray(from, from + count);
      // As in Envoy, the results stay untouched when there is nothing to read.
      if (part.length === 0) return Status.Ok;
      return written(host.memory().handOver(part, ptrPtr, lenPtr));
    },
    proxy_set_buffer_bytes: (
      type: number,
      start: number,
      length: number,
      ptr: number,
      len: number,
    ) => {
      const bytes = host.memory().read(ptr, len);
      if (!bytes) return Status.InvalidMemoryAccess;
      const context = host.context();
      if (!(context instanceof Stream) || type > BufferType.ResponseBody) return Status.BadArgument;
      const flow = type === BufferType.RequestBody ? context.request : context.response;
      const isChanged = flow.changeBody(start >>> 0, length >>> 0, bytes);
      return isChanged ? Status.Ok : Status.BadArgument;
    },
  };
}
