/** Descriptor sets: what gRPC methods take and answer, as protobuf compilers write it. */
import {
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { compareText } from '../policy-error.ts';
import { Problem } from '../problem.ts';

/** A gRPC method; `path` is that of its requests. */
export interface GrpcMethod {
  readonly path: string;
  readonly input: DescMessage;
  readonly output: DescMessage;
  /** Whether its requests are streams. */
  readonly isStreamed: boolean;
}

/** The end of the names of files that hold a descriptor set. */
export const DESCRIPTOR_SUFFIX = '.binpb';

/**
 * Reads the methods of a serialised FileDescriptorSet that stands in a policy set as base64, sorted by path. Refuses what is
 * none, leaves out imports, or has no method.
 */
export function readDescriptorSet(base64: string): GrpcMethod[] | Problem {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(base64)) return unreadable('it is no base64');
  let registry: FileRegistry;
  try {
    registry = createFileRegistry(
      fromBinary(FileDescriptorSetSchema, Buffer.from(base64, 'base64')),
    );
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : String(error));
  }
  const methods: GrpcMethod[] = [];
  for (const type of registry) {
    if (type.kind !== 'service') continue;
    for (const { name, input, output, methodKind } of type.methods) {
      const isStreamed = methodKind === 'client_streaming' || methodKind === 'bidi_streaming';
      methods.push({ path: `/${type.typeName}/${name}`, input, output, isStreamed });
    }
  }
  if (methods.length === 0) return unreadable('it has no service with methods');
  return methods.sort((a, b) => compareText(a.path, b.path));
}

function unreadable(reason: string): Problem {
  const help =
    'make it with `buf build -o orders.binpb` or `protoc --include_imports --descriptor_set_out=orders.binpb`';
  return new Problem(`descriptor set cannot be read: ${reason.replaceAll(/\s+/g, ' ')}`, help);
}
