/** The audit batch that a filter posts to its agent: one header, then records one after another. */
import type { Enum, Struct } from './struct.ts';

export const structs: readonly Struct[] = [
  {
    name: 'AuditHeader',
    doc: 'Start of the body of `POST /v1/audit`.',
    fields: [
      ['magic', 'u32', 'AUDIT_MAGIC'],
      ['formatVersion', 'u16', 'FORMAT_VERSION'],
      ['reserved', 'u16', 'zero'],
      ['vmId', 'u64', 'random, drawn once per VM'],
      [
        'firstSeq',
        'u64',
        'sequence number of the first record; a batch that is sent again has the same number',
      ],
      ['count', 'u32', 'records'],
      ['totalLen', 'u32', 'bytes of the batch, this header included'],
      [
        'dropped',
        'u64',
        'records that this VM has dropped since its start because the ring was full',
      ],
    ],
  },
  {
    name: 'AuditRecord',
    doc: 'One decision. The four strings follow in the order source, rule, method, path; zero padding to a multiple of 8.',
    fields: [
      ['recordLen', 'u32', 'bytes of the record, strings and padding included'],
      ['verdict', 'u8', 'Verdict'],
      ['reason', 'u8', 'Reason'],
      ['band', 'u8', 'Band'],
      ['direction', 'u8', 'Direction'],
      ['timeMs', 'u64', 'Unix milliseconds of the decision'],
      ['decision', 'u64', 'number of the decision in its VM; with vmId it is the decision id'],
      ['bundleVersion', 'u64', '0: no bundle'],
      ['stateEpoch', 'u64', '0: no state'],
      ['clearance', 'u64', 'labels granted'],
      ['labels', 'u64', 'labels found in headers, parameters and bodies that were looked at'],
      ['maskedRequest', 'u32', 'values masked in the request: headers, parameters, body, trailers'],
      ['maskedResponse', 'u32', 'values masked in the response: headers, body, trailers'],
      ['sourceLen', 'u16', 'SPIFFE ID of the source, at most 512 bytes'],
      ['ruleLen', 'u16', 'rule that decided, at most 256 bytes'],
      ['methodLen', 'u16', 'at most 32 bytes'],
      ['pathLen', 'u16', 'without query, classified segments masked, at most 512 bytes'],
      [
        'bodyReason',
        'u8',
        'Reason of a stream that was stopped in its body, or of a body that went on otherwise, else 0',
      ],
      [
        'flags',
        'u8',
        'bit 0: cut because its source was revoked while it ran; bit 1: with the shadow rules the answer would have been another; bit 2: a body that could not be read went on as it came; bit 3: another body went on in its place',
      ],
      ['reserved', 'u16', 'zero'],
      ['reserved2', 'u32', 'zero'],
    ],
  },
];

export const enums: readonly Enum[] = [];
