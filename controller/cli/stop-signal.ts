/** Waits for the operator to end a command that runs on. */

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process the usual way. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
