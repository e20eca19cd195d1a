/** A workload of the tour: it joins like any other and speaks mutual TLS itself, without a sidecar. */
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

import { ControllerClient } from '../../agent/controller-client.ts';
import type { HeldIdentity } from '../../agent/identity.ts';
import { join } from '../../agent/join.ts';
import type { IdentityRequest } from '../../api/messages.ts';
import type { DemoMesh } from './demo-mesh.ts';

/** An answer, as far as the tour looks at it. */
export interface Answer {
  /** 0: no HTTP answer, `body` says why. */
  readonly status: number;
  readonly body: string;
  /** `DTA<number>` of a denial, or empty. */
  readonly code: string;
}

/** What is asked. */
export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One identity with its own connections to the listener in front of orders. */
export class TourClient {
  readonly identity: HeldIdentity | undefined;
  readonly #agent: Agent;
  readonly #port: number;

  private constructor(
    port: number,
    identity: HeldIdentity | undefined,
    rootPem: string,
    sockets: number,
  ) {
    this.identity = identity;
    this.#port = port;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: sockets,
      ca: rootPem,
      // The tour checks what the mesh lets in; whom it talks to is known: a port of this machine.
      checkServerIdentity: () => undefined,
      ...(identity && { cert: identity.chainPem, key: identity.keyPem }),
    });
  }

  /** Registers a workload, joins with its token, and is ready to call orders on `sockets` connections. */
  static async join(mesh: DemoMesh, workload: IdentityRequest, sockets = 1): Promise<TourClient> {
    const { token } = await mesh.operator.issueIdentity(workload);
    const controller = new ControllerClient(mesh.controllerUrl, AbortSignal.timeout(10_000));
    const identity = await join(controller, token);
    return new TourClient(mesh.ports.ordersInbound, identity, identity.rootPem, sockets);
  }

  /** Somebody without a certificate, who trusts the same authority. */
  static stranger(mesh: DemoMesh, rootPem: string): TourClient {
    return new TourClient(mesh.ports.ordersInbound, undefined, rootPem, 1);
  }

  /** Sends a request; never throws. */
  ask({ method = 'GET', path = '/orders/7', body, headers = {} }: Ask = {}): Promise<Answer> {
    return new Promise((resolve) => {
      const options = {
        host: '127.0.0.1',
        port: this.#port,
        method,
        path,
        agent: this.#agent,
        headers,
      };
      const call = request(options, (answer) => {
        text(answer).then(
          (content) =>
            resolve({ status: answer.statusCode ?? 0, body: content, code: codeOf(content) }),
          (error: Error) => resolve({ status: 0, body: error.message, code: '' }),
        );
      });
      call.once('error', (error) => resolve({ status: 0, body: error.message, code: '' }));
      call.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Status and, for a denial, its code. */
export function statusAndCode({ status, code }: { status: number; code: string }): string {
  return code === '' ? String(status) : `${status} ${code}`;
}

/** A request in plaintext to an application on loopback; with a body it is a POST of JSON. */
export async function askPlaintext(port: number, path: string, body?: string): Promise<Answer> {
  const init =
    body === undefined
      ? {}
      : { method: 'POST', body, headers: { 'content-type': 'application/json' } };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const content = await answer.text();
  return {
    status: answer.status,
    body: content,
    code: codeOf(content),
  };
}

/** Sends plaintext to a port and gives what comes back before the other side closes. */
export function sendPlaintext(port: number): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('GET /orders/7 HTTP/1.1\r\nhost: orders\r\n\r\n'),
    );
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.once('error', () => resolve(received));
    socket.once('close', () => resolve(received));
    socket.setTimeout(3_000, () => socket.destroy());
  });
}

function codeOf(body: string): string {
  return /"code":"(DTA\d+)"/.exec(body)?.[1] ?? '';
}
