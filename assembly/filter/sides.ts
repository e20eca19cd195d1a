/** The two directions of a stream: what belongs to which. */
import { BufferType, MapType } from '../abi/enums';
import { Counter } from './metrics';
import { Body, Stream } from './streams';

/** A direction. */
export const enum Side {
  Request = 0,
  Response = 1,
}

/** Its body. */
export function bodyOf(stream: Stream, side: Side): Body {
  return side == Side.Request ? stream.request : stream.response;
}

/** Its buffer at the host. */
export function bufferOf(side: Side): BufferType {
  return side == Side.Request ? BufferType.RequestBody : BufferType.ResponseBody;
}

/** Its headers. */
export function headersOf(side: Side): MapType {
  return side == Side.Request ? MapType.RequestHeaders : MapType.ResponseHeaders;
}

/** Its trailers. */
export function trailersOf(side: Side): MapType {
  return side == Side.Request ? MapType.RequestTrailers : MapType.ResponseTrailers;
}

/** What its masked values are counted as. */
export function maskedCounter(side: Side): Counter {
  return side == Side.Request ? Counter.MaskedRequest : Counter.MaskedResponse;
}
