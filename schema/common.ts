/** What bundles, state and audit batches share: section table, limits, verdicts, reasons, labels of bands. */
import type { Constant, Enum, Struct } from './struct.ts';

export const constants: readonly Constant[] = [
  [
    'RESERVED_BYTES',
    512,
    'bytes in front of every payload, for the arguments of the host’s signature call; zero on the wire',
  ],
  ['FORMAT_VERSION', 3, 'the only version this build reads and writes'],
  ['BUNDLE_MAGIC', 0x42415444, '`DTAB`, little-endian'],
  ['STATE_MAGIC', 0x53415444, '`DTAS`, little-endian'],
  ['AUDIT_MAGIC', 0x41415444, '`DTAA`, little-endian'],
  ['BUNDLE_MAX_BYTES', 32 * 1024 * 1024, 'largest bundle, reserved bytes included'],
  ['STATE_MAX_BYTES', 1024 * 1024, 'largest state, reserved bytes included'],
  ['NONE', 0xffff_ffff, 'an index that points nowhere'],
  [
    'PROGRAM_STACK_MAX',
    64,
    'deepest operand stack of a `when` program; the compiler refuses deeper ones',
  ],
  [
    'HOST_PATTERNS_MAX',
    64,
    'distinct host patterns of a bundle: they become one bit each in the decision key',
  ],
  [
    'PROBES_MAX',
    256,
    'slots that a look-up in a hash table of a bundle tries; a key further away does not count',
  ],
  ['FEDERATED_DOMAINS_MAX', 64, 'foreign trust domains that a bundle accepts'],
  ['REQUEST_NAMES_MAX', 64, 'distinct headers and parameters that the conditions of a bundle read'],
  ['REQUEST_VALUES_MAX', 256, 'values of headers and parameters that are compared in one request'],
  [
    'REQUEST_TESTS_MAX',
    128,
    'comparisons other than Equal with one RequestName: each value is held against each of them',
  ],
  [
    'QUERY_PIECES_MAX',
    1024,
    'pieces of a query that are read, empty ones not counted; a request with more is denied',
  ],
  ['SLOT_INDEX_MAX', 0xff_fffe, 'largest record index that a slot of a hash table can hold'],
  [
    'CHILD_LEAF',
    0x8000_0000,
    'bit of a child in the trie of paths that is no node: the index below it is a pattern, which ends there',
  ],
  ['LABELS_MAX', 64, 'distinct labels of a bundle: one bit each in a clearance'],
  ['PATH_SEGMENTS_MAX', 64, 'segments of a request path that are matched; a longer path is denied'],
  [
    'MASK_NODES_ACTIVE_MAX',
    16,
    'field-path nodes that can be active at one depth; the compiler refuses profiles that need more',
  ],
  ['RULES_MAX', 4096, 'rules of a mask blob'],
  ['KEEP_MAX', 64, 'characters that KeepLast (16), KeepFirst and Truncate may leave'],
  ['REPLACE_MAX', 64, 'bytes of a replacement'],
  ['NAME_FILTER_BYTES', 128, 'bits of the filter of names'],
  ['PATTERNS_MAX', 8, 'user-defined patterns of a mask blob'],
  ['PATTERN_MAX_BYTES', 16384, 'table of a user-defined pattern'],
];

export const structs: readonly Struct[] = [
  {
    name: 'Section',
    doc: 'One entry of the section table that follows a header. Kinds may not repeat; every byte of the payload after the table belongs to one section or to zero padding up to 7 bytes.',
    fields: [
      ['kind', 'u32', 'BundleSection or StateSection'],
      ['off', 'u32', 'from the start of the payload, multiple of 8'],
      ['len', 'u32', 'bytes, a multiple of the record size'],
      ['count', 'u32', 'records (bytes for Strings and MaskBlobs, u32 words for Lists and Code)'],
    ],
  },
];

