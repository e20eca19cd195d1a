/** Changes to files that take more than one field. */
import {
  BundleHeader as Header,
  NONE,
  Op,
  Program,
  Route,
  Rule,
  BundleSection as S,
  Section,
  ServiceEntry,
  Truth,
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

/** Index of the first taken word of a section of slots. */
export function takenSlot(file: FileEditor, slots: number): number {
  for (let i = 0; i < file.count(slots); i++) if (file.u32(file.at(slots, i)) !== 0) return i;
  throw new RangeError(`section ${slots} has no taken slot`);
}

/** Changes the first taken word of a section of slots. */
export function changeSlot(
  file: FileEditor,
  slots: number,
  change: (word: number) => number,
): FileEditor {
  const place = file.at(slots, takenSlot(file, slots));
  return file.set32(place, change(file.u32(place)) >>> 0);
}

/** Turns the words of a section of slots by one place: no key is where its hash points. */
export function turnSlots(file: FileEditor, slots: number): FileEditor {
  const words = file.section(slots);
  const turned = Buffer.concat([words.subarray(-4), words.subarray(0, -4)]);
  // More empty slots in between, so that a search which starts one place too late does not come around.
  const wider = Buffer.concat([turned, Buffer.alloc(turned.length)]);
  return file.rebuild(new Map([[slots, wider]]));
}

/** The file with entries appended to its lists, and the index of the first. */
export function withEntries(
  file: FileEditor,
  entries: readonly number[],
): { file: FileEditor; start: number } {
  const more = Buffer.from(Uint32Array.from(entries).buffer);
  const lists = Buffer.concat([file.section(S.Lists), more]);
  return { file: file.rebuild(new Map([[S.Lists, lists]])), start: file.count(S.Lists) };
}

/** Index of the first record of a section whose field has a value that is looked for. */
export function find(
  file: FileEditor,
  section: number,
  field: number,
  isWanted: (value: number) => boolean,
): number {
  for (let i = 0; i < file.count(section); i++) {
    if (isWanted(file.u32(file.at(section, i, field)))) return i;
  }
  throw new RangeError(`section ${section} has no such record`);
}

/** 1,100 rules that each name 64 Ki selectors. */
export function entangle(file: FileEditor): FileEditor {
  const size = 65_536;
  const { file: longer, start } = withEntries(file, risingTo(size));
  const many = repeat(repeat(longer, S.Rules, 1100), S.Selectors, size);
  for (let i = 0; i < 1100; i++) many.setSpan(many.at(S.Rules, i, Rule.selectorStart), start, size);
  return many;
}

/**
 * A rule that permits everything, and `side` - 1 that permit nothing, which takes `side` routes each, of which every one
 * takes a program of `side` operations. `side` is odd.
 */
export function multiply(file: FileEditor, side: number): FileEditor {
  const { file: longer, start } = withEntries(file, risingTo(side));
  const negations = Array<number>(side - 1).fill(Op.Not << 24);
  const code = Uint32Array.of((Op.Constant << 24) | Truth.False, ...negations);
  const whole = Buffer.concat([longer.section(S.Code), new Uint8Array(code.buffer)]);
  const many = repeat(repeat(longer, S.Rules, side), S.Routes, side).rebuild(
    new Map([[S.Code, whole]]),
  );
  many.setSpan(many.at(S.Programs, 0, Program.start), file.count(S.Code), side);
  many.setSpan(Header.anySourceStart, start, side).setSpan(Header.anyPathStart, start, side);
  const outcome = many.u32(many.at(S.Rules, 0, Rule.outcome));
  for (let i = 0; i < side; i++) {
    const [rule, route] = [many.at(S.Rules, i), many.at(S.Routes, i)];
    many.setSpan(rule + Rule.selectorStart, 0, 0);
    many.setSpan(rule + Rule.routeStart, start, i === 0 ? 0 : side);
    many.set32(rule + Rule.program, NONE).set32(rule + Rule.outcome, outcome);
    many.set32(route + Route.methods, 0).set32(route + Route.pattern, NONE);
    many.set32(route + Route.hosts, NONE).set32(route + Route.program, 0);
  }
  return many;
}

function risingTo(count: number): number[] {
  return [...Array(count).keys()];
}

/** 1,100 services whose names are 64 KiB long, each one byte behind the one before. */
export function entangleKeys(file: FileEditor): FileEditor {
  const size = 65_536;
  const names = Buffer.alloc(size + 1100);
  for (let i = 0; i < names.length; i++) names[i] = (Math.imul(i, i + 7) >>> 3) & 0xff;
  const texts = Buffer.concat([file.section(S.Strings), names]);
  const records: { hash: number; bytes: Uint8Array }[] = [];
  for (let i = 0; i < 1100; i++) {
    const record = Uint32Array.of(0, 1, file.count(S.Strings) + i, size);
    records.push({
      hash: hash32(names.subarray(i, i + size)),
      bytes: new Uint8Array(record.buffer),
    });
  }
  const slots = new Uint32Array(4096);
  for (const [i, { hash }] of records.entries()) {
    let at = hash & 4095;
    while (slots[at] !== 0) at = (at + 1) & 4095;
    slots[at] = ((hash & 0xff00_0000) | (i + 1)) >>> 0;
  }
  const sections = new Map([
    [S.Strings, texts],
    [S.Services, Buffer.concat(records.map(({ bytes }) => bytes))],
    [S.ServiceSlots, new Uint8Array(slots.buffer)],
  ] as [number, Uint8Array][]);
  return file.rebuild(sections);
}

/** A service table, half full, whose keys all belong into its first part: look-ups walk over most of it. */
export function clusterServices(file: FileEditor, slotCount: number): FileEditor {
  const texts: Uint8Array[] = [file.section(S.Strings)];
  const keys: { hash: number; home: number; off: number }[] = [];
  let off = file.count(S.Strings);
  for (let n = 0; keys.length < slotCount / 2; n++) {
    const key = Buffer.from(String(n).padStart(8, '0'));
    const hash = hash32(key) >>> 0;
    const home = hash & (slotCount - 1);
    if (home >= slotCount / 64) continue;
    keys.push({ hash, home, off });
    texts.push(key);
    off += key.length;
  }
  const records = new DataView(new ArrayBuffer(keys.length * ServiceEntry.SIZE));
  const slots = new Uint32Array(slotCount);
  let slot = 0;
  for (const [i, key] of keys.sort((a, b) => a.home - b.home).entries()) {
    slot = Math.max(slot, key.home);
    slots[slot++] = ((key.hash & 0xff00_0000) | (i + 1)) >>> 0;
    records.setUint32(i * ServiceEntry.SIZE + ServiceEntry.listCount, 1, true);
    records.setUint32(i * ServiceEntry.SIZE + ServiceEntry.key, key.off, true);
    records.setUint32(i * ServiceEntry.SIZE + ServiceEntry.keyLen, 8, true);
  }
  const sections = new Map([
    [S.Strings, Buffer.concat(texts)],
    [S.Services, new Uint8Array(records.buffer)],
    [S.ServiceSlots, new Uint8Array(slots.buffer)],
  ] as [number, Uint8Array][]);
  return file.rebuild(sections);
}
