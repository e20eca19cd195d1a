/** The built filter asks for nothing but the host calls it needs, offers nothing but its callbacks, and is small. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { loadModule, moduleSurface } from '../host/module.ts';

const path = join(import.meta.dirname, '../build/filter.wasm');
const BYTES_MAX = 320 * 1024;

const allowedImports = new Set([
  'env.proxy_add_header_map_value',
  'env.proxy_close_stream',
  'env.proxy_define_metric',
  'env.proxy_get_buffer_bytes',
  'env.proxy_get_current_time_nanoseconds',
  'env.proxy_get_header_map_pairs',
  'env.proxy_get_property',
  'env.proxy_http_call',
  'env.proxy_increment_metric',
  'env.proxy_log',
  'env.proxy_record_metric',
  'env.proxy_remove_header_map_value',
  'env.proxy_replace_header_map_value',
  'env.proxy_send_local_response',
  'env.proxy_set_buffer_bytes',
  'env.proxy_set_effective_context',
  'env.proxy_set_property',
  'env.proxy_set_tick_period_milliseconds',
  'wasi_snapshot_preview1.environ_get',
  'wasi_snapshot_preview1.environ_sizes_get',
  'wasi_snapshot_preview1.random_get',
]);

test('imports', async () => {
  const { imports } = moduleSurface(await loadModule(path));
  expect(imports.filter((name) => !allowedImports.has(name))).toEqual([]);
});

test('exports', async () => {
  const { exports } = moduleSurface(await loadModule(path));
  expect(exports).toEqual([
    '_initialize',
    'memory',
    'proxy_abi_version_0_2_1',
    'proxy_on_configure',
    'proxy_on_context_create',
    'proxy_on_delete',
    'proxy_on_http_call_response',
    'proxy_on_memory_allocate',
    'proxy_on_request_body',
    'proxy_on_request_headers',
    'proxy_on_request_trailers',
    'proxy_on_response_body',
    'proxy_on_response_headers',
    'proxy_on_response_trailers',
    'proxy_on_tick',
    'proxy_on_vm_start',
  ]);
});

test('size', async () => {
  expect((await stat(path)).size).toBeLessThan(BYTES_MAX);
});
