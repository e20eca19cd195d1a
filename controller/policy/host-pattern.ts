/** Host patterns: `api.example.org` and `*.example.org`. */
import { HostKind } from '../layout.ts';
import { Problem, quoted } from './problem.ts';

/** `text` is lower case; for a suffix with its leading dot. */
export interface HostPattern {
  readonly kind: HostKind;
  readonly text: string;
}

/** Reads a host pattern; case does not count. Refuses ports, trailing dots and wildcards in other places. */
export function parseHostPattern(text: string): HostPattern | Problem {
  const lower = text.toLowerCase();
  if (lower === '*')
    return new Problem('host `*` names every host', 'leave `hosts` out for any host');
  const isSuffix = lower.startsWith('*.');
  const name = isSuffix ? lower.slice(2) : lower;
  const isAddress = !isSuffix && /^\[[0-9a-f:.]{2,45}\]$/.test(name);
  if (!isAddress && /:\d*$/.test(name)) {
    return new Problem(
      `host ${quoted(text)} has a port`,
      'leave the port out, hosts are compared without it',
    );
  }
  if (!isAddress && (name.length > 253 || !hostName.test(name))) {
    return new Problem(
      `${quoted(text)} is not a host`,
      'write a name such as `api.example.org` or a suffix such as `*.example.org`',
    );
  }
  return { kind: isSuffix ? HostKind.Suffix : HostKind.Exact, text: isSuffix ? `.${name}` : name };
}

const hostName =
  /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
