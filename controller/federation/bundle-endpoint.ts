/** Serves our own trust bundle to whoever asks, by the `https_web` profile (SPIFFE Federation, section 5.2.1.3). */
import { readFile, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';

/** What the endpoint needs. */
export interface BundleEndpointOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM files of a certificate that others trust, with its chain, and of its key; read again when they change. */
  readonly certificatePath: string;
  readonly keyPath: string;
  /** The newest document. */
  readonly bundle: () => string;
  readonly log: Log;
}

/** A running endpoint. */
export interface BundleEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts it. Fails with `setup` without a usable certificate, with `portInUse`. */
export async function openBundleEndpoint(options: BundleEndpointOptions): Promise<BundleEndpoint> {
  let version = '';
  const server = await makeServer(options);
  version = await versionOf(options).catch(() => '');
  await listen(server, options);
  const timer = setInterval(async () => {
    try {
      const now = await versionOf(options);
      if (now === version) return;
      server.setSecureContext(await readPair(options));
      version = now;
    } catch (err) {
      options.log.error(
        { err },
        'certificate of the bundle endpoint not read, the last one goes on',
      );
    }
  }, rereadMs);
  timer.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      clearInterval(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function makeServer(options: BundleEndpointOptions): Promise<Server> {
  try {
    const server = createServer(
      { ...(await readPair(options)), minVersion: 'TLSv1.2' },
      (request, response) => answer(request, response, options.bundle),
    );
    server.maxConnections = connectionsMax;
    server.headersTimeout = slowestMs;
    server.requestTimeout = slowestMs;
    return server;
  } catch (cause) {
    const { certificatePath, keyPath } = options;
    throw new DtaError('setup', `no TLS with \`${certificatePath}\` and \`${keyPath}\``, {
      help: 'give a certificate with its chain and its key, both PEM, that this user may read',
      cause,
    });
  }
}

function answer(request: IncomingMessage, response: ServerResponse, bundle: () => string): void {
  if (request.url?.split('?')[0] !== bundlePath) {
    response.writeHead(404).end();
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
  } else {
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-cache' };
    response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : bundle());
  }
}

async function readPair({ certificatePath, keyPath }: BundleEndpointOptions) {
  return { cert: await readFile(certificatePath), key: await readFile(keyPath) };
}

async function versionOf({ certificatePath, keyPath }: BundleEndpointOptions): Promise<string> {
  const found = await Promise.all([stat(certificatePath), stat(keyPath)]);
  return found.map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`).join();
}

async function listen(server: Server, { host, port }: BundleEndpointOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } catch (cause) {
    throw new DtaError('portInUse', `the bundle endpoint cannot listen on \`${host}:${port}\``, {
      help: 'choose another address with `--federation-listen`',
      cause,
    });
  }
  server.removeListener('error', reject);
  server.on('tlsClientError', () => undefined);
}

/** Where the bundle is. */
export const bundlePath = '/bundle.json';
const rereadMs = 60_000;
const slowestMs = 10_000;
const connectionsMax = 256;
