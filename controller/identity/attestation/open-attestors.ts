/** Reads which attestors a controller has, from the file of `dta controller --attestors`. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { parse } from 'yaml';
import { z } from 'zod';

import type { Clock } from '../../clock.ts';
import { DtaError } from '../../errors.ts';
import type { Attestor } from './attestor.ts';
import { Challenges } from './challenges.ts';
import { isLoopback } from './fetch-text.ts';
import { KubernetesAttestor, type KubernetesCluster } from './kubernetes-attestor.ts';
import { UnixAttestor } from './unix-attestor.ts';
import { X509PopAttestor } from './x509pop-attestor.ts';

/**
 * The attestors beside join tokens. Paths in the file are relative to it. Without a file only agents
 * can vouch (`unix`): that needs nothing but registrations that name them.
 *
 * @throws DtaError `setup` when the file, or one that it names, cannot be used.
 */
export function openAttestors(path: string | undefined, clock: Clock): Attestor[] {
  const attestors: Attestor[] = [new UnixAttestor()];
  if (path === undefined) return attestors;
  const { x509pop, kubernetes } = readConfig(path);
  const read = (file: string) => readNamed(resolve(dirname(path), file));
  if (x509pop) {
    const roots = x509pop.roots.flatMap((file) => readRoots(file, read(file)));
    attestors.push(new X509PopAttestor(roots, new Challenges(clock)));
  }
  if (kubernetes) {
    const clusters = kubernetes.map((cluster) => toCluster(cluster, dirname(path), read));
    attestors.push(new KubernetesAttestor(clusters, clock));
  }
  return attestors;
}

function readConfig(path: string): z.infer<typeof config> {
  const help = 'docs/identity.md, "Attestation", shows what it may hold';
  try {
    return config.parse(parse(readNamed(path)) ?? {});
  } catch (cause) {
    if (cause instanceof DtaError) throw cause;
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const where = issue ? `: \`${issue.path.join('.')}\`: ${issue.message.toLowerCase()}` : '';
    throw new DtaError('setup', `\`${path}\` configures no attestors${where}`, { help, cause });
  }
}

function readNamed(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new DtaError('setup', `\`${path}\` cannot be read`, { cause });
  }
}

function readRoots(path: string, text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    const roots = blocks.map((block) => new X509Certificate(block));
    if (roots.length > 0 && roots.every(({ ca }) => ca)) return roots;
  } catch (cause) {
    throw new DtaError('setup', `\`${path}\` has a damaged certificate`, { cause });
  }
  throw new DtaError('setup', `\`${path}\` has something other than authorities`, {
    help: 'give certificates of authorities as PEM',
  });
}

type ClusterConfig = NonNullable<z.infer<typeof config>['kubernetes']>[number];

function toCluster(
  { keys, review, ...cluster }: ClusterConfig,
  directory: string,
  read: (file: string) => string,
): KubernetesCluster {
  const caPem = (ca: string | undefined) => (ca === undefined ? {} : { caPem: read(ca) });
  if (keys && 'file' in keys) {
    return { ...cluster, verify: { keys: { file: resolve(directory, keys.file) } } };
  }
  if (keys) return { ...cluster, verify: { keys: { url: keys.url, ...caPem(keys.ca) } } };
  if (!review) throw new TypeError('the schema asks for one of both');
  const tokenFile = resolve(directory, review.tokenFile);
  const bearer = async () => (await readFile(tokenFile, 'utf8')).trim();
  return { ...cluster, verify: { reviewUrl: review.url, ...caPem(review.ca), bearer } };
}

/** A cluster that is asked about a token sees it, and could use it here as its own pod's. */
function hasOwnIssuer({ issuer }: { issuer: string }, all: readonly { issuer: string }[]): boolean {
  return all.filter((each) => each.issuer === issuer).length === 1;
}

const secureUrl = z.url().refine((url) => url.startsWith('https:') || isLoopback(new URL(url)), {
  error: 'only https, or http on loopback',
});
const config = z.strictObject({
  x509pop: z.strictObject({ roots: z.array(z.string()).min(1) }).optional(),
  kubernetes: z
    .array(
      z
        .strictObject({
          name: z.string().regex(/^[A-Za-z0-9._-]{1,63}$/),
          issuer: z.string().min(1),
          audience: z.string().min(1),
          keys: z
            .union([
              z.strictObject({ file: z.string() }),
              z.strictObject({ url: secureUrl, ca: z.string().optional() }),
            ])
            .optional(),
          review: z
            .strictObject({ url: secureUrl, tokenFile: z.string(), ca: z.string().optional() })
            .optional(),
        })
        .refine(({ keys, review }) => (keys === undefined) !== (review === undefined), {
          error: 'needs either keys or review',
        }),
    )
    .min(1)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, {
      error: 'two clusters have one name',
    })
    .refine((all) => all.every((one) => !one.review || hasOwnIssuer(one, all)), {
      error: 'clusters with one issuer need keys, not reviews',
    })
    .optional(),
});
