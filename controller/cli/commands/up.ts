/** `dta up`: the demo, a whole mesh on this machine. */
import { relative, resolve } from 'node:path';
import { Command } from 'commander';

import { DtaError } from '../../errors.ts';
import { stopSignal } from '../stop-signal.ts';
import { type DemoMesh, startDemoMesh } from '../up/demo-mesh.ts';
import { runTour } from '../up/tour.ts';

interface Options {
  readonly tour: boolean;
  readonly once: boolean;
  readonly dir: string;
}

export function upCommand(): Command {
  return new Command('up')
    .description('run a whole mesh on this machine: controller, agents, Envoys, two services')
    .option('--tour', 'send requests and show what was expected and what came', false)
    .option('--once', 'stop after the tour instead of staying up', false)
    .option('--dir <dir>', 'folder of the demo, emptied at the start', '.run/demo')
    .action(async ({ tour, once, dir }: Options) => {
      const stopped = stopSignal();
      const startedAt = performance.now();
      const say = (line: string) => console.log(`[${seconds(startedAt)}] ${line}`);
      const mesh = await startDemoMesh(resolve(dir), say);
      try {
        const failed = tour ? await runTour(mesh, (line) => console.log(line)) : 0;
        if (tour) say('end of the tour');
        if (failed > 0)
          throw new DtaError('internal', `${failed} lines of the tour were not as expected`);
        if (once) return;
        showWhatToTry(mesh, relative(process.cwd(), mesh.dataDir));
        await stopped;
      } finally {
        await mesh.stop();
      }
    });
}

function seconds(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s`;
}

function showWhatToTry({ ports }: DemoMesh, dataDir: string): void {
  console.log(`
The mesh is up; Ctrl-C stops it. Try:
  curl http://127.0.0.1:${ports.checkoutApp}/orders/7                     # through both Envoys: masked
  curl http://127.0.0.1:${ports.ordersApp}/orders/7                     # what orders really answered
  curl http://127.0.0.1:${ports.checkoutApp}/orders/admin/keys            # denied, with a reason code
  curl -k https://127.0.0.1:${ports.ordersInbound}/orders/7                 # no certificate: no handshake
  curl -s http://127.0.0.1:${ports.ordersAdmin}/stats/prometheus | grep dta_
  export DTA_DATA_DIR=${dataDir}
  ./dta status
  ./dta identity list
  ./dta audit tail --follow
  ./dta policy push examples/demo/policies`);
}
