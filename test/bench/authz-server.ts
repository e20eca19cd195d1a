/** An HTTP server on loopback that permits every request, for `ext_authz`. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers 200 to everything. */
export class AuthzServer {
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((incoming, outgoing) => {
      incoming.resume();
      outgoing.end();
    });
    this.#server.keepAliveTimeout = 0;
  }

  /** Listens on a free port. */
  static async listen(): Promise<AuthzServer> {
    const authz = new AuthzServer();
    await new Promise<void>((resolve) => authz.#server.listen(0, '127.0.0.1', resolve));
    return authz;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
