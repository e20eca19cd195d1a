/** Builds the protobuf resources that Envoy is given. */
import {
  create,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { type Any, AnySchema, BytesValueSchema } from '@bufbuild/protobuf/wkt';

import { TypedExtensionConfigSchema } from './gen/envoy/config/core/v3/extension_pb.js';
import { WasmSchema } from './gen/envoy/extensions/filters/http/wasm/v3/wasm_pb.js';
import { SubjectAltNameMatcher_SanType } from './gen/envoy/extensions/transport_sockets/tls/v3/common_pb.js';
import {
  type Secret,
  SecretSchema,
} from './gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { SPIFFECertValidatorConfigSchema } from './gen/envoy/extensions/transport_sockets/tls/v3/tls_spiffe_validator_config_pb.js';
import { FailurePolicy, PluginConfigSchema } from './gen/envoy/extensions/wasm/v3/wasm_pb.js';
import type { FederatedRoots, ResourceKey, ValidationResource, WasmResource } from './model.ts';
import { Nest, shell } from './nest-bytes.ts';

/** How proxies load the filter. Equal settings make all filters of a worker share one VM. */
export interface FilterSettings {
  /** Path of `filter.wasm` on the proxy's host. */
  readonly filePath: string;
  /** The VM's environment: `DTA_IDENTITY`, `DTA_AUDIT_CLUSTER`, `DTA_CACHE_ENTRIES`. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the VM gets of Envoy's own environment, where it is set. */
  readonly hostEnvironment?: readonly string[];
}

/**
 * Builds resources. What does not change is encoded once, and each encoded configuration is kept as
 * long as its bytes are in use.
 */
export class ResourceBuilder {
  readonly #settings: FilterSettings;
  // By the identity of the bytes: a bundle that a hundred proxies share is encoded once.
  readonly #encoded = new WeakMap<object, Map<string, Any>>();
  readonly #nests = new Map<string, Nest>();

  constructor(settings: FilterSettings) {
    this.#settings = settings;
  }

  /** The filter configuration `name`. */
  extensionConfig(key: ResourceKey, name: string, resource: WasmResource): Any {
    const { configuration } = resource;
    const make = (): Any => ({
      $typeName: AnySchema.typeName,
      typeUrl: configType,
      value: this.#nestOf(key, name).encode(configuration),
    });
    // A state is one proxy's alone: to keep it would cost more than to make it.
    return key.kind === 'state' ? make() : this.#once(configuration, name, make);
  }

  /** The secret `name`: whom its holder trusts. */
  validation(
    name: string,
    key: Extract<ResourceKey, { kind: 'validation' }>,
    resource: ValidationResource,
  ): Any {
    return this.#once(resource, name, () => packSecret(validationSecret(name, key, resource)));
  }

  #once(source: object, name: string, make: () => Any): Any {
    let byName = this.#encoded.get(source);
    if (!byName) {
      byName = new Map();
      this.#encoded.set(source, byName);
    }
    let any = byName.get(name);
    if (!any) {
      any = make();
      byName.set(name, any);
    }
    return any;
  }

  /** Everything around the bytes of a bundle or a state. */
  #nestOf(key: ResourceKey, name: string): Nest {
    const known = this.#nests.get(name);
    if (known) return known;
    const made = new Nest(
      shell(TypedExtensionConfigSchema, { name }, 'typedConfig'),
      shell(AnySchema, { typeUrl: `type.googleapis.com/${WasmSchema.typeName}` }, 'value'),
      shell(WasmSchema, {}, 'config'),
      shell(PluginConfigSchema, this.#plugin(key, name), 'configuration'),
      shell(AnySchema, { typeUrl: `type.googleapis.com/${BytesValueSchema.typeName}` }, 'value'),
      shell(BytesValueSchema, {}, 'value'),
    );
    if (this.#nests.size < nestsMax) this.#nests.set(name, made);
    return made;
  }

  #plugin(key: ResourceKey, name: string): MessageInitShape<typeof PluginConfigSchema> {
    return {
      name,
      rootId: key.kind === 'state' ? 'dta-state' : 'dta',
      vm: {
        case: 'vmConfig',
        value: {
          vmId: 'dta',
          runtime: 'envoy.wasm.runtime.v8',
          code: {
            specifier: {
              case: 'local',
              value: { specifier: { case: 'filename', value: this.#settings.filePath } },
            },
          },
          environmentVariables: {
            hostEnvKeys: [...(this.#settings.hostEnvironment ?? [])],
            keyValues: { ...this.#settings.environment },
          },
        },
      },
      // FAIL_OPEN may pass unmasked, FAIL_RELOAD can be driven by whoever makes it trap.
      failurePolicy: FailurePolicy.FAIL_CLOSED,
      // Without it a request whose headers are held never gets its body.
      allowOnHeadersStopIteration: true,
    };
  }
}

/**
 * Whom the holder trusts: certificates under the mesh's roots, all of them or those of one destination; and for callers
 * those of federated domains. Once there is a list, Envoy refuses every leaf whose issuer has none.
 */
export function validationSecret(
  name: string,
  key: Extract<ResourceKey, { kind: 'validation' }>,
  resource: ValidationResource,
): Secret {
  // A destination is a service of ours: no foreign root has a say there.
  const { federated = [] } = resource;
  if (!key.destination && federated.length > 0) return federatedSecret(name, resource, federated);
  const { trustDomain, trustedCaPem, crlPem } = resource;
  return create(SecretSchema, {
    name,
    type: {
      case: 'validationContext',
      value: {
        trustedCa: { specifier: { case: 'inlineString', value: trustedCaPem } },
        ...(crlPem && { crl: { specifier: { case: 'inlineString', value: crlPem } } }),
        // Leaves are revoked by the list of their issuing key. Roots have no list; and a key that is trusted no more has
        // none here either, which refuses all that it signed, also under a root that stays.
        onlyVerifyLeafCertCrl: crlPem !== undefined,
        matchTypedSubjectAltNames: [
          {
            sanType: SubjectAltNameMatcher_SanType.URI,
            matcher: {
              matchPattern: key.destination
                ? {
                    case: 'safeRegex',
                    value: { regex: destinationPattern(trustDomain, key.destination) },
                  }
                : { case: 'prefix', value: `spiffe://${trustDomain}/` },
            },
          },
        ],
      },
    },
  });
}

/**
 * Each trust domain has its own roots, chosen by the first URI SAN: a root vouches for nobody else. Envoy reads revocation
 * lists of this validator only beside the roots, and then wants one of every authority in a chain: without those of the
 * roots there are none, and revoked callers are refused on each request instead.
 */
function federatedSecret(
  name: string,
  resource: ValidationResource,
  federated: readonly FederatedRoots[],
): Secret {
  const { trustDomain, trustedCaPem, crlPem, rootCrlPem } = resource;
  const lists = crlPem !== undefined && rootCrlPem !== undefined ? crlPem + rootCrlPem : '';
  const domains = [{ trustDomain, rootPem: trustedCaPem + lists }, ...federated];
  const validator = create(SPIFFECertValidatorConfigSchema, {
    trustDomains: domains.map((domain) => ({
      name: domain.trustDomain,
      trustBundle: { specifier: { case: 'inlineString' as const, value: domain.rootPem } },
    })),
  });
  return create(SecretSchema, {
    name,
    type: {
      case: 'validationContext',
      value: {
        customValidatorConfig: {
          name: 'envoy.tls.cert_validator.spiffe',
          typedConfig: pack(SPIFFECertValidatorConfigSchema, validator),
        },
        matchTypedSubjectAltNames: domains.map((domain) => ({
          sanType: SubjectAltNameMatcher_SanType.URI,
          matcher: {
            matchPattern: { case: 'prefix' as const, value: `spiffe://${domain.trustDomain}/` },
          },
        })),
      },
    },
  });
}

/** A certificate with its chain and its key, as an agent serves it to its own Envoy. */
export function certificateSecret(name: string, chainPem: string, keyPem: string): Secret {
  return create(SecretSchema, {
    name,
    type: {
      case: 'tlsCertificate',
      value: {
        certificateChain: { specifier: { case: 'inlineString', value: chainPem } },
        privateKey: { specifier: { case: 'inlineString', value: keyPem } },
      },
    },
  });
}

/** Trusted roots without conditions: for combined contexts whose static half names whom to trust. */
export function authoritySecret(name: string, trustedCaPem: string): Secret {
  return create(SecretSchema, {
    name,
    type: {
      case: 'validationContext',
      value: { trustedCa: { specifier: { case: 'inlineString', value: trustedCaPem } } },
    },
  });
}

/** `secret` as it stands in a discovery response. */
export function packSecret(secret: Secret): Any {
  return pack(SecretSchema, secret);
}

/**
 * Instances of one service, whatever their team; the whole URI has to match. Envoy bounds the size of a regex, about one
 * a character (`re2.max_program_size` in envoy/sidecar.yaml): no counted repetitions.
 */
function destinationPattern(
  trustDomain: string,
  destination: { environment: string; service: string },
): string {
  const { environment, service } = destination;
  const team = '[A-Za-z0-9._-]+';
  const path = `/env/${literal(environment)}/team/${team}/svc/${literal(service)}`;
  return `spiffe://${literal(trustDomain)}${path}/i/[0-9a-f-]+`;
}

function literal(text: string): string {
  return text.replaceAll('.', '\\.');
}

function pack<D extends DescMessage>(schema: D, message: MessageShape<D>): Any {
  return create(AnySchema, {
    typeUrl: `type.googleapis.com/${schema.typeName}`,
    value: toBinary(schema, message),
  });
}

const configType = `type.googleapis.com/${TypedExtensionConfigSchema.typeName}`;
/** Names whose surroundings are kept; a mesh has a few for each destination. */
const nestsMax = 10_000;
