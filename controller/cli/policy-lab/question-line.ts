/** The command lines that explain a question. */
import { Direction, RestrictionSide, Verdict } from '../../layout.ts';
import type { BundleTarget } from '../../policy/compile.ts';
import { bandNames } from '../../policy/kinds/question.ts';
import type { ServiceRestriction } from '../../risk/encode-state.ts';
import type { MaskQuestion } from '../mask-lab/message-of.ts';
import { signalText } from './changes.ts';
import type { Question } from './laboratory.ts';

/** `dta policy explain` with everything that the question says, for a shell. */
export function explainLine(
  paths: readonly string[],
  target: BundleTarget,
  question: Question,
): string {
  const isOutbound = target.direction === Direction.Outbound;
  const own = isOutbound ? ['--direction', 'outbound'] : [];
  return lineOf(['policy', 'explain', ...paths], own, target, question);
}

/** `dta mask try` with everything that the question and the message say, for a shell. */
export function tryLine(
  paths: readonly string[],
  target: BundleTarget,
  question: Question,
  { message, bodyFile }: MaskQuestion,
): string {
  const { side, body, contentType, status, responseHeaders, chunkBytes } = message;
  const isOutbound = target.direction === Direction.Outbound && side === 'request';
  const direction = isOutbound ? 'outbound' : side;
  const own = direction === 'request' ? [] : ['--direction', direction];
  if (body === undefined || bodyFile !== undefined) own.push('--body', bodyFile ?? 'none');
  if (contentType !== undefined) own.push('--content-type', contentType);
  if (status !== 200) own.push('--status', String(status));
  for (const [name, text] of responseHeaders) own.push('--response-header', `${name}: ${text}`);
  if (chunkBytes > 0) own.push('--chunk', String(chunkBytes));
  const line = lineOf(['mask', 'try', ...paths], own, target, question);
  if (body === undefined || bodyFile !== undefined) return line;
  const text = Buffer.from(body).toString();
  return text.length > BODY_SHOWN ? `${line} < body` : `printf %s ${forShell(text)} | ${line}`;
}

function lineOf(
  command: readonly string[],
  own: readonly string[],
  { mesh, service, environment }: BundleTarget,
  { request, restrictions }: Question,
): string {
  const { identity, host, path, query, headers, signals } = request;
  const target = query === '' ? path : `${path}?${query}`;
  const words = ['dta', ...command, '--destination', `${service}@${environment}`];
  if (mesh !== 'mesh.test') words.push('--mesh', mesh);
  words.push(...own);
  words.push('--source', sourceText(identity, mesh));
  if (request.method !== 'GET') words.push('-X', request.method);
  words.push('--url', host === undefined ? target : `https://${host}${target}`);
  for (const [name, lines] of Object.entries(headers)) {
    for (const line of lines) words.push('-H', `${name}: ${line}`);
  }
  for (const [name, value] of Object.entries(signals)) {
    const known = name.startsWith('environment.');
    const text = `${name.replace(/^environment\./, '')}=${signalText(name, value)}`;
    words.push(known ? '--fact' : '--signal', text);
  }
  words.push('--band', bandNames[request.band] ?? 'critical');
  for (const one of restrictions) words.push('--restriction', restrictionText(one));
  words.push('--at', new Date(request.timeMs).toISOString());
  return words.map(forShell).join(' ');
}

function sourceText(identity: Question['request']['identity'], mesh: string): string {
  const { service, team, environment, instance, trustDomain, labels } = identity;
  const parts = [`service=${service}`, `team=${team}`, `environment=${environment}`];
  if (!/^0{8}-0000-4000-8000-0{11}1$/.test(instance)) parts.push(`instance=${instance}`);
  if (trustDomain !== mesh) parts.push(`domain=${trustDomain}`);
  for (const [name, value] of Object.entries(labels)) parts.push(`label.${name}=${value}`);
  return parts.join(',');
}

function restrictionText(one: ServiceRestriction): string {
  const verdict = Object.keys(Verdict)[one.verdict]?.toLowerCase();
  const as = one.side === RestrictionSide.Source ? 'source' : 'destination';
  const parts = [`verdict=${verdict}`, `as=${as}`, `subject=${one.subject}`];
  if (one.ratePerSecond > 0) parts.push(`rate=${one.ratePerSecond}`, `burst=${one.burst}`);
  if (one.retryAfterSeconds > 0) parts.push(`retry-after=${one.retryAfterSeconds}`);
  if (one.readOnly) parts.push('read-only');
  if (one.noClearance) parts.push('no-clearance');
  return parts.join(',');
}

function forShell(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Longer bodies are not repeated. */
const BODY_SHOWN = 1_000;
