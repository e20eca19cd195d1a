/**
 * Unix: an agent of the mesh vouches for a process of its host. What it says is what the kernel
 * enforces there: only user `uid` may enter the directory of the workload's sockets.
 */
import { denied } from '../denied.ts';
import type { AttestationContext, Attested, Attestor, Evidence } from './attestor.ts';

/** Evidence: `workload`, `uid`. Registrations name the agents that they believe (`agent:` selectors). */
export class UnixAttestor implements Attestor {
  readonly method = 'unix';

  async attest(evidence: Evidence, { agent }: AttestationContext): Promise<Attested> {
    const { workload = '', uid = '' } = evidence;
    if (!agent) throw denied('join', 'no agent vouches');
    if (!workloadForm.test(workload)) throw denied('join', 'workload has no name');
    if (!uidForm.test(uid)) throw denied('join', 'uid is no number');
    const { instance, environment, service } = agent;
    return {
      selectors: [
        `unix:workload:${workload}`,
        `unix:uid:${uid}`,
        `agent:instance:${instance}`,
        `agent:service:${environment}/${service}`,
      ],
      evidence: `unix:${instance}:${workload}:${uid}`,
    };
  }
}

const workloadForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const uidForm = /^(?:0|[1-9]\d{0,9})$/;
