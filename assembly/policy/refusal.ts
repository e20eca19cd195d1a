/** Why a bundle or a state was refused, kept for the one log line that says so. */

/** What the reader expected and did not find. */
export const enum Refusal {
  None,
  TooShort,
  TooLong,
  ReservedNotZero,
  Magic,
  FormatVersion,
  Length,
  Header,
  SectionCount,
  SectionOrder,
  SectionBounds,
  SectionSize,
  Padding,
  StringSpan,
  ListSpan,
  ListEntry,
  Index,
  EnumValue,
  HashTable,
  Program,
  Number,
  Interval,
  MaskBlob,
  SortOrder,
  Entangled,
  TooMany,
}

/** Where it was found: section kind (0: header) and record. */
export let refusedSection: u32 = 0;
export let refusedRecord: u32 = 0;

/** Records the place and returns the reason, so that a check can end with `return refuse(...)`. */
export function refuse(reason: Refusal, section: u32, record: u32): Refusal {
  refusedSection = section;
  refusedRecord = record;
  return reason;
}

/** One line for the operator. Allocates: for configure callbacks only. */
export function describeRefusal(reason: Refusal): string {
  return (
    refusalText(reason) +
    ' (section ' +
    refusedSection.toString() +
    ', record ' +
    refusedRecord.toString() +
    ')'
  );
}

function refusalText(reason: Refusal): string {
  switch (reason) {
    case Refusal.TooShort:
      return 'file is shorter than its header';
    case Refusal.TooLong:
      return 'file is larger than the format allows';
    case Refusal.ReservedNotZero:
      return 'reserved bytes are not zero';
    case Refusal.Magic:
      return 'magic number is wrong';
    case Refusal.FormatVersion:
      return 'format version is not known';
    case Refusal.Length:
      return 'length in the header is not the length of the file';
    case Refusal.Header:
      return 'header field is out of range';
    case Refusal.SectionCount:
      return 'number of sections is wrong';
    case Refusal.SectionOrder:
      return 'section is missing, repeated or out of order';
    case Refusal.SectionBounds:
      return 'section lies outside the file';
    case Refusal.SectionSize:
      return 'section length is not its record size times its count';
    case Refusal.Padding:
      return 'bytes between sections are not zero padding';
    case Refusal.StringSpan:
      return 'string lies outside the strings section';
    case Refusal.ListSpan:
      return 'span lies outside its section';
    case Refusal.ListEntry:
      return 'list entry points outside its section';
    case Refusal.Index:
      return 'index points outside its section';
    case Refusal.EnumValue:
      return 'value is not known';
    case Refusal.HashTable:
      return 'hash table is not well formed';
    case Refusal.Program:
      return 'program is not well formed';
    case Refusal.Number:
      return 'number is not finite';
    case Refusal.Interval:
      return 'intervals are not rising and disjoint';
    case Refusal.MaskBlob:
      return 'mask profile is not well formed';
    case Refusal.SortOrder:
      return 'records are not sorted';
    case Refusal.Entangled:
      return 'lists or strings overlap too much to be checked';
    case Refusal.TooMany:
      return 'more records than the format allows';
    default:
      return 'no reason';
  }
}
