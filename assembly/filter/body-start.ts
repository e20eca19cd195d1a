/** What is known of a body before its first byte: its profile, its format, and whether it can be read at all. */
import { HeadersAction } from '../abi/enums';
import { contentArg, contentArgLen, contentCharset, contentFormat } from '../context/content';
import { pathLen, pathPtr, readPath } from '../context/path';
import * as request from '../context/request';
import { MaskHeader, MaskMethod, NONE, UnreadableAction } from '../layout';
import { BodyFormat } from '../mask/body';
import { heldAction, heldBlob, retainMask } from '../mask/holder';
import { actionOnPath } from '../mask/path-segments';
import { blockAlloc } from '../memory/block';
import { equalBytes } from '../memory/bytes';
import { mendHeaders } from './mend';
import { holdsHeaders } from './settings';
import { Side, bodyOf } from './sides';
import { Body, BodyState, NO_KNOWN_CHARSET, NO_METHOD, Stream, UNTYPED } from './streams';
import { startUnreadable } from './unreadable';

/** Says that a body will be masked: the stream keeps the profile, whatever becomes of the bundle. */
export function armBody(body: Body, holder: usize): void {
  retainMask(holder);
  body.holder = holder;
  const blob = heldBlob(holder);
  body.action = <i32>actionOf(holder, blob);
  takeMethod(body, blob);
}

/** What `startBody` is told of a body by its headers. */
export const enum Reading {
  /** it can be read as the content type that was read last says */
  Whole = 0,
  /** the same, were it not encoded */
  Encoded = 1,
  /** a part of a body, which has no reading of its own; nothing could stand for it either */
  Partial = 2,
  /** nothing is known of it */
  Unknown = 3,
  /** it has no type: many messages without a body still have an empty one */
  Untyped = 4,
}

/** Starts on a body that has a profile. */
export function startBody(id: u32, stream: Stream, side: Side, reading: Reading): HeadersAction {
  const body = bodyOf(stream, side);
  const canHold = holdsHeaders && !body.mayBeDecoded;
  if (reading == Reading.Untyped && waitsForBytes(body, canHold)) {
    body.format = UNTYPED;
    body.charset = NO_KNOWN_CHARSET;
    return openHeaders(body, side, canHold);
  }
  const isTyped = reading <= Reading.Encoded && takeContent(body);
  if (!isTyped || reading != Reading.Whole) {
    const isFramed = stream.isGrpc && !isTyped;
    const isRedactable = reading != Reading.Partial && !isFramed;
    return startUnreadable(id, stream, side, isTyped, isRedactable);
  }
  if (body.state == BodyState.Plain) return HeadersAction.Continue;
  body.isOpenEnded = isOpenEnded(body.format);
  body.mayWait = body.mayWait && body.isOpenEnded;
  return openHeaders(body, side, canHold && !maySpeakFirst(body));
}

/** Whether the receiver may speak before there is a message: headers that wait for one would wait for ever. */
function maySpeakFirst(body: Body): bool {
  return body.isStreamed && body.format >= BodyFormat.Protobuf;
}

function openHeaders(body: Body, side: Side, canHold: bool): HeadersAction {
  mendHeaders(side);
  if (canHold) return HeadersAction.StopIteration;
  body.isForwarded = true;
  return HeadersAction.Continue;
}

/** Whether bytes decide what happens: another body needs headers of its own, and one that passes keeps all of them. */
function waitsForBytes(body: Body, canHold: bool): bool {
  if (body.action == UnreadableAction.PassUnmasked) return false;
  return canHold || body.action == UnreadableAction.Deny;
}

/** Formats that do not say where they end: something may be held back until trailers, or the end, tell. */
function isOpenEnded(format: i32): bool {
  switch (format) {
    case BodyFormat.Form:
    case BodyFormat.Text:
    case BodyFormat.Csv:
    case BodyFormat.EventStream:
      return true;
  }
  return false;
}

/** Takes over what `context/content` read. False when a body of this type cannot be masked. */
function takeContent(body: Body): bool {
  body.format = <i32>contentFormat;
  body.charset = <i32>contentCharset;
  body.argLen = contentArgLen;
  if (body.format >= BodyFormat.Protobuf) {
    if (body.message == NO_METHOD) return false;
    // The descriptors say that no message of the method has a field that is masked.
    if (body.message == NONE) body.state = BodyState.Plain;
    body.argLen = body.message;
    return true;
  }
  if (contentArg == 0) return true;
  body.boundary = blockAlloc(contentArgLen);
  if (body.boundary == 0) return false;
  memory.copy(body.boundary, contentArg, contentArgLen);
  return true;
}

/** Action of the strictest route; a path that has no normal form was denied before. */
function actionOf(holder: usize, blob: usize): u32 {
  const otherwise = heldAction(holder);
  if (load<u32>(blob, MaskHeader.routeCount) == 0) return otherwise;
  if (!readPath(request.pathPtr, request.pathLen)) return UnreadableAction.Deny;
  return actionOnPath(blob, pathPtr, pathLen, otherwise);
}

function takeMethod(body: Body, blob: usize): void {
  body.message = NO_METHOD;
  const strings = blob + load<u32>(blob, MaskHeader.stringOff);
  let method = blob + load<u32>(blob, MaskHeader.methodOff);
  for (let left = load<u32>(blob, MaskHeader.methodCount); left > 0; left--) {
    const path = strings + load<u32>(method, MaskMethod.path);
    const len = load<u32>(method, MaskMethod.pathLen);
    if (equalBytes(path, len, request.pathPtr, request.pathLen)) {
      body.message = load<u32>(method, MaskMethod.message);
      body.isStreamed = load<u32>(method, MaskMethod.isStreamed) != 0;
      return;
    }
    method += MaskMethod.SIZE;
  }
}

// INVARIANT: formats of protobuf messages are the last ones.
assert(BodyFormat.Grpc > BodyFormat.Protobuf && BodyFormat.GrpcWebText > BodyFormat.Protobuf);
