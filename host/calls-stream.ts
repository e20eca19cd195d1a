/** Host calls that act on streams and send requests. */
import { Status } from './abi.ts';
import { type CallHost, type Imports, toText, written } from './call-host.ts';
import { HeaderMap } from './header-map.ts';
import { Stream } from './stream.ts';

/** Going on, local responses, resets; carried out when the callback has returned. */
export function streamCalls(host: CallHost): Imports {
  return {
    proxy_continue_stream: (type: number) => {
      const context = host.context();
      if (type > 1) return Status.BadArgument;
      if (context instanceof Stream) {
        host.defer(() => (type === 0 ? context.request : context.response).resume());
      }
      return Status.Ok;
    },
    proxy_close_stream: (type: number) => {
      const context = host.context();
      if (type > 1) return Status.BadArgument;
      if (context instanceof Stream) {
        context.claimTerminal('proxy_close_stream');
        host.defer(() => context.resetStream());
      }
      return Status.Ok;
    },
    proxy_send_local_response: (
      status: number,
      details: number,
      detailsLen: number,
      body: number,
      bodyLen: number,
      pairs: number,
      pairsLen: number,
      grpcStatus: number,
    ) => {
      const detailBytes = host.memory().read(details, detailsLen);
      const bodyBytes = host.memory().read(body, bodyLen);
      const pairBytes = host.memory().read(pairs, pairsLen);
      if (!detailBytes || !bodyBytes || !pairBytes) return Status.InvalidMemoryAccess;
      const context = host.context();
      if (!(context instanceof Stream)) return Status.Ok;
      context.claimTerminal('proxy_send_local_response');
      const reply = {
        status,
        headers: HeaderMap.decode(pairBytes) ?? new HeaderMap(),
        body: bodyBytes,
        grpcStatus: grpcStatus >= 0 && grpcStatus <= 16 ? grpcStatus : undefined,
        details: toText(detailBytes).replace(/\s/g, '_'),
      };
      host.defer(() => context.sendReply(reply));
      return Status.Ok;
    },
  };
}

/** Requests of the filter. */
export function httpCalls(host: CallHost): Imports {
  return {
    proxy_http_call: (
      ...[
        cluster,
        clusterLen,
        pairs,
        pairsLen,
        body,
        bodyLen,
        trailers,
        trailersLen,
        timeoutMs,
        result,
      ]: number[]
    ) => {
      const read = (ptr = 0, len = 0) => host.memory().read(ptr, len);
      const [name, headers, content, tail] = [
        read(cluster, clusterLen),
        read(pairs, pairsLen),
        read(body, bodyLen),
        read(trailers, trailersLen),
      ];
      if (!name || !headers || !content || !tail) return Status.InvalidMemoryAccess;
      const map = HeaderMap.decode(headers) ?? new HeaderMap();
      const required = [':method', ':path', ':authority'];
      const context = host.context();
      if (!context || required.some((key) => map.value(key) === undefined))
        return Status.BadArgument;
      const token = host.sendHttp({
        contextId: context.contextId,
        cluster: toText(name),
        headers: map.toPairs(),
        body: content,
        trailers: (HeaderMap.decode(tail) ?? new HeaderMap()).toPairs(),
        timeoutMs: timeoutMs ?? 0,
      });
      if (token === undefined) return Status.BadArgument;
      return written(host.memory().writeU32(result ?? 0, token));
    },
  };
}
