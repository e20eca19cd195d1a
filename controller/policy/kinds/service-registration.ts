/** The kind ServiceRegistration: which workloads may get an identity. It is no policy: `dta identity register` takes it. */
import { z } from 'zod';

import { Problem, quoted } from '../problem.ts';
import { documentSchema, someOf } from './document.ts';
import { leaf, nameLeaf } from './leaf.ts';

const selectorLeaf = leaf(parseSelector, {
  description: 'what a workload has to prove: <method>:<what>:<value>',
  pattern: '^[a-z0-9]+:[a-z-]+:[!-~]{1,255}$',
  examples: ['k8s:ns:shop', 'x509pop:cn:host-1', 'unix:workload:orders', 'agent:service:prod/host'],
});

/** The schema of a ServiceRegistration document. */
export const serviceRegistrationSchema = documentSchema(
  'ServiceRegistration',
  z.strictObject({
    service: nameLeaf('service that instances join as'),
    team: nameLeaf('owning team'),
    environment: nameLeaf('deployment environment'),
    region: nameLeaf('where it runs; stands in certificates as the label `region`').optional(),
    labels: z
      .record(z.string(), nameLeaf('value of a label'))
      .meta({ description: 'labels of its certificates, at most 16' })
      .optional(),
    attest: someOf(selectorLeaf)
      .meta({ description: 'all of it has to be proved; without it only join tokens let in' })
      .optional(),
  }),
);

function parseSelector(text: string): string | Problem {
  if (/^[a-z0-9]+:[a-z-]+:[!-~]{1,255}$/.test(text)) return text;
  return new Problem(`${quoted(text)} is no selector`, 'write <method>:<what>:<value>');
}
