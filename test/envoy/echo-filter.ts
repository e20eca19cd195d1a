/** A small Proxy-Wasm filter for xDS tests, compiled when it is needed. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Each root remembers its configuration: `pass` lets requests through, one that starts with `bad` is refused, any other
 * is the body of a local answer. Answers are counted under a name with a label.
 */
const source = `
@external("env", "proxy_get_buffer_bytes")
declare function getBuffer(kind: u32, start: u32, max: u32, data: usize, len: usize): u32;
@external("env", "proxy_send_local_response")
declare function sendLocalResponse(status: u32, details: usize, detailsLen: u32, body: usize,
  bodyLen: u32, headers: usize, headersLen: u32, grpcStatus: i32): u32;
@external("env", "proxy_define_metric")
declare function defineMetric(kind: u32, name: usize, nameLen: u32, id: usize): u32;
@external("env", "proxy_increment_metric")
declare function incrementMetric(id: u32, by: i64): u32;

const metricName = "dta_bundles_total_result=no_room";
let metric: u32 = 0;
const parents = new Map<u32, u32>();
const bodies = new Map<u32, usize>();
const lens = new Map<u32, u32>();
const result = memory.data(8);

export function proxy_abi_version_0_2_1(): void {}
export function proxy_on_memory_allocate(size: u32): usize { return heap.alloc(size); }
export function proxy_on_context_create(id: u32, parent: u32): void { parents.set(id, parent); }
export function proxy_on_vm_start(_root: u32, _size: u32): u32 { return 1; }
export function proxy_on_configure(root: u32, size: u32): u32 {
  const name = String.UTF8.encode(metricName);
  defineMetric(0, changetype<usize>(name), name.byteLength, result);
  metric = load<u32>(result);
  if (getBuffer(7, 0, size, result, result + 4) != 0) return 0;
  const data = <usize>load<u32>(result);
  bodies.set(root, data);
  lens.set(root, load<u32>(result + 4));
  return load<u8>(data) == 0x62 && load<u8>(data + 1) == 0x61 && load<u8>(data + 2) == 0x64 ? 0 : 1;
}
export function proxy_on_request_headers(id: u32, _count: u32, _end: u32): u32 {
  const root = parents.get(id);
  const body = bodies.get(root);
  if (load<u8>(body) == 0x70) return 0;
  incrementMetric(metric, 1);
  sendLocalResponse(200, 0, 0, body, lens.get(root), 0, 0, -1);
  return 1;
}
`;

/** Compiles the filter into `directory`; returns its path. */
export async function buildEchoFilter(directory: string): Promise<string> {
  const compiler = new URL('../../node_modules/assemblyscript/bin/asc.js', import.meta.url);
  await writeFile(join(directory, 'echo.ts'), source);
  const args = ['echo.ts', '--runtime', 'stub', '--use', 'abort=', '--outFile', 'echo.wasm'];
  args.push('--exportStart', '_initialize');
  await promisify(execFile)(process.execPath, [compiler.pathname, ...args], { cwd: directory });
  return join(directory, 'echo.wasm');
}
