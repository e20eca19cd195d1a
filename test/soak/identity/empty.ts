/** Row: a controller whose data directory was lost does not make another authority over a mesh that runs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { projectPath } from '../../../controller/cli/project-paths.ts';
import type { Verdicts } from './verdicts.ts';

/** Runs it; some seconds. */
export async function soakEmpty(verdicts: Verdicts): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'dta-soak-'));
  const dataDir = join(directory, 'controller');
  try {
    const made = await run(['ca', 'init', ...named, '--data-dir', dataDir]);
    const mesh = existsSync(join(dataDir, 'ca'));
    rmSync(dataDir, { recursive: true });
    const lost = await run(['controller', ...named, '--data-dir', dataDir, ...anyPort]);
    verdicts.judge({
      what: 'restart with an empty data directory, without --new-mesh',
      bound: 'refused (exit 3), nothing made, the flag named',
      measured: `init ${made.code}, then exit ${lost.code}, ${existsSync(join(dataDir, 'ca')) ? 'an authority was made' : 'nothing made'}: ${lost.said.trim().split('\n')[0]}`,
      isMet:
        made.code === 0 &&
        mesh &&
        lost.code === 3 &&
        lost.said.includes('--new-mesh') &&
        !existsSync(join(dataDir, 'ca')),
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function run(args: readonly string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(projectPath('dta'), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  // One that starts after all would stay for ever.
  const timer = setTimeout(() => child.kill(), 20_000);
  const said = text(child.stderr);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  return { code, said: await said };
}

const named = ['--trust-domain', 'soak.test'];
const anyPort = ['--agent-port', '0', '--xds-port', '0', '--operator-port', '0'];
