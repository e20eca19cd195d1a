/** What can be wrong with a state. */
import {
  Attribute,
  NONE,
  RiskBand,
  Section,
  Signal,
  STATE_MAX_BYTES,
  StateHeader,
  StateSection as T,
} from '../../controller/layout.ts';
import { repeatRecord, setFile } from './edits.ts';
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
  ['6 sections', reasons.sectionCount, [0, 0], (f) => f.set16(StateHeader.sectionCount, 6)],
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
];
