/** The file of `dta agent --config`: the workloads of one host. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { parse } from 'yaml';
import { z } from 'zod';

import { DtaError } from '../errors.ts';
import type { TrustAnchor } from './attest.ts';

/** How the identity of a workload, or of the agent itself, is got. */
export type JoinConfig =
  | { readonly method: 'token'; readonly tokenFile: string }
  | { readonly method: 'x509pop'; readonly certificate: string; readonly key: string }
  | { readonly method: 'k8s'; readonly tokenFile: string }
  | { readonly method: 'unix' };

/** One workload. */
export interface WorkloadConfig {
  readonly name: string;
  /** User of its Envoys and applications; absent: the agent's own. */
  readonly uid?: number | undefined;
  readonly join: JoinConfig;
}

/** A host. Paths are absolute. */
export interface HostConfig {
  readonly controller: string;
  readonly trust?: TrustAnchor | undefined;
  readonly socketDir: string;
  readonly stateDir: string;
  readonly keyDir?: string | undefined;
  /** Unix socket that serves status and metrics. */
  readonly statusSocket: string;
  /** The agent's own identity; needed by workloads that join by `unix`. */
  readonly agent?: { readonly join: Exclude<JoinConfig, { method: 'unix' }> } | undefined;
  readonly workloads: readonly WorkloadConfig[];
}

/**
 * Reads the file; paths in it are relative to it.
 *
 * @throws DtaError `notFound` when it cannot be read, `usage` with the place and reason when it is
 * not in order.
 */
export function readHostConfig(path: string): HostConfig {
  const parsed = host.safeParse(parseYaml(path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join('.') || 'the file';
    throw refused(path, `\`${place}\`: ${issue?.message.toLowerCase() ?? 'not understood'}`);
  }
  const { trust, keyDir, agent, workloads, ...rest } = parsed.data;
  const at = (file: string) => resolve(dirname(path), file);
  const names = workloads.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw refused(path, `workload \`${twice}\` is there twice`);
  const joins = workloads.map(({ join }) => join);
  if (!agent && joins.some(({ method }) => method === 'unix')) {
    throw refused(path, 'workloads that join by `unix` need an `agent` that vouches for them');
  }
  const own = agent ? [agent.join] : [];
  if (!trust && [...joins, ...own].some(({ method }) => method === 'x509pop' || method === 'k8s')) {
    throw refused(path, 'without a token `trust` has to say which controller is meant');
  }
  return {
    controller: rest.controller,
    trust: trust && ('file' in trust ? { file: at(trust.file) } : trust),
    socketDir: at(rest.socketDir),
    stateDir: at(rest.stateDir),
    keyDir: keyDir === undefined ? undefined : at(keyDir),
    statusSocket: at(rest.statusSocket),
    agent: agent && { join: joinAt(agent.join, at) },
    workloads: workloads.map((each) => ({ ...each, join: joinAt(each.join, at) })),
  };
}

function joinAt<Join extends JoinConfig>(join: Join, at: (file: string) => string): Join {
  const paths = Object.entries(join).map(([name, value]) => [
    name,
    name === 'method' ? value : at(String(value)),
  ]);
  return Object.fromEntries(paths) as Join;
}

function parseYaml(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new DtaError('notFound', `\`${path}\` cannot be read`, { cause });
  }
  try {
    return parse(text);
  } catch (cause) {
    throw refused(path, `not YAML: ${cause instanceof Error ? cause.message.split('\n')[0] : ''}`);
  }
}

function refused(path: string, why: string): DtaError {
  return new DtaError('usage', `\`${path}\` configures no agent: ${why}`, {
    help: 'docs/operations.md, "Several workloads on a host", shows what it holds',
  });
}

const file = z.string().min(1);
const nodeJoin = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('token'), tokenFile: file }),
  z.strictObject({ method: z.literal('x509pop'), certificate: file, key: file }),
  z.strictObject({ method: z.literal('k8s'), tokenFile: file }),
]);
const anyJoin = z.union([nodeJoin, z.strictObject({ method: z.literal('unix') })]);
const host = z.strictObject({
  controller: z.string(),
  trust: z
    .union([
      z.strictObject({ keyHash: z.string().regex(/^[0-9a-f]{64}$/) }),
      z.strictObject({ file }),
    ])
    .optional(),
  socketDir: file.default('sockets'),
  stateDir: file.default('state'),
  keyDir: file.optional(),
  statusSocket: file.default('status.sock'),
  agent: z.strictObject({ join: nodeJoin }).optional(),
  workloads: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
        uid: z.number().int().min(0).max(4_294_967_294).optional(),
        join: anyJoin,
      }),
    )
    .min(1)
    .max(1_000),
});
