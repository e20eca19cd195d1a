/** Counters: added up in memory on the request path, handed to the host on the tick (docs/metrics.md). */
import { MetricType } from '../abi/enums';
import { defineMetric, incrementMetric, metricId, recordMetric } from '../abi/hostcalls';
import { Text, text } from '../memory/text';
import { cacheEvictions, cacheHits, cacheMisses, resetCacheCounts } from '../policy/decision-cache';

/** Counters by index. The names stand in `NAMES` in the same order. */
export const enum Counter {
  Allowed,
  Denied,
  CacheHit,
  CacheMiss,
  CacheEvicted,
  BundleLoaded,
  BundleOlder,
  BundleRefused,
  BundleNoRoom,
  StateLoaded,
  StateOlder,
  StateRefused,
  StateNoRoom,
  MaskedRequest,
  MaskedResponse,
  BodyUnreadable,
  AuditSent,
  AuditDropped,
  AuditRetried,
  StreamsCut,
  SpoofedHeaders,
  ShadowDiffers,
  BundleSoftExpired,
  IdentityMismatch,
  Restricted,
  BodyRedacted,
  BodyPassed,
  COUNT,
}

const NAMES: StaticArray<u32> = [
  <u32>changetype<usize>(text('dta_decisions_total_effect=allow')),
  <u32>changetype<usize>(text('dta_decisions_total_effect=deny')),
  <u32>changetype<usize>(text('dta_cache_total_result=hit')),
  <u32>changetype<usize>(text('dta_cache_total_result=miss')),
  <u32>changetype<usize>(text('dta_cache_total_result=evicted')),
  <u32>changetype<usize>(text('dta_bundles_total_result=loaded')),
  <u32>changetype<usize>(text('dta_bundles_total_result=older')),
  <u32>changetype<usize>(text('dta_bundles_total_result=refused')),
  <u32>changetype<usize>(text('dta_bundles_total_result=no_room')),
  <u32>changetype<usize>(text('dta_states_total_result=loaded')),
  <u32>changetype<usize>(text('dta_states_total_result=older')),
  <u32>changetype<usize>(text('dta_states_total_result=refused')),
  <u32>changetype<usize>(text('dta_states_total_result=no_room')),
  <u32>changetype<usize>(text('dta_masked_values_total_body=request')),
  <u32>changetype<usize>(text('dta_masked_values_total_body=response')),
  <u32>changetype<usize>(text('dta_bodies_total_result=unreadable')),
  <u32>changetype<usize>(text('dta_audit_records_total_result=sent')),
  <u32>changetype<usize>(text('dta_audit_records_total_result=dropped')),
  <u32>changetype<usize>(text('dta_audit_records_total_result=retried')),
  <u32>changetype<usize>(text('dta_streams_total_result=cut')),
  <u32>changetype<usize>(text('dta_headers_total_result=spoofed')),
  <u32>changetype<usize>(text('dta_decisions_total_effect=shadow_differs')),
  <u32>changetype<usize>(text('dta_bundles_total_result=soft_expired')),
  <u32>changetype<usize>(text('dta_identities_total_result=mismatch')),
  <u32>changetype<usize>(text('dta_decisions_total_effect=restricted')),
  <u32>changetype<usize>(text('dta_bodies_total_result=redacted')),
  <u32>changetype<usize>(text('dta_bodies_total_result=passed_unmasked')),
];

const EPOCH = text('dta_state_epoch');

/** (id, pending) per counter, 8 bytes each. */
const table: usize = memory.data(<i32>Counter.COUNT * 8, 8);
let epochId: u32 = 0;
let wereDefined: bool = false;

/** Adds to a counter. */
// @ts-ignore: decorator
@inline
export function count(counter: Counter, amount: u32): void {
  const pending = table + ((<usize>counter) << 3) + 4;
  store<u32>(pending, load<u32>(pending) + amount);
}

/** Makes the metrics known to the host, once per VM. */
export function defineMetrics(): void {
  if (wereDefined) return;
  wereDefined = true;
  for (let i: i32 = 0; i < Counter.COUNT; i++) {
    const name = changetype<Text>(<usize>NAMES[i]);
    defineMetric(MetricType.Counter, name.ptr, name.len);
    store<u32>(table + ((<usize>i) << 3), metricId);
  }
  defineMetric(MetricType.Gauge, EPOCH.ptr, EPOCH.len);
  epochId = metricId;
}

/** Hands what was counted to the host. */
export function flushMetrics(): void {
  count(Counter.CacheHit, cacheHits);
  count(Counter.CacheMiss, cacheMisses);
  count(Counter.CacheEvicted, cacheEvictions);
  resetCacheCounts();
  for (let i: i32 = 0; i < Counter.COUNT; i++) {
    const entry = table + ((<usize>i) << 3);
    const pending = load<u32>(entry, 4);
    if (pending == 0) continue;
    store<u32>(entry, 0, 4);
    incrementMetric(load<u32>(entry), pending);
  }
}

/** Shows the epoch of the state that decides in this VM. */
export function showEpoch(epoch: u64): void {
  recordMetric(epochId, epoch);
}
