/** The state: what changes faster than policy. Values, never class numbers; newest epoch wins in a VM. */
import type { Enum, Struct } from './struct.ts';

export const structs: readonly Struct[] = [
  {
    name: 'StateHeader',
    doc: 'Stands at the start of the payload, that is 512 bytes into the file. `Section` records follow at once.',
    fields: [
      ['magic', 'u32', 'STATE_MAGIC'],
      ['formatVersion', 'u16', 'FORMAT_VERSION'],
      ['sectionCount', 'u16', 'entries of the section table'],
      ['payloadLen', 'u32', 'bytes of the payload, this header included'],
      ['reserved', 'u32', 'zero'],
      ['epoch', 'u64', 'max(last + 1, Unix milliseconds)'],
      ['issuedAtMs', 'u64', 'Unix milliseconds'],
      ['softExpiryMs', 'u64', 'Unix milliseconds; later than this every signal is unknown'],
      ['hardExpiryMs', 'u64', 'Unix milliseconds; later than this everything is denied'],
      ['mesh', 'str', 'trust domain'],
      [
        'self',
        'str',
        'SPIFFE ID of the proxy that the state was made for: the source of its outbound calls',
      ],
      [
        'selfSubject',
        'str',
        'subject of that proxy’s certificate as RFC 2253 text, for its labels',
      ],
    ],
  },
  {
    name: 'RevokedDigest',
    doc: 'A revoked certificate. Sorted, no duplicates.',
    fields: [['sha256', 'b32', 'of the DER certificate']],
  },
  {
    name: 'RevokedInstance',
    doc: 'A revoked instance: every certificate with its UUID. Sorted, no duplicates.',
    fields: [['uuid', 'b16', 'big-endian bytes']],
  },
  {
    name: 'Signal',
    doc: 'A measured value. Sorted by subject bytes, then attribute.',
    fields: [
      [
        'subject',
        'str',
        '`<environment>/<service>`, the UUID of an instance, or the name of an environment fact',
      ],
      ['attribute', 'u16', 'Attribute'],
      ['reserved', 'u16', 'zero'],
      [
        'maxAgeMs',
        'u32',
        'milliseconds after `observedAtMs` at which it becomes unknown; 0: never',
      ],
      ['value', 'f64', 'finite'],
      ['observedAtMs', 'u64', 'Unix milliseconds'],
    ],
  },
  {
    name: 'RiskBand',
    doc: 'The band of a service. Sorted by subject bytes. A service without one is in the worst band.',
    fields: [
      ['subject', 'str', '`<environment>/<service>`'],
      ['band', 'u32', 'Band'],
      ['reserved', 'u32', 'zero'],
    ],
  },
  {
    name: 'Restriction',
    doc: 'What is taken from the calls of a service, or from the calls to it. Sorted by subject bytes, then side; several may stand under one key.',
    fields: [
      ['subject', 'str', '`<environment>/<service>`'],
      ['side', 'u8', 'RestrictionSide'],
      ['verdict', 'u8', 'Verdict: Degrade, Throttle, Break or Isolate'],
      ['flags', 'u8', 'bits of RestrictionFlag, for Degrade'],
      ['reserved', 'u8', 'zero'],
      [
        'retryAfterSeconds',
        'u32',
        'what Break and Throttle tell the caller to wait, at least 1; else 0',
      ],
      [
        'ratePerSecond',
        'f64',
        'requests a second of one caller in one Envoy, above 0, for Throttle and as a cap of Degrade; 0: none',
      ],
      ['burst', 'u32', 'requests that may come at once, at least 1 when there is a rate; else 0'],
      ['reserved2', 'u32', 'zero'],
      ['untilMs', 'u64', 'Unix milliseconds at which it ends; 0: when it is released'],
    ],
  },
];

export const enums: readonly Enum[] = [
  {
    name: 'StateSection',
    doc: 'Kinds of sections; each has to be there once, in this order, empty or not.',
    members: [
      ['Strings', 1, 'bytes'],
      ['RevokedDigests', 2, 'RevokedDigest'],
      ['RevokedInstances', 3, 'RevokedInstance'],
      ['Signals', 4, 'Signal'],
      ['Bands', 5, 'RiskBand'],
      ['Restrictions', 6, 'Restriction'],
    ],
  },
  {
    name: 'RestrictionSide',
    doc: 'Whose calls a restriction is about.',
    members: [
      ['Source', 0, 'calls that the subject makes'],
      ['Destination', 1, 'calls to the subject'],
    ],
  },
  {
    name: 'RestrictionFlag',
    doc: 'Bit numbers of Restriction.flags.',
    members: [
      ['ReadOnly', 0, 'only GET, HEAD and OPTIONS'],
      ['NoClearance', 1, 'everything that carries a label is masked, whatever the clearance'],
    ],
  },
];
