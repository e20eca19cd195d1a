/** Formats of bodies. */
export const enum BodyFormat {
  /** one JSON text (RFC 8259); argument length 1: a GraphQL request, whose `query` is a GraphQL document */
  Json = 0,
  /** a JSON text a line (application/x-ndjson, application/jsonl) */
  JsonLines = 1,
  /** JSON texts behind record separators (RFC 7464) */
  JsonSequence = 2,
  /** application/x-www-form-urlencoded */
  Form = 3,
  /** multipart/form-data (RFC 7578) and other multipart types; the argument is the boundary */
  Multipart = 4,
  Xml = 5,
  /** text/plain and text formats of which nothing is known */
  Text = 6,
  /** text/csv (RFC 4180); argument length 1: the first line is no header */
  Csv = 7,
  /** server-sent events */
  EventStream = 8,
  /** one protobuf message; argument length: its MaskMessage, for Grpc and GrpcWeb too */
  Protobuf = 9,
  /** gRPC: length-prefixed messages */
  Grpc = 10,
  /** gRPC-Web: messages, then trailers in a frame of their own */
  GrpcWeb = 11,
  /** the same in base64 */
  GrpcWebText = 12,
}
