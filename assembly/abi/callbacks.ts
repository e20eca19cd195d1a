/** The callbacks that the host may call, each in a frame that empties the arena afterwards; only needed ones are exported, because each costs. */
import * as plugin from '../filter/plugin';
import { arenaAlloc } from '../memory/arena';
import { enterCallback, leaveCallback } from './current';

/** Tells the host which ABI this is; never called. */
export function proxy_abi_version_0_2_1(): void {}

/** Memory for data of the host; 0 makes the host call fail with a status. */
export function proxy_on_memory_allocate(size: usize): usize {
  return arenaAlloc(size);
}

/** A context comes: a root when `parent` is 0, else a stream of that root. */
export function proxy_on_context_create(id: u32, parent: u32): void {
  const outer = enterCallback(id);
  plugin.onContextCreate(id, parent);
  leaveCallback(outer);
}

/** A root's VM starts; false refuses it. */
export function proxy_on_vm_start(root: u32, size: u32): bool {
  const outer = enterCallback(root);
  const accepted = plugin.onVmStart(root, size);
  leaveCallback(outer);
  return accepted;
}

/** A root gets its configuration of `size` bytes; false refuses it. */
export function proxy_on_configure(root: u32, size: u32): bool {
  const outer = enterCallback(root);
  const accepted = plugin.onConfigure(root, size);
  leaveCallback(outer);
  return accepted;
}

/** A root's period is over. */
export function proxy_on_tick(root: u32): void {
  const outer = enterCallback(root);
  plugin.onTick(root);
  leaveCallback(outer);
}

/** A context is gone. */
export function proxy_on_delete(id: u32): void {
  const outer = enterCallback(id);
  plugin.onDelete(id);
  leaveCallback(outer);
}

/** Request headers are there; answers a HeadersAction. */
export function proxy_on_request_headers(id: u32, count: u32, end: bool): u32 {
  const outer = enterCallback(id);
  const action = plugin.onRequestHeaders(id, count, end);
  leaveCallback(outer);
  return action;
}

/** `size` bytes of request body are there; answers a BodyAction. */
export function proxy_on_request_body(id: u32, size: u32, end: bool): u32 {
  const outer = enterCallback(id);
  const action = plugin.onRequestBody(id, size, end);
  leaveCallback(outer);
  return action;
}

/** Request trailers are there; answers a TrailersAction. */
export function proxy_on_request_trailers(id: u32, count: u32): u32 {
  const outer = enterCallback(id);
  const action = plugin.onRequestTrailers(id, count);
  leaveCallback(outer);
  return action;
}

/** Response headers are there; answers a HeadersAction. */
export function proxy_on_response_headers(id: u32, count: u32, end: bool): u32 {
  const outer = enterCallback(id);
  const action = plugin.onResponseHeaders(id, count, end);
  leaveCallback(outer);
  return action;
}

/** `size` bytes of response body are there; answers a BodyAction. */
export function proxy_on_response_body(id: u32, size: u32, end: bool): u32 {
  const outer = enterCallback(id);
  const action = plugin.onResponseBody(id, size, end);
  leaveCallback(outer);
  return action;
}

/** Response trailers are there; answers a TrailersAction. */
export function proxy_on_response_trailers(id: u32, count: u32): u32 {
  const outer = enterCallback(id);
  const action = plugin.onResponseTrailers(id, count);
  leaveCallback(outer);
  return action;
}

/** A request that a root sent is answered; no headers at all mean that it failed. */
export function proxy_on_http_call_response(
  root: u32,
  token: u32,
  headers: u32,
  bodySize: u32,
  trailers: u32,
): void {
  const outer = enterCallback(root);
  plugin.onHttpCallResponse(root, token, headers, bodySize, trailers);
  leaveCallback(outer);
}
