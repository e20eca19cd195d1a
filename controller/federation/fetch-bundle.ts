/** Gets the bundle of a trust domain from a file, or by the `https_web` profile (SPIFFE Federation, section 5.2.1). */
import { readFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';

import { DtaError } from '../errors.ts';
import type { BundleSource } from './model.ts';
import { BUNDLE_DOCUMENT_MAX } from './parse-bundle.ts';

/** The text of a bundle; fails with `unreachable`, `usage` or `setup`, and says why. */
export async function fetchBundle(source: BundleSource): Promise<string> {
  return source.kind === 'file' ? await readText(source.path) : await fetchText(source);
}

/** A URL that a bundle may be asked from, also after a redirect (section 5.2.1.1); fails with `usage`. */
export function checkEndpointUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const fault =
    url === undefined
      ? 'is no URL'
      : url.protocol !== 'https:'
        ? `has the scheme \`${url.protocol.slice(0, -1)}\``
        : url.username !== '' || url.password !== ''
          ? 'has a user in it'
          : undefined;
  if (url !== undefined && fault === undefined) return url;
  // Never the whole text: a password may stand in it.
  throw new DtaError('usage', `the URL of the bundle ${fault ?? ''}`, {
    help: 'use https://<host>[:<port>]/<path>, without a user',
  });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new DtaError('setup', `the bundle file \`${path}\` cannot be read`, {
      help: 'the controller reads it itself: give a path on its machine that its user may read',
      cause,
    });
  }
}

async function fetchText(source: Extract<BundleSource, { kind: 'https_web' }>): Promise<string> {
  const signal = AbortSignal.timeout(longestFetchMs);
  let url = checkEndpointUrl(source.url);
  for (let hops = 0; hops <= redirectsMax; hops++) {
    const answer = await ask(url, source.caPem, signal);
    if (answer.location === undefined) return answer.text;
    url = checkEndpointUrl(
      URL.canParse(answer.location, url.href)
        ? new URL(answer.location, url).href
        : answer.location,
    );
  }
  throw new DtaError(
    'unreachable',
    `the bundle endpoint redirects more than ${redirectsMax} times`,
  );
}

interface Answer {
  readonly text: string;
  readonly location: string | undefined;
}

async function ask(url: URL, caPem: string | undefined, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = httpsRequest(url, {
    agent: false,
    signal,
    headers: { accept: 'application/json' },
    ...(caPem !== undefined && { ca: caPem }),
  });
  request.once('error', reject);
  request.once('response', (response) => {
    const { statusCode = 0, headers } = response;
    const chunks: Buffer[] = [];
    let size = 0;
    response.once('error', reject);
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > BUNDLE_DOCUMENT_MAX) request.destroy(new Error('the answer is too long'));
      else chunks.push(chunk);
    });
    response.once('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const location = redirects.has(statusCode) ? headers.location : undefined;
      if (location !== undefined || statusCode === 200) resolve({ text, location });
      else reject(new Error(`it answers with status ${statusCode}`));
    });
  });
  request.end();
  try {
    return await promise;
  } catch (cause) {
    const why = signal.aborted ? 'no answer in time' : cause instanceof Error ? cause.message : '';
    throw new DtaError('unreachable', `no bundle from \`${url.host}\`: ${why}`, {
      help: 'is the endpoint up, and is its certificate of an authority that is trusted here? `--ca` names another one',
      cause,
    });
  }
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const redirectsMax = 3;
/** All redirects together. */
const longestFetchMs = 10_000;
