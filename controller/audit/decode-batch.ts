/** Reads the body of `POST /v1/audit` (docs/formats.md, AuditHeader and AuditRecord). */
import { DtaError } from '../errors.ts';
import {
  AuditRecord as At,
  AUDIT_MAGIC,
  AuditHeader,
  Band,
  Direction,
  FORMAT_VERSION,
  Reason,
  Verdict,
} from '../layout.ts';
import { decodeText } from './decode-text.ts';
import type { AuditBatch, AuditRecord } from './model.ts';

/**
 * Decodes one whole batch; nothing of a batch with a flaw is used. Texts may hold any bytes (`decode-text.ts`).
 *
 * @throws DtaError `usage` with the first flaw and where it is.
 */
export function decodeAuditBatch(bytes: Uint8Array): AuditBatch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < AuditHeader.SIZE) {
    refuse(`${bytes.length} bytes are no header of ${AuditHeader.SIZE}`);
  }
  expect('magic', view.getUint32(AuditHeader.magic, true), AUDIT_MAGIC);
  expect('format version', view.getUint16(AuditHeader.formatVersion, true), FORMAT_VERSION);
  expect('reserved field', view.getUint16(AuditHeader.reserved, true), 0);
  expect('total length', view.getUint32(AuditHeader.totalLen, true), bytes.length);
  const firstSeq = view.getBigUint64(AuditHeader.firstSeq, true);
  const count = view.getUint32(AuditHeader.count, true);
  if (firstSeq < 1n) refuse('the first sequence number is 0');
  if (count < 1) refuse('it has no records');
  if (firstSeq + BigInt(count) > seqMax) refuse(`the sequence number ${firstSeq} is too large`);
  return {
    vmId: view.getBigUint64(AuditHeader.vmId, true).toString(16).padStart(16, '0'),
    firstSeq,
    dropped: atMostSeqMax('dropped', view.getBigUint64(AuditHeader.dropped, true)),
    records: decodeRecords(bytes, view, firstSeq, count),
  };
}

function decodeRecords(
  bytes: Uint8Array,
  view: DataView,
  firstSeq: bigint,
  count: number,
): AuditRecord[] {
  const records: AuditRecord[] = [];
  let start = AuditHeader.SIZE;
  for (let index = 0; index < count; index++) {
    const left = bytes.length - start;
    if (left < At.SIZE) refuse(`record ${index} is cut: ${left} of at least ${At.SIZE} bytes`);
    const lenBytes = view.getUint32(start + At.recordLen, true);
    if (lenBytes > left) refuse(`record ${index} of ${lenBytes} bytes is cut at ${left}`);
    const record = new RecordReader(bytes, view, start, index);
    records.push(record.read(firstSeq + BigInt(index), lenBytes));
    start += lenBytes;
  }
  if (start !== bytes.length) refuse(`${bytes.length - start} bytes follow the last record`);
  return records;
}

