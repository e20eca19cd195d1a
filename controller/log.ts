/** Structured logs: one JSON object a line on standard error; messages are lower case, facts are fields. */
import { type Logger, pino } from 'pino';

export type Log = Logger;

/** A logger for one process. `level` is one of pino's (`debug`, `info`, `warn`, `error`, `silent`). */
export function createLog(process: string, level = 'info'): Log {
  return pino({ name: process, level, base: { process } }, pino.destination({ fd: 2, sync: true }));
}
