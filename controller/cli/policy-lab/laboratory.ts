/** Asks the filter about single requests: the module that proxies load, in a VM of this process. */
import { createHash } from 'node:crypto';

import { loadModule } from '../../../host/module.ts';
import type { Outcome, Stream } from '../../../host/stream.ts';
import { type Root, Vm } from '../../../host/vm.ts';
import { decodeAuditBatch } from '../../audit/decode-batch.ts';
import type { AuditRecord } from '../../audit/model.ts';
import { DtaError } from '../../errors.ts';
import { Direction } from '../../layout.ts';
import type { ConcreteRequest } from '../../policy/analysis/concrete-request.ts';
import { type BundleTarget, compileBundle } from '../../policy/compile.ts';
import type { PolicySet } from '../../policy/policy-set.ts';
import { filterEnvironment } from '../../prove-bundle.ts';
import { encodeState, type ServiceRestriction } from '../../risk/encode-state.ts';
import { stateContentOf, subjectTextOf, uriOf } from './ask-state.ts';

/** A request with the restrictions that are in force when it comes. */
export interface Question {
  readonly request: ConcreteRequest;
  readonly restrictions: readonly ServiceRestriction[];
}

/** What the filter did, and what it wrote down about it. */
export interface Answer {
  readonly record: AuditRecord;
  /** Status of the refusal; undefined when the request went on. */
  readonly status: number | undefined;
}

/** A bundle in a VM. Questions may come in any order of their times, within the life of the bundle; none leaves a trace. */
export class Laboratory {
  readonly #module: WebAssembly.Module;
  readonly #configuration: Uint8Array;
  readonly #target: BundleTarget;
  #vm: Vm;
  #root: Root;
  #nowMs: number;
  /** Requests that the VM has decided. */
  #decided = 0;
  #epoch = 0n;
  #state = '';