/** Reads one record; INVARIANT: its fixed part and its `recordLen` lie within the batch. */
class RecordReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #start: number;
  readonly #index: number;

  constructor(bytes: Uint8Array, view: DataView, start: number, index: number) {
    this.#bytes = bytes;
    this.#view = view;
    this.#start = start;
    this.#index = index;
  }

  read(seq: bigint, lenBytes: number): AuditRecord {
    const [source, rule, method, path] = this.#texts(lenBytes);
    this.#zero(At.reserved, 2);
    this.#zero(At.reserved2, 4);
    const bodyReason = this.#name('body reason', reasonNames, At.bodyReason);
    const flags = this.#byte(At.flags);
    if (flags > 15) this.#refuse(`has unknown flags ${flags}`);
    return {
      seq,
      decision: this.#long(At.decision),
      timeMs: this.#time(),
      direction: this.#name('direction', directionNames, At.direction),
      verdict: this.#name('verdict', verdictNames, At.verdict),
      reason: this.#name('reason', reasonNames, At.reason),
      band: this.#name('band', bandNames, At.band),
      bundleVersion: this.#long(At.bundleVersion),
      stateEpoch: this.#long(At.stateEpoch),
      clearance: this.#long(At.clearance),
      labels: this.#long(At.labels),
      maskedRequest: this.#view.getUint32(this.#start + At.maskedRequest, true),
      maskedResponse: this.#view.getUint32(this.#start + At.maskedResponse, true),
      source,
      rule,
      method,
      path,
      bodyReason: bodyReason === 'Permitted' ? undefined : bodyReason,
      cutByRevocation: (flags & 1) === 1,
      shadowDiffers: (flags & 2) === 2,
      bodyPassed: (flags & 4) === 4,
      bodyRedacted: (flags & 8) === 8,
    };
  }

  #texts(lenBytes: number): [string, string, string, string] {
    const lens = textFields.map(({ name, at, max }) => {
      const len = this.#view.getUint16(this.#start + at, true);
      if (len > max) this.#refuse(`has a ${name} of ${len} bytes, ${max} are allowed`);
      return len;
    });
    const [source = 0, rule = 0, method = 0, path = 0] = lens;
    const used = At.SIZE + source + rule + method + path;
    const expected = Math.ceil(used / 8) * 8;
    if (lenBytes !== expected) {
      this.#refuse(`says ${lenBytes} bytes where its texts make ${expected}`);
    }
    this.#zero(used, expected - used);
    let offset = this.#start + At.SIZE;
    const next = (len: number) => {
      offset += len;
      return decodeText(this.#bytes.subarray(offset - len, offset));
    };
    return [next(source), next(rule), next(method), next(path)];
  }

  #name<N extends string>(what: string, names: ReadonlyMap<number, N>, at: number): N {
    const value = this.#byte(at);
    return names.get(value) ?? this.#refuse(`has the unknown ${what} ${value}`);
  }

  #time(): number {
    const timeMs = this.#long(At.timeMs);
    if (timeMs > timeMaxMs) this.#refuse(`has the time ${timeMs}`);
    return Number(timeMs);
  }

  #byte(at: number): number {
    return this.#view.getUint8(this.#start + at);
  }

  #long(at: number): bigint {
    return this.#view.getBigUint64(this.#start + at, true);
  }

  #zero(at: number, lenBytes: number): void {
    for (let i = 0; i < lenBytes; i++) {
      if (this.#byte(at + i) !== 0) this.#refuse(`has set bits in reserved byte ${at + i}`);
    }
  }

  #refuse(flaw: string): never {
    return refuse(`record ${this.#index} ${flaw}`);
  }
}

function expect(what: string, found: number, wanted: number): void {
  if (found !== wanted) refuse(`the ${what} is ${found}, not ${wanted}`);
}

function atMostSeqMax(what: string, value: bigint): bigint {
  return value > seqMax ? refuse(`the count \`${what}\` is ${value}`) : value;
}

function refuse(flaw: string): never {
  throw new DtaError('usage', `the audit batch cannot be read: ${flaw}`, {
    help: 'filter and controller have to be of the same version; the batch is kept nowhere',
  });
}

function namesByValue<N extends string>(values: Readonly<Record<N, number>>): Map<number, N> {
  return new Map((Object.keys(values) as N[]).map((name) => [values[name], name]));
}

const verdictNames = namesByValue(Verdict);
const reasonNames = namesByValue(Reason);
const bandNames = namesByValue(Band);
const directionNames = namesByValue(Direction);

const textFields = [
  { name: 'source', at: At.sourceLen, max: 512 },
  { name: 'rule', at: At.ruleLen, max: 256 },
  { name: 'method', at: At.methodLen, max: 32 },
  { name: 'path', at: At.pathLen, max: 512 },
];

/** Sequence numbers and counts stay below this, so that a signed 64-bit column holds their sums. */
const seqMax = 1n << 62n;

/** The last time that JavaScript's Date can show. */
const timeMaxMs = 8_640_000_000_000_000n;
