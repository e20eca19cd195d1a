/** The WASI functions that Envoy offers a filter and filters use. */
import type { VmMemory } from './vm-memory.ts';

/** What WASI needs from the VM. */
export interface WasiHost {
  memory: () => VmMemory;
  env: Record<string, string>;
  now: () => bigint;
  random: (count: number) => Uint8Array;
  onOutput: (fd: number, text: string) => void;
}

const SUCCESS = 0;
const BAD_FILE = 8;
const FAULT = 21;

/** Builds the import object `wasi_snapshot_preview1`. */
export function wasiImports(host: WasiHost): Record<string, WebAssembly.ImportValue> {
  const strings = Object.entries(host.env).map(([name, value]) =>
    Buffer.from(`${name}=${value}\0`),
  );
  const answer = (...written: boolean[]) => (written.every(Boolean) ? SUCCESS : FAULT);
  return {
    environ_sizes_get: (countPtr: number, bytesPtr: number) =>
      answer(
        host.memory().writeU32(countPtr, strings.length),
        host.memory().writeU32(bytesPtr, Buffer.concat(strings).length),
      ),
    environ_get: (pointers: number, buffer: number) => {
      let at = buffer;
      return answer(
        ...strings.map((text, index) => {
          const start = at;
          at += text.length;
          return (
            host.memory().writeU32(pointers + 4 * index, start) && host.memory().write(start, text)
          );
        }),
      );
    },
    args_sizes_get: (countPtr: number, bytesPtr: number) =>
      answer(host.memory().writeU32(countPtr, 0), host.memory().writeU32(bytesPtr, 0)),
    args_get: () => SUCCESS,
    random_get: (target: number, len: number) =>
      answer(host.memory().write(target, host.random(len >>> 0))),
    clock_time_get: (_clock: number, _precision: bigint, result: number) =>
      answer(host.memory().writeU64(result, host.now())),
    fd_write: (fd: number, vectors: number, count: number, writtenPtr: number) => {
      if (fd !== 1 && fd !== 2) return BAD_FILE;
      const list = host.memory().read(vectors, count * 8);
      if (!list) return FAULT;
      const view = Buffer.from(list);
      const parts = Array.from({ length: count }, (_, index) =>
        host.memory().read(view.readUInt32LE(8 * index), view.readUInt32LE(8 * index + 4)),
      );
      if (!parts.every((part) => part !== undefined)) return FAULT;
      const text = Buffer.concat(parts);
      host.onOutput(fd, text.toString());
      return answer(host.memory().writeU32(writtenPtr, text.length));
    },
    proc_exit: (code: number) => {
      throw new Error(`the module exited with ${code}`);
    },
  };
}
