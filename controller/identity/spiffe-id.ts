/**
 * SPIFFE IDs: the whole grammar of the SPIFFE ID standard (section 2), and the form that this mesh
 * gives out.
 */
import { DtaError } from '../errors.ts';
import { isName, show } from './names.ts';

/** A SPIFFE ID in its parts, or why it is none. */
export type ParsedSpiffeId =
  | { readonly ok: true; readonly trustDomain: string; readonly segments: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** Who a workload is: `spiffe://<td>/env/<environment>/team/<team>/svc/<service>/i/<uuid>`. */
export interface MeshIdentity {
  readonly trustDomain: string;
  readonly environment: string;
  readonly team: string;
  readonly service: string;
  /** Lower-case UUID. */
  readonly instance: string;
}

/**
 * Reads any SPIFFE ID: at most 2,048 bytes, trust domain at most 255, no escapes, no empty or dot
 * segments.
 */
export function parseSpiffeId(text: string): ParsedSpiffeId {
  if (text.length > maxIdLen) return refuse('longer than 2048 bytes');
  if (!text.startsWith(scheme)) return refuse('scheme is not `spiffe://`');
  const [trustDomain = '', ...segments] = text.slice(scheme.length).split('/');
  const fault = trustDomainFault(trustDomain);
  if (fault !== undefined) return refuse(fault);
  for (const segment of segments) {
    if (segment === '') return refuse('path has an empty segment');
    if (segment === '.' || segment === '..') return refuse('path has a dot segment');
    if (!segmentForm.test(segment)) return refuse('path has a character outside A-Z a-z 0-9 . _ -');
  }
  return { ok: true, trustDomain, segments };
}

/** Gives the trust domain back, or fails with `usage`. */
export function checkTrustDomain(text: string): string {
  const fault = trustDomainFault(text);
  if (fault === undefined) return text;
  throw new DtaError('usage', `trust domain \`${show(text)}\` is not valid: ${fault}`, {
    help: 'use 1 to 255 of a-z 0-9 . _ -, for example `mesh.example.org`',
  });
}

/** Reads our form of a SPIFFE ID, of any trust domain; undefined if it is another. */
export function parseMeshIdentity(text: string): MeshIdentity | undefined {
  const id = parseSpiffeId(text);
  if (!id.ok || id.segments.length !== 8) return undefined;
  const [env, environment = '', teamKey, team = '', svc, service = '', i, instance = ''] =
    id.segments;
  if (env !== 'env' || teamKey !== 'team' || svc !== 'svc' || i !== 'i') return undefined;
  if (![environment, team, service].every(isName) || !uuidForm.test(instance)) return undefined;
  return { trustDomain: id.trustDomain, environment, team, service, instance };
}

/** The SPIFFE ID of an identity whose parts were checked. */
export function formatMeshIdentity(identity: MeshIdentity): string {
  const { trustDomain, environment, team, service, instance } = identity;
  return `${scheme}${trustDomain}/env/${environment}/team/${team}/svc/${service}/i/${instance}`;
}

/** Whether it is a UUID in the canonical form: lower case, with hyphens. */
export function isUuid(text: string): boolean {
  return uuidForm.test(text);
}

function trustDomainFault(text: string): string | undefined {
  if (text === '') return 'trust domain is missing';
  if (text.length > maxTrustDomainLen) return 'trust domain is longer than 255 bytes';
  if (trustDomainForm.test(text)) return undefined;
  if (trustDomainForm.test(text.toLowerCase())) return 'trust domain has upper-case letters';
  return 'trust domain has a character outside a-z 0-9 . _ -';
}

function refuse(reason: string): ParsedSpiffeId {
  return { ok: false, reason };
}

const scheme = 'spiffe://';
const maxIdLen = 2048;
const maxTrustDomainLen = 255;
const trustDomainForm = /^[a-z0-9._-]+$/;
const segmentForm = /^[A-Za-z0-9._-]+$/;
const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
