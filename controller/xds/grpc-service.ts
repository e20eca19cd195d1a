/** Makes @grpc/grpc-js service definitions from Protobuf-ES descriptors. */
import { type DescService, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/**
 * The definition of `service` with its methods under their local names (`streamAggregatedResources`). Messages are the
 * plain objects of `create(Schema)`. `encode` takes the place of the library where responses have to be quick.
 */
export function grpcService(
  service: DescService,
  encode?: (response: Message) => Buffer,
): ServiceDefinition {
  const definition: Record<string, MethodDefinition<Message, Message>> = {};
  for (const method of service.methods) {
    const streams = method.methodKind;
    definition[method.localName] = {
      path: `/${service.typeName}/${method.name}`,
      requestStream: streams === 'client_streaming' || streams === 'bidi_streaming',
      responseStream: streams === 'server_streaming' || streams === 'bidi_streaming',
      requestSerialize: (message) => asBuffer(toBinary(method.input, message)),
      requestDeserialize: (bytes) => fromBinary(method.input, bytes),
      responseSerialize: encode ?? ((message) => asBuffer(toBinary(method.output, message))),
      responseDeserialize: (bytes) => fromBinary(method.output, bytes),
    };
  }
  return definition;
}

/** A view, not a copy: responses can be tens of megabytes. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
