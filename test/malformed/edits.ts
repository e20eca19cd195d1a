/** Changes to files that take more than one field. */
import {
  BundleHeader as Header,
  PathEdge,
  Rule,
  BundleSection as S,
  Section,
  ServiceSlot,
} from '../../controller/layout.ts';
import { hash32 } from '../../controller/policy/hash32.ts';
import type { FileEditor } from './file-editor.ts';

/** Sets a byte, counted from the start of the file. */
export function setFile(file: FileEditor, at: number, value: number): FileEditor {
  file.bytes[at] = value;
  return file;
}

/** The first bytes of a file, with the length in its header mended. */
export function cutTo(file: FileEditor, bytes: number): Uint8Array {
  return file.set32(Header.payloadLen, bytes - 512).bytes.subarray(0, bytes);
}

/** The file with zero bytes behind it, with the length in its header mended. */
export function lengthen(file: FileEditor, more: number): Uint8Array {
  const longer = new Uint8Array(file.bytes.length + more);
  longer.set(file.set32(Header.payloadLen, file.view.byteLength + more).bytes);
  return longer;
}

/** Moves the start of a section. */
export function move(file: FileEditor, section: number, bytes: number): FileEditor {
  const place = file.entry(section) + Section.off;
  return file.set32(place, file.u32(place) + bytes);
}

/** Lengthens the Strings section over what follows. */
export function grow(file: FileEditor, section: number, bytes: number): FileEditor {
  const place = file.entry(section);
  const len = file.u32(place + Section.len) + bytes;
  return file.set32(place + Section.len, len).set32(place + Section.count, len);
}

/** A count of rules that gives the length of the section again, modulo 2^32. */
export function wrappingCount(file: FileEditor): FileEditor {
  const place = file.entry(S.Rules);
  return file.set32(place + Section.count, file.count(S.Rules) + 2 ** 29);
}

/** Sets a byte behind strings whose length is no multiple of 8. */
export function setPadding(file: FileEditor): FileEditor {
  const text = Buffer.concat([file.section(S.Strings), Buffer.from('abc')]);
  const odd = file.rebuild(
    new Map([[S.Strings, text.subarray(0, text.length - (text.length % 8) - 7)]]),
  );
  const end = odd.u32(odd.entry(S.Strings) + Section.off) + odd.count(S.Strings);
  return odd.set8(end, 1);
}

/** Names of the bundle id that are longer than 2 KiB together. */
export function longNames(file: FileEditor): FileEditor {
  const text = Buffer.concat([file.section(S.Strings), Buffer.alloc(2048, 'a')]);
  const edited = file.rebuild(new Map([[S.Strings, text]]));
  return edited.set32(Header.service, text.length - 2048).set32(Header.serviceLen, 2048);
}

/** The records of a section over and over, or the first few. */
export function repeat(file: FileEditor, section: number, count: number): FileEditor {
  const size = file.section(section).length / file.count(section);
  const one = file.section(section);
  const many = Buffer.alloc(size * count);
  for (let at = 0; at < many.length; at += one.length)
    many.set(one.subarray(0, many.length - at), at);
  return file.rebuild(new Map([[section, many]]));
}

/** Writes a record over the next one. */
export function repeatRecord(file: FileEditor, section: number, record: number): FileEditor {
  const size = file.at(section, 1) - file.at(section, 0);
  const from = 512 + file.at(section, record);
  file.bytes.copyWithin(from + size, from, from + size);
  return file;
}

/** Place of the first taken slot of the service table. */
export function slot(file: FileEditor): number {
  return taken(file, S.Services, ServiceSlot.listCount);
}

/** Place of the first taken slot of the edge table. */
export function edge(file: FileEditor): number {
  return taken(file, S.PathEdges, PathEdge.child);
}

function taken(file: FileEditor, section: number, mark: number): number {
  for (let i = 0; i < file.count(section); i++) {
    if (file.u32(file.at(section, i, mark)) !== 0) return file.at(section, i);
  }
  throw new RangeError(`section ${section} has no taken slot`);
}

/** All slots taken by copies of one: equal keys never end a search. */
export function fillTable(
  file: FileEditor,
  section: number,
  mark: number,
  size: number,
): FileEditor {
  const from = 512 + taken(file, section, mark);
  const first = 512 + file.at(section, 0);
  const copy = file.bytes.slice(from, from + size);
  for (let i = 0; i < file.count(section); i++) file.bytes.set(copy, first + i * size);
  return file;
}

/** Moves a service to a slot that its own search does not reach. */
export function hideService(file: FileEditor): FileEditor {
  const from = slot(file);
  const bytes = file.bytes.slice(512 + from, 512 + from + ServiceSlot.SIZE);
  const count = file.count(S.Services);
  const home = file.u32(from) & (count - 1);
  file.bytes.fill(0, 512 + from, 512 + from + ServiceSlot.SIZE);
  const empty = [...Array(count).keys()].filter(
    (i) => i !== home && file.u32(file.at(S.Services, i, ServiceSlot.listCount)) === 0,
  );
  const target = empty.find(
    (i) =>
      file.u32(file.at(S.Services, (i + count - 1) & (count - 1), ServiceSlot.listCount)) === 0,
  );
  if (target === undefined) throw new RangeError('no slot out of reach');
  file.bytes.set(bytes, 512 + file.at(S.Services, target));
  return file;
}

/** 1,100 rules that each name 64 Ki selectors. */
export function entangle(file: FileEditor): FileEditor {
  const list = new Uint8Array(4 * 65_536);
  const lists = Buffer.concat([file.section(S.Lists), list]);
  const start = file.count(S.Lists);
  const many = repeat(file, S.Rules, 1100).rebuild(new Map([[S.Lists, lists]]));
  for (let i = 0; i < 1100; i++) {
    many.set32(many.at(S.Rules, i, Rule.selectorStart), start);
    many.set32(many.at(S.Rules, i, Rule.selectorCount), 65_536);
  }
  return many;
}

/** A service table, half full as allowed, whose keys all belong into its first part: look-ups walk over most of it. */
export function clusterServices(file: FileEditor, slots: number): FileEditor {
  const texts: Uint8Array[] = [file.section(S.Strings)];
  const keys: { hash: number; home: number; off: number }[] = [];
  let off = file.count(S.Strings);
  for (let n = 0; keys.length < slots / 2; n++) {
    const key = Buffer.from(String(n).padStart(8, '0'));
    const hash = hash32(key) >>> 0;
    const home = hash & (slots - 1);
    if (home >= slots / 64) continue;
    keys.push({ hash, home, off });
    texts.push(key);
    off += key.length;
  }
  const table = new DataView(new ArrayBuffer(slots * ServiceSlot.SIZE));
  let slotIndex = 0;
  for (const key of keys.sort((a, b) => a.home - b.home)) {
    slotIndex = Math.max(slotIndex, key.home);
    const at = slotIndex * ServiceSlot.SIZE;
    table.setUint32(at + ServiceSlot.hash, key.hash, true);
    table.setUint32(at + ServiceSlot.listCount, 1, true);
    table.setUint32(at + ServiceSlot.key, key.off, true);
    table.setUint32(at + ServiceSlot.keyLen, 8, true);
    slotIndex += 1;
  }
  const sections = new Map([
    [S.Strings, Buffer.concat(texts)],
    [S.Services, new Uint8Array(table.buffer)],
  ] as [number, Uint8Array][]);
  return file.rebuild(sections);
}