export const enums: readonly Enum[] = [
  {
    name: 'Direction',
    doc: 'Which side of a call a bundle guards.',
    members: [
      ['Inbound', 0, 'the source is the peer’s certificate, the destination is this proxy'],
      ['Outbound', 1, 'the source is this proxy, the destination is the bundle’s'],
    ],
  },
  {
    name: 'Mode',
    doc: 'Whether a bundle is enforced.',
    members: [
      ['Enforce', 0, 'verdicts bind'],
      ['Shadow', 1, 'verdicts are counted and logged only'],
    ],
  },
  {
    name: 'Effect',
    doc: 'What an applying rule says.',
    members: [
      ['Deny', 0, 'beats every allow'],
      ['Allow', 1, 'permits up to its `maxRisk`'],
    ],
  },
  {
    name: 'Band',
    doc: 'Risk bands, rising.',
    members: [
      ['Low', 0, ''],
      ['Guarded', 1, ''],
      ['High', 2, ''],
      ['Critical', 3, 'also what unknown counts as'],
    ],
  },
  {
    name: 'Audit',
    doc: 'How a decision is recorded, the least strict first.',
    members: [
      ['Sampled', 0, 'one in 16 allowed requests; denials always'],
      ['Always', 1, 'each one; dropped and counted when the ring is full'],
      ['Synchronous', 2, 'each one; denied when the ring is full'],
    ],
  },
  {
    name: 'Verdict',
    doc: 'The answer to a request.',
    members: [
      ['Deny', 0, ''],
      ['Allow', 1, ''],
      ['Degrade', 2, ''],
      ['Throttle', 3, ''],
      ['Break', 4, ''],
      ['Isolate', 5, ''],
    ],
  },
  {
    name: 'Reason',
    doc: 'Why. The caller sees the number as `DTA<1000 + n>`, the operator looks it up in docs/errors.md.',
    members: [
      ['Permitted', 0, 'an allow rule permitted the request and no deny applied'],
      ['NoBundle', 1, 'no bundle has arrived for this listener'],
      ['NoState', 2, 'no state has arrived in this worker'],
      ['BundleExpired', 3, 'the bundle is past its hard expiry'],
      ['StateExpired', 4, 'the state is past its hard expiry'],
      ['NoCertificate', 5, 'the peer showed no certificate'],
      ['IdentityMalformed', 6, 'the URI SAN is no SPIFFE ID of the mesh’s form'],
      ['UnknownTrustDomain', 7, 'the trust domain is neither the bundle’s mesh nor federated'],
      ['Revoked', 8, 'the certificate or the instance is revoked'],
      ['WrongDestination', 9, 'this proxy is not the destination that the bundle names'],
      ['PathAmbiguous', 10, 'the path is not in normal form or can be read in two ways'],
      ['NoRulePermits', 11, 'default deny: no allow rule permitted the request'],
      ['DenyRule', 12, 'a deny rule applied'],
      ['RiskTooHigh', 13, 'an allow rule applied, but the risk band is above its `maxRisk`'],
      [
        'BodyUnreadable',
        14,
        'the body of a masked route could not be read as its content type says',
      ],
      ['AuditFull', 15, 'a rule asks for a synchronous audit record and the ring is full'],
      [
        'IdentityForged',
        16,
        'the connection-manager header and the certificate property disagreed; the worker denies everything',
      ],
      [
        'HeadersUnreadable',
        17,
        'the host’s header pairs could not be read, or a pseudo header is missing or repeated',
      ],
      ['NoMemory', 18, 'the module had no room for the stream'],
      ['UpgradeRefused', 19, 'an upgrade or CONNECT on a masked route'],
      ['MeshMismatch', 20, 'the state belongs to another mesh than the bundle'],
      [
        'PathTooLong',
        21,
        'the path has more than 64 segments, or matches more templates than can be told apart',
      ],
      ['ReadOnly', 22, 'the verdict is Degrade, and the method may write'],
      ['RateLimited', 23, 'the caller has used up its rate under Throttle or Degrade'],
      ['CircuitOpen', 24, 'the verdict is Break: the destination takes no calls for now'],
      ['Isolated', 25, 'the source or the destination is isolated'],
      [
        'QueryAmbiguous',
        26,
        'a rule reads the query or a header, and it can be read in two ways or has too many values',
      ],
      [
        'HostAmbiguous',
        27,
        'a rule reads the host, and the authority is no host with a port that can be read in one way',
      ],
      ['TooComplex', 28, 'the rules that could apply are too many to be judged for one request'],
    ],
  },
];
