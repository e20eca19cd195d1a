/** What a listener gets on demand: decompressors around its filter, and an access log. */
import { readFileSync } from 'node:fs';

import { DtaError } from '../errors.ts';
import { fillTemplate, type Json } from './fill-template.ts';

/** The name of an access log that goes to the standard output. */
export const standardOutput = '-';

/** Which extras. */
export interface ListenerExtras {
  readonly masking?: { readonly decompress?: boolean };
  /** A file, or `standardOutput`. */
  readonly accessLog?: string;
}

/**
 * A listener of a template with its extras.
 *
 * @throws DtaError `internal` when the template is not the one of this build.
 */
export function withExtras(listener: Json, { masking, accessLog }: ListenerExtras): Json {
  if (masking?.decompress !== true && accessLog === undefined) return listener;
  const changed = structuredClone(listener) as unknown as Listener;
  const manager = changed.filter_chains[0]?.filters[0]?.typed_config;
  const first = manager?.http_filters[0];
  if (manager === undefined || first === undefined) {
    throw new DtaError('internal', 'a template has no HTTP filter');
  }
  if (masking?.decompress === true) {
    const [, ...others] = manager.http_filters;
    const around = codings.map(decompressorsOf);
    manager.http_filters = [
      ...around.map(({ before }) => before),
      first,
      // Between them nothing may look at bodies.
      ...others.slice(0, -1),
      ...around.map(({ behind }) => behind),
      ...others.slice(-1),
    ];
  }
  if (accessLog !== undefined) {
    const values = { 'accessLog.path': accessLog, 'accessLog.listener': changed.name };
    const { file, stdout } = fillTemplate(readTemplate('access-log'), values) as unknown as Loggers;
    manager.access_log = [accessLog === standardOutput ? stdout : file];
  }
  return changed as unknown as Json;
}

interface Listener {
  readonly name: string;
  readonly filter_chains: readonly {
    readonly filters: readonly {
      readonly typed_config: { http_filters: Json[]; access_log?: Json[] };
    }[];
  }[];
}

interface Loggers {
  readonly file: Json;
  readonly stdout: Json;
}

interface Coding {
  readonly name: string;
  readonly library: Json;
}

const typePrefix = 'type.googleapis.com/envoy.extensions.compression';

const codings: readonly Coding[] = [
  {
    name: 'gzip',
    library: {
      '@type': `${typePrefix}.gzip.decompressor.v3.Gzip`,
      // As large as a window can be: what was made with a larger one is not decoded.
      window_bits: 15,
      max_inflate_ratio: 100,
    },
  },
  { name: 'br', library: { '@type': `${typePrefix}.brotli.decompressor.v3.Brotli` } },
  { name: 'zstd', library: { '@type': `${typePrefix}.zstd.decompressor.v3.Zstd` } },
];

function decompressorsOf({ name, library }: Coding): { before: Json; behind: Json } {
  const key = (direction: string) => `dta.decompress.${direction}.${name}`;
  return fillTemplate(readTemplate('decompressors'), {
    'decompressor.before': `dta/decompress-request-${name}`,
    'decompressor.behind': `dta/decompress-response-${name}`,
    'decompressor.coding': name,
    'decompressor.library': library,
    'decompressor.requestKey': key('request'),
    'decompressor.responseKey': key('response'),
    'decompressor.offKey': key('off'),
  }) as { before: Json; behind: Json };
}

function readTemplate(name: string): string {
  return readFileSync(new URL(`../../envoy/${name}.yaml`, import.meta.url), 'utf8');
}
