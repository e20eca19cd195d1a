/** A thing that can be wrong with a file, and what the filter says of it. */
import type { FileEditor } from './file-editor.ts';

/** Outside of everything. */
export const FAR = 0x7fffffff;

/** What is broken, the reason, the section and record of the log line (undefined: any), and how. */
export type Case = readonly [
  what: string,
  reason: string,
  place: readonly [section: number, record: number | undefined],
  edit: (file: FileEditor) => FileEditor | Uint8Array,
];

/** What the log line says for each reason. */
export const reasons = {
  tooShort: 'file is shorter than its header',
  tooLong: 'file is larger than the format allows',
  reserved: 'reserved bytes are not zero',
  magic: 'magic number is wrong',
  version: 'format version is not known',
  length: 'length in the header is not the length of the file',
  header: 'header field is out of range',
  sectionCount: 'number of sections is wrong',
  sectionOrder: 'section is missing, repeated or out of order',
  sectionBounds: 'section lies outside the file',
  sectionSize: 'section length is not its record size times its count',
  padding: 'bytes between sections are not zero padding',
  string: 'string lies outside the strings section',
  span: 'span lies outside its section',
  listEntry: 'list entry points outside its section',
  index: 'index points outside its section',
  value: 'value is not known',
  hashTable: 'hash table is not well formed',
  program: 'program is not well formed',
  number: 'number is not finite',
  interval: 'intervals are not rising and disjoint',
  maskBlob: 'mask profile is not well formed',
  sortOrder: 'records are not sorted',
  tooMany: 'more records than the format allows',
  entangled: 'lists or strings overlap too much to be checked',
} as const;
