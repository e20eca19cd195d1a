/** Loading a compiled filter and reading off what it asks for and offers. */
import { readFile } from 'node:fs/promises';

/** Compiles a filter; rejects when the file is missing or is no module. */
export async function loadModule(path: string | URL): Promise<WebAssembly.Module> {
  return WebAssembly.compile(new Uint8Array(await readFile(path)));
}

/** What a module imports (`env.proxy_log`) and exports (`memory`), each sorted. */
export interface ModuleSurface {
  imports: string[];
  exports: string[];
}

/** Lists the imports and exports of a module. */
export function moduleSurface(module: WebAssembly.Module): ModuleSurface {
  return {
    imports: WebAssembly.Module.imports(module)
      .map(({ module: from, name }) => `${from}.${name}`)
      .sort(),
    exports: WebAssembly.Module.exports(module)
      .map(({ name }) => name)
      .sort(),
  };
}
