/** The processes of the demo, in the order in which they were started. */
import { join } from 'node:path';

import { projectPath } from '../project-paths.ts';
import { type Child, type ChildOptions, startChild } from './child.ts';

/** Starts processes whose logs lie in one folder, and ends them all, the last one first. */
export class DemoChildren {
  readonly #dir: string;
  readonly #children: Child[] = [];

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Starts one and waits until it is ready; gives what it said then. Fails as `startChild`. */
  async start(options: Omit<ChildOptions, 'logFile'>): Promise<string> {
    const child = await startChild({ ...options, logFile: join(this.#dir, `${options.name}.log`) });
    this.#children.push(child);
    return child.said;
  }

  /** The same with `dta`. */
  async startDta(
    name: string,
    args: readonly string[],
    ready: RegExp,
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    return await this.start({ name, command: projectPath('dta'), args, ready, env });
  }

  /** Starts a service of `examples/demo/services`; gives its port. */
  async startService(name: string, ...args: string[]): Promise<number> {
    const script = projectPath(`examples/demo/services/${name}.ts`);
    const ready = /^listening on (\d+)/;
    const command = process.execPath;
    return Number(await this.start({ name, command, args: [script, ...args], ready }));
  }

  async stop(): Promise<void> {
    for (const child of this.#children.splice(0).reverse()) await child.stop();
  }
}
