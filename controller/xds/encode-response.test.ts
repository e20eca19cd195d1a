/** Responses in their wire form, read back by the library. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';

import { ResponseEncoder } from './encode-response.ts';
import { DiscoveryResponseSchema } from './gen/envoy/service/discovery/v3/discovery_pb.js';
import { typeUrls } from './resource-names.ts';

const resource = (bytes: number) => ({ typeUrl: 'x/y', value: Buffer.alloc(bytes, 3) });

it('say the same as the library, one after another', () => {
  const encoder = new ResponseEncoder();
  for (const [versionInfo, nonce, resources] of [
    ['dta-state@1', '1', [resource(2_000)]],
    ['dta-state@1', '200', [resource(2_001)]],
    ['dta-state@2', '3', [resource(0)]],
    ['dta-validation@2.1', '4', [{ ...resource(70_000), typeUrl: 'other' }]],
    ['two', '5', [resource(1), resource(2)]],
    ['none', '6', []],
  ] as const) {
    for (const typeUrl of Object.values(typeUrls)) {
      const response = create(DiscoveryResponseSchema, {
        ...{ typeUrl, versionInfo, nonce },
        resources: [...resources],
      });
      const back = fromBinary(DiscoveryResponseSchema, encoder.encode(response));
      expect(toBinary(DiscoveryResponseSchema, back)).toEqual(
        toBinary(DiscoveryResponseSchema, response),
      );
    }
  }
});
