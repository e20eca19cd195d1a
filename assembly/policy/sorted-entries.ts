/** Sorting and searching arrays of u32, bounded whatever they hold. */

/** Heap sort in place. */
export function sortRising(entries: usize, count: u32): void {
  for (let i = count >> 1; i > 0; i--) siftDown(entries, i - 1, count);
  for (let end = count; end > 1; end--) {
    const last = entries + ((<usize>(end - 1)) << 2);
    const top = load<u32>(entries);
    store<u32>(entries, load<u32>(last));
    store<u32>(last, top);
    siftDown(entries, 0, end - 1);
  }
}

/** Removes repeated entries of a sorted array; the number that stays. */
export function dropRepeated(entries: usize, count: u32): u32 {
  if (count == 0) return 0;
  let kept: u32 = 1;
  let last = load<u32>(entries);
  for (let i: u32 = 1; i < count; i++) {
    const entry = load<u32>(entries + ((<usize>i) << 2));
    if (entry == last) continue;
    last = entry;
    store<u32>(entries + ((<usize>kept) << 2), entry);
    kept += 1;
  }
  return kept;
}

/** Index of the first entry that is not below `wanted`, or `count`. */
export function lowerBound(entries: usize, count: u32, wanted: u32): u32 {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (load<u32>(entries + ((<usize>mid) << 2)) < wanted) low = mid + 1;
    else high = mid;
  }
  return low;
}

/** Whether a sorted array holds `wanted`. */
export function hasEntry(entries: usize, count: u32, wanted: u32): bool {
  const at = lowerBound(entries, count, wanted);
  return at < count && load<u32>(entries + ((<usize>at) << 2)) == wanted;
}

function siftDown(entries: usize, root: u32, count: u32): void {
  const value = load<u32>(entries + ((<usize>root) << 2));
  for (;;) {
    let child = root * 2 + 1;
    if (child >= count) break;
    let larger = load<u32>(entries + ((<usize>child) << 2));
    if (child + 1 < count) {
      const right = load<u32>(entries + ((<usize>(child + 1)) << 2));
      if (right > larger) {
        larger = right;
        child += 1;
      }
    }
    if (larger <= value) break;
    store<u32>(entries + ((<usize>root) << 2), larger);
    root = child;
  }
  store<u32>(entries + ((<usize>root) << 2), value);
}
