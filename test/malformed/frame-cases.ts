/** What can be wrong with the frame of a bundle: file, header and section table. */
import {
  BUNDLE_MAX_BYTES,
  BundleHeader as Header,
  BundleSection as S,
  Section,
} from '../../controller/layout.ts';
import {
  cutTo,
  grow,
  lengthen,
  longNames,
  move,
  setFile,
  setPadding,
  wrappingCount,
} from './edits.ts';
import { type Case, FAR, reasons } from './refusal-case.ts';

const tooLarge = new Uint8Array(BUNDLE_MAX_BYTES + 2 ** 20);

/** Damaged frames. */
export const frame: Case[] = [
  ['no bytes', reasons.tooShort, [0, 0], () => new Uint8Array()],
  ['only reserved bytes', reasons.tooShort, [0, 0], ({ bytes }) => bytes.subarray(0, 512)],
  ['no section table', reasons.tooShort, [0, 0], (f) => cutTo(f, 624)],
  ['33 MiB', reasons.tooLong, [0, 0], () => tooLarge],
  ['a reserved byte', reasons.reserved, [0, 0], (f) => setFile(f, 511, 1)],
  ['reserved in the header', reasons.reserved, [0, 1], (f) => f.set16(Header.reserved, 1)],
  ['the magic of a state', reasons.magic, [0, 0], (f) => f.set32(Header.magic, 0x53415444)],
  ['format version 1', reasons.version, [0, 0], (f) => f.set16(Header.formatVersion, 1)],
  [
    'payload length',
    reasons.length,
    [0, 0],
    (f) => f.set32(Header.payloadLen, f.view.byteLength - 8),
  ],
  ['one byte less', reasons.length, [0, 0], (f) => f.bytes.subarray(0, -1)],
  ['version 0', reasons.header, [0, 2], (f) => f.set64(Header.version, 0n)],
  ['no mesh', reasons.header, [0, 3], (f) => f.set32(Header.meshLen, 0)],
  ['no service', reasons.header, [0, 3], (f) => f.set32(Header.serviceLen, 0)],
  ['names over 2 KiB', reasons.header, [0, 4], longNames],
  ['26 sections', reasons.sectionCount, [0, 0], (f) => f.set16(Header.sectionCount, 26)],
  ['a direction', reasons.value, [0, 0], (f) => f.set8(Header.direction, 2)],
  ['a shadow bundle', reasons.value, [0, 1], (f) => f.set8(Header.mode, 1)],
  [
    'two sections of a kind',
    reasons.sectionOrder,
    [S.Rules, 0],
    (f) => f.set32(f.entry(S.Rules), S.Lists),
  ],
  [
    'an unknown section',
    reasons.sectionOrder,
    [S.FederatedDomains, 0],
    (f) => f.set32(f.entry(S.FederatedDomains), 28),
  ],
  [
    'a section that is not aligned',
    reasons.sectionBounds,
    [S.Rules, 0],
    (f) => move(f, S.Rules, 4),
  ],
  [
    'a section in the table',
    reasons.sectionBounds,
    [1, 0],
    (f) => f.set32(f.entry(1) + Section.off, 96),
  ],
  [
    'a section behind the end',
    reasons.sectionBounds,
    [S.Rules, 0],
    (f) => f.set32(f.entry(S.Rules) + Section.off, FAR & ~7),
  ],
  [
    'a section over the end',
    reasons.sectionBounds,
    [S.FederatedDomains, 0],
    (f) => f.set32(f.entry(S.FederatedDomains) + Section.len, FAR),
  ],
  [
    'a section over the next one',
    reasons.sectionBounds,
    [S.Lists, 0],
    (f) => grow(f, S.Strings, 16),
  ],
  [
    'one record more',
    reasons.sectionSize,
    [S.Rules, 0],
    (f) => f.set32(f.entry(S.Rules) + Section.count, f.count(S.Rules) + 1),
  ],
  ['a count that wraps', reasons.sectionSize, [S.Rules, 0], wrappingCount],
  ['a set byte of padding', reasons.padding, [S.Lists, 0], (f) => setPadding(f)],
  [
    '8 bytes behind the last section',
    reasons.padding,
    [S.FederatedDomains, 0],
    (f) => lengthen(f, 8),
  ],
];
