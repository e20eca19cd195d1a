/** The request that tests of the analysis change bit by bit. */
import type { ConcreteRequest } from './concrete-request.ts';

/** An instance of checkout reads an order, about which nothing else is known. */
export const baseRequest: ConcreteRequest = {
  identity: {
    trustDomain: 'mesh.test',
    environment: 'prod',
    team: 'payments',
    service: 'checkout',
    instance: '00000000-0000-4000-8000-000000000001',
    labels: {},
  },
  method: 'GET',
  path: '/orders/7',
  query: '',
  headers: {},
  timeMs: Date.parse('2026-03-27T12:00:00Z'),
  signals: {},
  band: 0,
};
