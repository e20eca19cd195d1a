/** What can be wrong with a state. */
import {
  Attribute,
  NONE,
  Restriction as R,
  RiskBand,
  Section,
  Signal,
  STATE_MAX_BYTES,
  StateHeader,
  StateSection as T,
  Verdict,
} from '../../controller/layout.ts';
import { repeatRecord, setFile } from './edits.ts';
import type { FileEditor } from './file-editor.ts';
import { type Case, reasons } from './refusal-case.ts';

/** Damaged states. */
export const states: Case[] = [
  ['no bytes', reasons.tooShort, [0, 0], () => new Uint8Array()],
  ['over 1 MiB', reasons.tooLong, [0, 0], () => new Uint8Array(STATE_MAX_BYTES + 1)],
  ['a reserved byte', reasons.reserved, [0, 0], (f) => setFile(f, 0, 1)],
  ['reserved in the header', reasons.reserved, [0, 1], (f) => f.set32(StateHeader.reserved, 1)],
  ['the magic of a bundle', reasons.magic, [0, 0], (f) => f.set32(StateHeader.magic, 0x42415444)],
  ['format version 0', reasons.version, [0, 0], (f) => f.set16(StateHeader.formatVersion, 0)],
  ['payload length', reasons.length, [0, 0], (f) => f.set32(StateHeader.payloadLen, 0)],
  ['7 sections', reasons.sectionCount, [0, 0], (f) => f.set16(StateHeader.sectionCount, 7)],
  ['epoch 0', reasons.header, [0, 2], (f) => f.set64(StateHeader.epoch, 0n)],
  ['no mesh', reasons.header, [0, 3], (f) => f.set32(StateHeader.meshLen, 0)],
  ['string of self', reasons.string, [0, 3], (f) => f.set32(StateHeader.selfLen, NONE)],
  ['string of the subject', reasons.string, [0, 3], (f) => f.set32(StateHeader.selfSubject, NONE)],
  [
    'sections out of order',
    reasons.sectionOrder,
    [T.Signals, 0],
    (f) => f.set32(f.entry(T.Signals), T.Bands),
  ],
  [
    'a section over the end',
    reasons.sectionBounds,
    [T.Bands, 0],
    (f) => f.set32(f.entry(T.Bands) + Section.len, NONE),
  ],
  [
    'half a digest',
    reasons.sectionSize,
    [T.RevokedDigests, 0],
    (f) => f.set32(f.entry(T.RevokedDigests) + Section.count, 2),
  ],
  [
    'digests out of order',
    reasons.sortOrder,
    [T.RevokedDigests, 1],
    (f) => f.swap(T.RevokedDigests, 0, 1),
  ],
  [
    'a digest twice',
    reasons.sortOrder,
    [T.RevokedDigests, 2],
    (f) => repeatRecord(f, T.RevokedDigests, 1),
  ],
  [
    'instances out of order',
    reasons.sortOrder,
    [T.RevokedInstances, 1],
    (f) => f.swap(T.RevokedInstances, 0, 1),
  ],
  ['signals out of order', reasons.sortOrder, [T.Signals, 1], (f) => f.swap(T.Signals, 0, 1)],
  ['attributes out of order', reasons.sortOrder, [T.Signals, 2], (f) => f.swap(T.Signals, 1, 2)],
  ['a signal twice', reasons.sortOrder, [T.Signals, 1], (f) => repeatRecord(f, T.Signals, 0)],
  ['bands out of order', reasons.sortOrder, [T.Bands, 1], (f) => f.swap(T.Bands, 0, 1)],
  ['string of a signal', reasons.string, [T.Signals, 3], (f) => f.set32(f.at(T.Signals, 3), NONE)],
  ['string of a band', reasons.string, [T.Bands, 1], (f) => f.set32(f.at(T.Bands, 1), NONE)],
  [
    'an attribute',
    reasons.value,
    [T.Signals, 0],
    (f) => f.set16(f.at(T.Signals, 0, Signal.attribute), Attribute.RequestTime),
  ],
  ['a band', reasons.value, [T.Bands, 0], (f) => f.set32(f.at(T.Bands, 0, RiskBand.band), 4)],
  [
    'reserved of a signal',
    reasons.reserved,
    [T.Signals, 0],
    (f) => f.set16(f.at(T.Signals, 0, Signal.reserved), 1),
  ],
  [
    'reserved of a band',
    reasons.reserved,
    [T.Bands, 0],
    (f) => f.set32(f.at(T.Bands, 0, RiskBand.reserved), 1),
  ],
  [
    'a value that is no number',
    reasons.number,
    [T.Signals, 0],
    (f) => f.setF64(f.at(T.Signals, 0, Signal.value), Number.NaN),
  ],
  [
    'an infinite value',
    reasons.number,
    [T.Signals, 0],
    (f) => f.setF64(f.at(T.Signals, 0, Signal.value), Infinity),
  ],
  [
    'subjects that overlap',
    reasons.entangled,
    [T.Bands, undefined],
    (f) => overlapSubjects(f, 2 ** 14, 2 ** 17),
  ],
  [
    'restrictions out of order',
    reasons.sortOrder,
    [T.Restrictions, 1],
    (f) => f.swap(T.Restrictions, 0, 1),
  ],
  [
    'sides out of order',
    reasons.sortOrder,
    [T.Restrictions, 2],
    (f) => f.swap(T.Restrictions, 1, 2),
  ],
  [
    'string of a restriction',
    reasons.string,
    [T.Restrictions, 1],
    (f) => f.set32(f.at(T.Restrictions, 1), NONE),
  ],
  restriction('a side', reasons.value, 0, (f, at) => f.set8(at + R.side, 2)),
  restriction('the verdict Allow', reasons.value, 0, (f, at) =>
    f.set8(at + R.verdict, Verdict.Allow),
  ),
  restriction('a verdict', reasons.value, 1, (f, at) => f.set8(at + R.verdict, 6)),
  restriction('a flag', reasons.value, 0, (f, at) => f.set8(at + R.flags, 4)),
  restriction('a flag of an isolation', reasons.value, 1, (f, at) => f.set8(at + R.flags, 1)),
  restriction('reserved', reasons.reserved, 0, (f, at) => f.set8(at + R.reserved, 1)),
  restriction('reserved behind the burst', reasons.reserved, 2, (f, at) =>
    f.set32(at + R.reserved2, 1),
  ),
  restriction('no rate of a throttle', reasons.number, 2, (f, at) =>
    f.setF64(at + R.ratePerSecond, 0).set32(at + R.burst, 0),
  ),
  restriction('a rate below 0', reasons.number, 2, (f, at) => f.setF64(at + R.ratePerSecond, -1)),
  restriction('a rate that is no number', reasons.number, 2, (f, at) =>
    f.setF64(at + R.ratePerSecond, Number.NaN),
  ),
  restriction('an infinite rate', reasons.number, 0, (f, at) =>
    f.setF64(at + R.ratePerSecond, Infinity).set32(at + R.burst, 1),
  ),
  restriction('a rate of an isolation', reasons.number, 1, (f, at) =>
    f.setF64(at + R.ratePerSecond, 1).set32(at + R.burst, 1),
  ),
  restriction('no burst', reasons.number, 2, (f, at) => f.set32(at + R.burst, 0)),
  restriction('a burst without a rate', reasons.number, 0, (f, at) => f.set32(at + R.burst, 1)),
  restriction('no wait of a throttle', reasons.number, 2, (f, at) =>
    f.set32(at + R.retryAfterSeconds, 0),
  ),
  restriction('a wait of an isolation', reasons.number, 1, (f, at) =>
    f.set32(at + R.retryAfterSeconds, 1),
  ),
];

/** A case about one restriction; `edit` gets the place of its record. */
function restriction(
  what: string,
  reason: string,
  record: number,
  edit: (file: FileEditor, at: number) => FileEditor,
): Case {
  return [
    `${what} in a restriction`,
    reason,
    [T.Restrictions, record],
    (f) => edit(f, f.at(T.Restrictions, record)),
  ];
}

/** Bands whose subjects are all but the whole of the strings: comparing them byte by byte would be quadratic. */
function overlapSubjects(file: FileEditor, count: number, bytes: number): FileEditor {
  const strings = Buffer.concat([file.section(T.Strings), Buffer.alloc(bytes, 'a')]);
  const bands = Buffer.alloc(count * RiskBand.SIZE);
  for (let i = 0; i < count; i++) {
    const at = i * RiskBand.SIZE;
    bands.writeUInt32LE(strings.length - bytes + (i % 2), at);
    bands.writeUInt32LE(bytes / 2 + i, at + 4);
  }
  return file.rebuild(
    new Map([
      [T.Strings, strings],
      [T.Bands, bands],
    ]),
  );
}