  /** `nowMs` is when the bundle is compiled; it answers from five minutes before that to a week after. */
  constructor(module: WebAssembly.Module, set: PolicySet, target: BundleTarget, nowMs: number) {
    this.#module = module;
    this.#target = target;
    this.#nowMs = nowMs;
    this.#configuration = compileBundle(set, target, { version: 1n, nowMs });
    ({ vm: this.#vm, root: this.#root } = this.#start());
  }

  /** Sends a request once, or until its decision is recorded when rules ask for samples. */
  ask(question: Question): Answer {
    this.#prepare(question);
    for (let i = 0; i < SAMPLED_WITHIN; i++) {
      const answer = this.#send(question.request);
      if (answer !== undefined) return answer;
    }
    throw new DtaError('internal', 'the filter recorded no decision');
  }

  /** Whether the filter records each such request, and not only samples of those that it allows. */
  isAlwaysRecorded(question: Question): boolean {
    this.#prepare({ ...question, restrictions: [] });
    const { request } = question;
    // Of two decisions in a row one is no sample.
    const first = this.#send(request);
    return first !== undefined && this.#send(request) !== undefined;
  }

  #send(request: ConcreteRequest): Answer | undefined {
    const { stream, outcome } = this.#open(request, true);
    stream.end();
    const record = this.#takeRecord();
    return record && { record, status: outcome.localResponse?.status };
  }

  /** Whether JSON bodies of an allowed request are masked on their way. */
  masks(question: Question): { request: boolean; response: boolean } {
    this.#prepare(question);
    const { request } = question;
    const typed = { ...request.headers, 'content-type': ['application/json'] };
    const { stream, outcome } = this.#open({ ...request, headers: typed }, false);
    if (outcome.localResponse !== undefined) {
      stream.end();
      this.#takeRecord();
      return { request: false, response: false };
    }
    // The filter holds the headers of a body that it will change until the first of it has come.
    const masked = { request: outcome.action === 'stop', response: false };
    stream.requestBody('{}', true);
    const json: [string, string][] = [
      [':status', '200'],
      ['content-type', 'application/json'],
    ];
    masked.response = stream.responseHeaders(json, false).action === 'stop';
    stream.responseBody('{}', true);
    stream.end();
    this.#takeRecord();
    return masked;
  }

  /**
   * Opens a stream for a question and lets `script` play the rest of it; the record is undefined when rules ask for samples
   * and this one is none. `isLast`: the request has no body.
   */
  play<T>(
    question: Question,
    isLast: boolean,
    script: (stream: Stream, outcome: Outcome) => T,
  ): { readonly played: T; readonly record: AuditRecord | undefined } {
    this.#prepare(question);
    const { stream, outcome } = this.#open(question.request, isLast);
    const played = script(stream, outcome);
    stream.end();
    return { played, record: this.#takeRecord() };
  }

  #start(): { vm: Vm; root: Root } {
    const now = () => BigInt(this.#nowMs) * 1_000_000n;
    const vm = new Vm(this.#module, { env: filterEnvironment, now });
    const root = vm.startRoot({ rootId: 'dta', configuration: this.#configuration });
    if (!root.accepted) {
      const reason = vm.logs.map(({ message }) => message).join('; ');
      throw new DtaError('internal', `the filter refuses the bundle: ${reason}`);
    }
    this.#decided = 0;
    this.#state = '';
    return { vm, root };
  }

  // A rate counts requests: such a question finds a filter that has seen none, and its first request is recorded.
  #prepare(question: Question): void {
    const isRated = question.restrictions.some(({ ratePerSecond }) => ratePerSecond > 0);
    if (isRated) ({ vm: this.#vm, root: this.#root } = this.#start());
    this.#learn(question);
    if (!isRated) return;
    const nobody = { ...question.request, path: '' };
    while ((this.#decided + 1) % SAMPLED_WITHIN !== 0) {
      this.#open(nobody, true).stream.end();
      this.#takeRecord();
    }
  }

  #learn({ request, restrictions }: Question): void {
    this.#nowMs = request.timeMs;
    const content = stateContentOf(this.#target, request, restrictions);
    const key = JSON.stringify(content);
    if (key === this.#state) return;
    this.#epoch += 1n;
    const configuration = encodeState({ ...content, epoch: this.#epoch });
    const root = this.#vm.startRoot({ rootId: 'dta-state', configuration });
    if (!root.accepted) throw new DtaError('internal', 'the filter refuses the state');
    this.#state = key;
  }

  #open(request: ConcreteRequest, isLast: boolean) {
    this.#decided += 1;
    const uri = uriOf(request.identity);
    const subject = subjectTextOf(request.identity);
    const digest = createHash('sha256').update(`${uri} ${subject}`).digest('hex');
    const stream = this.#vm.stream(this.#root, {
      properties: {
        'connection.uri_san_peer_certificate': uri,
        'connection.subject_peer_certificate': subject,
        'connection.sha256_peer_certificate_digest': digest,
      },
    });
    const { method, path, query, host, headers } = request;
    const lines = Object.entries(headers).flatMap(([name, values]) =>
      values.map((value): [string, string] => [name, value]),
    );
    const outcome: Outcome = stream.requestHeaders(
      [
        [':method', method],
        [':path', query === '' ? path : `${path}?${query}`],
        ...(host === undefined ? [] : [[':authority', host] as [string, string]]),
        ['x-forwarded-client-cert', `By=${ownUriOf(this.#target)};Hash=${digest}`],
        ...lines,
      ],
      isLast,
    );
    return { stream, outcome };
  }

  #takeRecord(): AuditRecord | undefined {
    this.#vm.tick(this.#root);
    const call = this.#vm.httpCalls[0];
    if (call === undefined) return undefined;
    this.#vm.answerHttpCall(call.token, { status: 200 });
    return decodeAuditBatch(call.body).records.at(-1);
  }
}

/** The module at `filterPath`. Throws DtaError `setup` when it cannot be loaded. */
export async function loadFilter(filterPath: string): Promise<WebAssembly.Module> {
  return loadModule(filterPath).catch((cause: unknown) => {
    throw new DtaError('setup', `the filter \`${filterPath}\` cannot be loaded`, {
      help: 'run `make wasm`',
      cause,
    });
  });
}

/** Inbound the proxy is the destination; outbound the state names it, and this is not looked at. */
function ownUriOf({ mesh, environment, service }: BundleTarget): string {
  return `spiffe://${mesh}/env/${environment}/team/any/svc/${service}/i/${OWN_INSTANCE}`;
}

/** Whether a target's source is the proxy itself. */
export function isOutbound(target: BundleTarget): boolean {
  return target.direction === Direction.Outbound;
}

const OWN_INSTANCE = '00000000-0000-4000-8000-000000000001';
/** One allowed request in 16 is recorded where rules ask for samples (schema/common.ts, Audit). */
export const SAMPLED_WITHIN = 16;
