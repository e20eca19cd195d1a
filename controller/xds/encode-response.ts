/** Discovery responses in their wire form: a revocation is a thousand of them that differ in little. */
import { toBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';

import {
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from './gen/envoy/service/discovery/v3/discovery_pb.js';
import { Nest, shell } from './nest-bytes.ts';

/** Keeps what the response before had in common with this one. */
export class ResponseEncoder {
  #typeUrl = '';
  #version = '';
  #resourceType = '';
  #nest = new Nest();

  encode(response: DiscoveryResponse): Buffer {
    const [resource, ...others] = response.resources;
    if (!resource || others.length > 0) {
      return Buffer.from(toBinary(DiscoveryResponseSchema, response));
    }
    const { typeUrl, versionInfo, nonce } = response;
    if (
      typeUrl !== this.#typeUrl ||
      versionInfo !== this.#version ||
      resource.typeUrl !== this.#resourceType
    ) {
      this.#typeUrl = typeUrl;
      this.#version = versionInfo;
      this.#resourceType = resource.typeUrl;
      this.#nest = new Nest(
        shell(DiscoveryResponseSchema, { typeUrl, versionInfo }, 'resources'),
        shell(AnySchema, { typeUrl: resource.typeUrl }, 'value'),
      );
    }
    return this.#nest.encode(resource.value, nonceNest.encode(Buffer.from(nonce)));
  }
}

/** The only field that differs from stream to stream. */
const nonceNest = new Nest(shell(DiscoveryResponseSchema, {}, 'nonce'));
