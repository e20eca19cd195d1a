/** Bodies that say nothing, for what could not be read. */
import { BodyFormat, Charset } from '../mask/body';
import { Text, text } from '../memory/text';
import { Body } from './streams';

const STARS = text('***');
const JSON = text('"***"');
const JSON_LINE = text('"***"\n');
const JSON_RECORD = text('\x1e"***"\n');
const XML = text('<redacted>***</redacted>');
const CSV = text('***\r\n');
const EVENT = text('data: ***\n\n');
const NOTHING = text('');
const PART_START = text('--');
const PART = text('\r\nContent-Disposition: form-data; name="redacted"\r\n\r\n***\r\n--');
const PART_END = text('--\r\n');

/** The body of the last `writeRedaction`. */
export let redactionPtr: usize = 0;
export let redactionLen: u32 = 0;

const multipart: usize = memory.data(256);

/** Whether there is such a body: the frames of gRPC carry messages that a receiver has to understand. */
export function isRedactable(format: i32): bool {
  return format < BodyFormat.Grpc;
}

/** Whether the body of a format keeps its content type; others become plain text. */
export function keepsType(charset: i32): bool {
  return charset == Charset.Utf8;
}

/** Leaves the body that stands for another at `redactionPtr`: of its format, or `***` when that is not kept. */
export function writeRedaction(body: Body): void {
  if (!keepsType(body.charset)) take(STARS);
  else if (body.format == BodyFormat.Multipart) writeMultipart(body);
  else take(textOf(body.format));
}

function textOf(format: i32): Text {
  switch (format) {
    case BodyFormat.Json:
      return JSON;
    case BodyFormat.JsonLines:
      return JSON_LINE;
    case BodyFormat.JsonSequence:
      return JSON_RECORD;
    case BodyFormat.Xml:
      return XML;
    case BodyFormat.Csv:
      return CSV;
    case BodyFormat.EventStream:
      return EVENT;
    case BodyFormat.Protobuf:
      // A message without a field.
      return NOTHING;
    default:
      return STARS;
  }
}

/** INVARIANT: a boundary has at most 70 bytes. */
function writeMultipart(body: Body): void {
  let at = PART_START.writeTo(multipart);
  at = writeBoundary(at, body);
  at = PART.writeTo(at);
  at = writeBoundary(at, body);
  at = PART_END.writeTo(at);
  redactionPtr = multipart;
  redactionLen = <u32>(at - multipart);
}

function writeBoundary(at: usize, body: Body): usize {
  memory.copy(at, body.boundary, body.argLen);
  return at + body.argLen;
}

function take(body: Text): void {
  redactionPtr = body.ptr;
  redactionLen = body.len;
}
