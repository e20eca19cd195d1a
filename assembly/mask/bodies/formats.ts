/** Which masker reads a format. */
import { Escape } from '../escape';
import '../graphql/masker';
import { closeDocument, feedDocument, openDocument } from '../json/masker';
import { Masker } from '../state';
import { BodyFormat } from './body-format';
import { closeTable, feedTable, openTable } from './csv';
import { closeEvents, feedEvents, openEvents } from './event-stream';
import { closeForm, feedForm, openForm } from './form';
import { closeFrames, feedFrames, openFrames } from './grpc';
import { closeTexts, feedTexts, openTexts } from './grpc-web-text';
import { closeLines, closeRecords, feedLines, feedRecords } from './json-texts';
import { closeParts, feedParts, openParts } from './multipart';
import { closeMessage, feedMessage, openMessages } from './protobuf';
import { closeText, feedText, openText } from './text';
import { closeXml, feedXml, openXml } from './xml';

/** Length of the argument of JSON bodies that are GraphQL requests. */
const GRAPHQL: u32 = 1;

/** Starts a body. False when its format cannot be read with what is known of it. */
export function openFormat(m: Masker, arg: usize, argLen: u32): bool {
  m.passing = true;
  switch (m.format) {
    case BodyFormat.Json:
      m.escape = Escape.Json;
      m.readsQueries = argLen == GRAPHQL;
      return openDocument(m);
    case BodyFormat.JsonLines:
    case BodyFormat.JsonSequence:
      m.escape = Escape.Json;
      return true;
    case BodyFormat.Form:
      return openForm(m);
    case BodyFormat.Multipart:
      return openParts(m, arg, argLen);
    case BodyFormat.Xml:
      return openXml(m);
    case BodyFormat.Text:
      return openText(m);
    case BodyFormat.Csv:
      return openTable(m, argLen == 0);
    case BodyFormat.EventStream:
      return openEvents(m);
    case BodyFormat.Protobuf:
      return openMessages(m, argLen);
    case BodyFormat.Grpc:
    case BodyFormat.GrpcWeb:
      return openFrames(m, argLen);
    case BodyFormat.GrpcWebText:
      return openTexts(m, argLen);
    default:
      return false;
  }
}

/** Takes bytes. False when they are malformed, or there is no room. */
export function feedFormat(m: Masker, src: usize, len: usize): bool {
  switch (m.format) {
    case BodyFormat.Json:
      return feedDocument(m, src, len);
    case BodyFormat.JsonLines:
      return feedLines(m, src, len);
    case BodyFormat.JsonSequence:
      return feedRecords(m, src, len);
    case BodyFormat.Form:
      return feedForm(m, src, len);
    case BodyFormat.Multipart:
      return feedParts(m, src, len);
    case BodyFormat.Xml:
      return feedXml(m, src, len);
    case BodyFormat.Text:
      return feedText(m, src, len);
    case BodyFormat.Csv:
      return feedTable(m, src, len);
    case BodyFormat.EventStream:
      return feedEvents(m, src, len);
    case BodyFormat.Protobuf:
      return feedMessage(m, src, len);
    case BodyFormat.Grpc:
    case BodyFormat.GrpcWeb:
      return feedFrames(m, src, len);
    case BodyFormat.GrpcWebText:
      return feedTexts(m, src, len);
    default:
      return false;
  }
}

/** Ends the body. False when it is not whole, or there is no room. */
export function closeFormat(m: Masker): bool {
  switch (m.format) {
    case BodyFormat.Json:
      return closeDocument(m);
    case BodyFormat.JsonLines:
      return closeLines(m);
    case BodyFormat.JsonSequence:
      return closeRecords(m);
    case BodyFormat.Form:
      return closeForm(m);
    case BodyFormat.Multipart:
      return closeParts(m);
    case BodyFormat.Xml:
      return closeXml(m);
    case BodyFormat.Text:
      return closeText(m);
    case BodyFormat.Csv:
      return closeTable(m);
    case BodyFormat.EventStream:
      return closeEvents(m);
    case BodyFormat.Protobuf:
      return closeMessage(m);
    case BodyFormat.Grpc:
    case BodyFormat.GrpcWeb:
      return closeFrames(m);
    case BodyFormat.GrpcWebText:
      return closeTexts(m);
    default:
      return false;
  }
}
