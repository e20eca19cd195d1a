/** Headers that masking makes untrue, and those by which an answer could come that cannot be masked. */
import { MapType } from '../abi/enums';
import { addHeader, removeHeader } from '../abi/hostcalls';
import { ENCODINGS_MAX, writeDecodable } from '../context/encodings';
import * as request from '../context/request';
import { Text, text } from '../memory/text';
import { hasDecompressors } from './settings';
import { Side, headersOf } from './sides';

const CONTENT_LENGTH = text('content-length');
const CONTENT_TYPE = text('content-type');
const CONTENT_ENCODING = text('content-encoding');
const ACCEPT_ENCODING = text('accept-encoding');
const IDENTITY = text('identity');
const RANGE = text('range');
const IF_RANGE = text('if-range');
const IF_NONE_MATCH = text('if-none-match');
const IF_MATCH = text('if-match');
const ETAG = text('etag');
const CONTENT_MD5 = text('content-md5');
const DIGEST = text('digest');
const CONTENT_DIGEST = text('content-digest');
const REPR_DIGEST = text('repr-digest');
const SIGNATURE = text('signature');
const SIGNATURE_INPUT = text('signature-input');
const ACCEPT_RANGES = text('accept-ranges');
/** A message of google.rpc.Status in base64, with any detail in it. */
const STATUS_DETAILS = text('grpc-status-details-bin');
const PLAIN_TEXT = text('text/plain; charset=utf-8');

const encodings: usize = memory.data(16);

/** A compressed response could not be read, a part of one has no reading, and a validator would lie about a masked one. */
export function askForReadableResponse(): void {
  const map = MapType.RequestHeaders;
  drop(map, ACCEPT_ENCODING);
  const len = hasDecompressors
    ? writeDecodable(encodings, request.acceptEncodingPtr, request.acceptEncodingLen)
    : 0;
  // Without the header any coding would do (RFC 9110, section 12.5.3).
  if (len == 0) set(map, ACCEPT_ENCODING, IDENTITY);
  else addHeader(map, ACCEPT_ENCODING.ptr, ACCEPT_ENCODING.len, encodings, len);
  drop(map, RANGE);
  drop(map, IF_RANGE);
  drop(map, IF_NONE_MATCH);
  drop(map, IF_MATCH);
}

/** Removes what is no longer true of a message whose body is masked. */
export function mendHeaders(side: Side): void {
  const map = headersOf(side);
  drop(map, CONTENT_LENGTH);
  dropDigests(map);
  if (side == Side.Request) return;
  drop(map, ETAG);
  drop(map, ACCEPT_RANGES);
}

/** Removes digests of the body, and signatures that may cover them (RFC 9421). */
export function dropDigests(map: MapType): void {
  drop(map, CONTENT_MD5);
  drop(map, DIGEST);
  drop(map, CONTENT_DIGEST);
  drop(map, REPR_DIGEST);
  drop(map, SIGNATURE);
  drop(map, SIGNATURE_INPUT);
}

/** Removes what tells of an error of gRPC in a form that nobody here can read. */
export function dropStatusDetails(map: MapType): void {
  drop(map, STATUS_DETAILS);
}

/** Makes the headers those of another body: of the type that was declared, or of plain text. */
export function describeOtherBody(side: Side, keepsType: bool): void {
  const map = headersOf(side);
  drop(map, CONTENT_ENCODING);
  if (keepsType) return;
  drop(map, CONTENT_TYPE);
  set(map, CONTENT_TYPE, PLAIN_TEXT);
}

function drop(map: MapType, name: Text): void {
  removeHeader(map, name.ptr, name.len);
}

function set(map: MapType, name: Text, value: Text): void {
  addHeader(map, name.ptr, name.len, value.ptr, value.len);
}

// INVARIANT: every list fits.
assert(ENCODINGS_MAX <= 16);
