/** The VM's linear memory as host calls use it; addresses outside of it are an answer, not an exception. */

/** Makes room for data of the host inside the VM; 0 when there is none. */
export type Allocate = (size: number) => number;

/** Reads and writes the memory; every view is taken anew because the memory may have grown. */
export class VmMemory {
  #memory: WebAssembly.Memory;
  #allocate: Allocate;

  constructor(memory: WebAssembly.Memory, allocate: Allocate) {
    this.#memory = memory;
    this.#allocate = allocate;
  }

  /** Size in pages of 64 KiB. */
  get pages(): number {
    return this.#memory.buffer.byteLength / 65536;
  }

  /** A copy of a span; undefined when it is out of bounds. */
  read(ptr: number, len: number): Uint8Array | undefined {
    const [start, size] = [ptr >>> 0, len >>> 0];
    if (start + size > this.#memory.buffer.byteLength) return undefined;
    return new Uint8Array(this.#memory.buffer).slice(start, start + size);
  }

  /** Writes bytes; false when they are out of bounds. */
  write(ptr: number, bytes: Uint8Array): boolean {
    const start = ptr >>> 0;
    if (start + bytes.length > this.#memory.buffer.byteLength) return false;
    new Uint8Array(this.#memory.buffer).set(bytes, start);
    return true;
  }

  /** Writes a 32-bit number. */
  writeU32(ptr: number, value: number): boolean {
    const start = ptr >>> 0;
    if (start + 4 > this.#memory.buffer.byteLength) return false;
    new DataView(this.#memory.buffer).setUint32(start, value, true);
    return true;
  }

  /** Writes a 64-bit number. */
  writeU64(ptr: number, value: bigint): boolean {
    const start = ptr >>> 0;
    if (start + 8 > this.#memory.buffer.byteLength) return false;
    new DataView(this.#memory.buffer).setBigUint64(start, BigInt.asUintN(64, value), true);
    return true;
  }

  /** Hands bytes over: allocated by the module, pointer and length written where it asked. False when there is no room. */
  handOver(bytes: Uint8Array, ptrPtr: number, lenPtr: number): boolean {
    let ptr = 0;
    if (bytes.length > 0) {
      ptr = this.#allocate(bytes.length) >>> 0;
      if (ptr === 0 || !this.write(ptr, bytes)) return false;
    }
    return this.writeU32(ptrPtr, ptr) && this.writeU32(lenPtr, bytes.length);
  }
}
