/** Media types whose bodies can be read, and what they are read as. */
import { BodyFormat } from '../mask/body';
import { endsWith, startsWith } from '../memory/bytes';
import { Text, text } from '../memory/text';

const JSON = text('application/json');
const TEXT_JSON = text('text/json');
const TEXT_X_JSON = text('text/x-json');
const TEXT_JSONL = text('text/jsonl');
const TEXT_NDJSON = text('text/x-ndjson');
const JSON_SUFFIX = text('+json');
const STREAM_JSON = text('application/stream+json');
const X_NDJSON = text('application/x-ndjson');
const NDJSON = text('application/ndjson');
const JSONL = text('application/jsonl');
const JSON_SEQ = text('application/json-seq');
const JSON_SEQ_SUFFIX = text('+json-seq');
const FORM = text('application/x-www-form-urlencoded');
const MULTIPART = text('multipart/');
const BYTE_RANGES = text('multipart/byteranges');
const XML = text('application/xml');
const TEXT_XML = text('text/xml');
const XML_SUFFIX = text('+xml');
const CSV = text('text/csv');
const EVENT_STREAM = text('text/event-stream');
const ANY_TEXT = text('text/');
const GRPC = text('application/grpc');
const GRPC_PROTO = text('application/grpc+proto');
const GRPC_WEB = text('application/grpc-web');
const GRPC_WEB_PROTO = text('application/grpc-web+proto');
const GRPC_WEB_TEXT = text('application/grpc-web-text');
const GRPC_WEB_TEXT_PROTO = text('application/grpc-web-text+proto');
const X_PROTOBUF = text('application/x-protobuf');
const PROTOBUF = text('application/protobuf');
const GRAPHQL = text('application/graphql+json');
const GRAPHQL_RESPONSE = text('application/graphql-response+json');

/** No format: such a body cannot be read. */
export const NO_FORMAT: i32 = -1;

/** BodyFormat of a media type in lower case, without parameters, or NO_FORMAT. */
export function formatOfType(ptr: usize, len: u32): i32 {
  if (len < 6) return NO_FORMAT;
  switch (load<u8>(ptr)) {
    case 0x61 /* a */:
      return formatOfApplication(ptr, len);
    case 0x6d /* m */:
      if (!begins(ptr, len, MULTIPART) || BYTE_RANGES.equals(ptr, len)) return NO_FORMAT;
      return BodyFormat.Multipart;
    case 0x74 /* t */:
      return formatOfText(ptr, len);
  }
  return formatOfSuffix(ptr, len);
}

/** Whether a media type says that its JSON is a GraphQL request or response. */
export function isGraphQl(ptr: usize, len: u32): bool {
  return GRAPHQL.equals(ptr, len) || GRAPHQL_RESPONSE.equals(ptr, len);
}

function formatOfApplication(ptr: usize, len: u32): i32 {
  if (JSON.equals(ptr, len)) return BodyFormat.Json;
  // Before the suffixes: gRPC frames stand around the messages of `application/grpc+json` too.
  if (begins(ptr, len, GRPC)) return formatOfGrpc(ptr, len);
  if (FORM.equals(ptr, len)) return BodyFormat.Form;
  if (XML.equals(ptr, len)) return BodyFormat.Xml;
  if (X_PROTOBUF.equals(ptr, len) || PROTOBUF.equals(ptr, len)) return BodyFormat.Protobuf;
  if (X_NDJSON.equals(ptr, len) || NDJSON.equals(ptr, len) || JSONL.equals(ptr, len)) {
    return BodyFormat.JsonLines;
  }
  if (STREAM_JSON.equals(ptr, len)) return BodyFormat.JsonLines;
  if (JSON_SEQ.equals(ptr, len)) return BodyFormat.JsonSequence;
  return formatOfSuffix(ptr, len);
}

function formatOfGrpc(ptr: usize, len: u32): i32 {
  if (GRPC.equals(ptr, len) || GRPC_PROTO.equals(ptr, len)) return BodyFormat.Grpc;
  if (GRPC_WEB.equals(ptr, len) || GRPC_WEB_PROTO.equals(ptr, len)) return BodyFormat.GrpcWeb;
  if (GRPC_WEB_TEXT.equals(ptr, len) || GRPC_WEB_TEXT_PROTO.equals(ptr, len)) {
    return BodyFormat.GrpcWebText;
  }
  return NO_FORMAT;
}

function formatOfText(ptr: usize, len: u32): i32 {
  if (!begins(ptr, len, ANY_TEXT)) return formatOfSuffix(ptr, len);
  if (TEXT_JSON.equals(ptr, len) || TEXT_X_JSON.equals(ptr, len)) return BodyFormat.Json;
  // Read as text, their members would have no names.
  if (TEXT_JSONL.equals(ptr, len) || TEXT_NDJSON.equals(ptr, len)) return BodyFormat.JsonLines;
  if (TEXT_XML.equals(ptr, len)) return BodyFormat.Xml;
  if (CSV.equals(ptr, len)) return BodyFormat.Csv;
  if (EVENT_STREAM.equals(ptr, len)) return BodyFormat.EventStream;
  const bySuffix = formatOfSuffix(ptr, len);
  return bySuffix == NO_FORMAT ? BodyFormat.Text : bySuffix;
}

/** RFC 6839, RFC 8091. */
function formatOfSuffix(ptr: usize, len: u32): i32 {
  if (ends(ptr, len, JSON_SUFFIX)) return BodyFormat.Json;
  if (ends(ptr, len, XML_SUFFIX)) return BodyFormat.Xml;
  return ends(ptr, len, JSON_SEQ_SUFFIX) ? BodyFormat.JsonSequence : NO_FORMAT;
}

function begins(ptr: usize, len: u32, prefix: Text): bool {
  return startsWith(ptr, len, prefix.ptr, prefix.len);
}

/** A suffix has a name in front of it. */
function ends(ptr: usize, len: u32, suffix: Text): bool {
  return len > suffix.len && endsWith(ptr, len, suffix.ptr, suffix.len);
}
