/** How commands find the controller of this machine. */
import { Option } from 'commander';

import { OperatorClient } from '../api/client.ts';
import { readOperatorAccess } from '../api/operator-access.ts';

/** `--data-dir`, also from `DTA_DATA_DIR`. */
export function dataDirOption(): Option {
  return new Option('--data-dir <dir>', "the controller's data directory")
    .env('DTA_DATA_DIR')
    .default('dta-data');
}

/** A client of the controller that runs on a data directory. Throws `unreachable` when none does. */
export function operatorClient(dataDir: string): OperatorClient {
  return new OperatorClient(readOperatorAccess(dataDir));
}
