/** The calls that end a stream: one per stream, ever, because a second one crashes the whole Envoy. */
import { Text } from '../memory/text';
import { contextTerminate } from './contexts';
import { currentContext } from './current';
import { Status, StreamType } from './enums';
import { setEffectiveContext } from './hostcalls';
import * as host from './imports';

/**
 * Answers a stream in place of its upstream; the caller then stops the iteration. Works from any callback. `pairs` are
 * encoded additional headers (may be none), `grpcStatus` a GrpcStatus. AlreadyTerminated when the stream is not in
 * contexts.ts or had its terminal call.
 */
export function sendLocalResponse(
  id: u32,
  status: u32,
  details: Text,
  body: usize,
  bodyLen: u32,
  pairs: usize,
  pairsLen: u32,
  grpcStatus: i32,
): Status {
  if (!contextTerminate(id)) return Status.AlreadyTerminated;
  const entered = enterEffective(id);
  if (entered != Status.Ok) return entered;
  const answer = host.proxy_send_local_response(
    status,
    details.ptr,
    details.len,
    body,
    bodyLen,
    pairs,
    pairsLen,
    grpcStatus,
  );
  leaveEffective(id);
  return answer;
}

/** Resets a stream in both directions. Works from any callback. AlreadyTerminated as above. */
export function closeStream(id: u32): Status {
  if (!contextTerminate(id)) return Status.AlreadyTerminated;
  const entered = enterEffective(id);
  if (entered != Status.Ok) return entered;
  const answer = host.proxy_close_stream(StreamType.Request);
  leaveEffective(id);
  return answer;
}

function enterEffective(id: u32): Status {
  return id == currentContext ? Status.Ok : setEffectiveContext(id);
}

function leaveEffective(id: u32): void {
  if (id != currentContext) setEffectiveContext(currentContext);
}
