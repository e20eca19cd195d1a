/**
 * Root contexts, and the bundles that they stand for.
 *
 * A root holds a bundle id; the id's entry holds the newest bundle. So a stream of an older root decides under the newest
 * policy of its own listener, and a listener never sees the bundle of another (envoy-facts, "Life of a configuration").
 */
import { blockAlloc, blockFree } from '../memory/block';
import { equalBytes } from '../memory/bytes';
import { freeBundle } from '../policy/load-bundle';

/** What a context id stands for; the first field of Root and Stream. */
export const enum ContextKind {
  Root = 1,
  Stream = 2,
}


@unmanaged
export class Root {
  kind: u32;
  id: u32;
  /** Entry of the bundle id, or 0 while there is none. */
  entry: usize;
  /** Version of the bundle for which this proxy was last found to be the destination; 0: none yet. */
  checkedVersion: u64;
}


@unmanaged
export class BundleEntry {
  next: usize;
  /** Roots that hold this id. */
  roots: u32;
  /** Newest bundle, or 0. */
  bundle: usize;
  idLen: u32;
}

let firstEntry: usize = 0;

/** The VM refused to trust the connection manager's header: see `poison`. */
export let isPoisoned: bool = false;

/** Makes every later decision a denial: identity can no longer be trusted in this worker. */
export function poison(): void {
  isPoisoned = true;
}

/** The entry of a bundle id (`policy/bundle-id`), or 0. */
export function findEntry(id: usize, idLen: u32): usize {
  for (let at = firstEntry; at != 0; at = changetype<BundleEntry>(at).next) {
    const known = at + offsetof<BundleEntry>();
    if (equalBytes(known, changetype<BundleEntry>(at).idLen, id, idLen)) return at;
  }
  return 0;
}

/** Makes the entry of a bundle id that has none. 0 when there is no room. */
export function addEntry(id: usize, idLen: u32): usize {
  const block = blockAlloc(offsetof<BundleEntry>() + idLen);
  if (block == 0) return 0;
  const entry = changetype<BundleEntry>(block);
  entry.next = firstEntry;
  entry.roots = 0;
  entry.bundle = 0;
  entry.idLen = idLen;
  memory.copy(block + offsetof<BundleEntry>(), id, idLen);
  firstEntry = block;
  return block;
}

/** Binds a root to an entry. */
export function bindRoot(root: Root, entry: usize): void {
  if (root.entry == entry) return;
  const old = root.entry;
  root.entry = entry;
  changetype<BundleEntry>(entry).roots += 1;
  if (old != 0) releaseEntry(old);
}

/** Forgets a root; the bundle of its id goes with the last root that held it. */
export function releaseRoot(root: Root): void {
  if (root.entry != 0) releaseEntry(root.entry);
  root.entry = 0;
}

function dropUnusedEntry(entry: usize): void {
  const unused = changetype<BundleEntry>(entry);
  if (unused.roots != 0) return;
  if (unused.bundle != 0) freeBundle(unused.bundle);
  if (firstEntry == entry) {
    firstEntry = unused.next;
  } else {
    let at = firstEntry;
    while (changetype<BundleEntry>(at).next != entry) at = changetype<BundleEntry>(at).next;
    changetype<BundleEntry>(at).next = unused.next;
  }
  blockFree(entry);
}

function releaseEntry(entry: usize): void {
  changetype<BundleEntry>(entry).roots -= 1;
  dropUnusedEntry(entry);
}
