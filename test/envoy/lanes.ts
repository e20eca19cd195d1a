/** The two ways through a mesh that most cases are tried on: HTTP/1.1 and HTTP/2 from end to end. */
import { join } from 'node:path';

import { type Client, http1Client, http2Client, type Peer } from './client.ts';
import { LiveMesh } from './live-mesh.ts';
import { meshPolicies } from './policies.ts';
import { Upstream } from './upstream.ts';

/** A protocol, the service that is reached by it, and how to call it. */
export interface Lane {
  readonly service: string;
  readonly connect: (peer: Peer) => Client;
}

export const lanes: readonly [name: string, lane: Lane][] = [
  ['HTTP/1.1', { service: 'orders', connect: http1Client }],
  ['HTTP/2', { service: 'ledger', connect: http2Client }],
];

/** A mesh with an application on each lane; `ledger` also calls `orders` through its sidecar. */
export interface TwoLanes {
  readonly mesh: LiveMesh;
  upstream(lane: Lane): Upstream;
  /** A client on `lane` with a new identity. */
  client(lane: Lane, service: string): Promise<Client>;
  stop(): Promise<void>;
}

/** What its sidecars have beside the usual. */
export interface LaneOptions {
  readonly policies?: string;
  readonly decompress?: boolean;
  /** Folder for access logs, one file a service. */
  readonly accessLogs?: string;
}

/** Starts it. */
export async function startTwoLanes(options: LaneOptions = {}): Promise<TwoLanes> {
  const { policies = meshPolicies(['orders', 'ledger']), decompress = false, accessLogs } = options;
  const extras = (service: string) => ({
    decompress,
    ...(accessLogs !== undefined && { accessLog: join(accessLogs, `${service}.log`) }),
  });
  const orders = await Upstream.start();
  const ledger = await Upstream.start(true);
  const clients: Client[] = [];
  const mesh = await LiveMesh.start({
    policies,
    sidecars: [
      { service: 'orders', app: { port: orders.port }, ...extras('orders') },
      {
        service: 'ledger',
        app: { port: ledger.port, http2: true },
        callees: ['orders'],
        ...extras('ledger'),
      },
    ],
  });
  return {
    mesh,
    upstream: ({ service }) => (service === 'orders' ? orders : ledger),
    client: async ({ service: callee, connect }, service) => {
      const client = connect({
        port: mesh.sidecar(callee).inboundPort,
        identity: await mesh.join({ service }),
      });
      clients.push(client);
      return client;
    },
    stop: async () => {
      for (const client of clients) client.close();
      await mesh.stop();
      await orders.close();
      await ledger.close();
    },
  };
}
