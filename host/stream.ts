/** One HTTP stream through the filter: the caller scripts both sides, Envoy’s part is played between them. */
import { HostViolation } from './abi.ts';
import { Flow, type Forwarded } from './flow.ts';
import { type HeaderInput, HeaderMap } from './header-map.ts';
import { type LocalReply, replyMessage } from './local-reply.ts';

/** A value of a property; strings stand for their UTF-8. */
export type Properties = Record<string, string | Uint8Array>;

/** A response that the filter sent in place of the upstream. */
export interface LocalResponse {
  status: number;
  /** as the client gets them, after the response callbacks */
  headers: [string, string][];
  body: Uint8Array;
  grpcStatus: number | undefined;
  details: string;
}

/** Where the stream stands after a step. */
export interface Outcome {
  action: 'continue' | 'stop';
  localResponse?: LocalResponse;
  /** the stream was reset */
  reset?: boolean;
}

/** What a stream needs from its VM. */
export interface StreamHost {
  /** Calls an export in the frame of a context; undefined when the module has none of that name. */
  call: (name: string, contextId: number, ...args: number[]) => number | undefined;
  /** Whether StopIteration on headers holds the body back too. */
  holdsAll: boolean;
  /** Forgets an ended stream. */
  release: (stream: Stream) => void;
}

/** A stream of one root; made by Vm.stream(). Steps may come in any order that HTTP allows. */
export class Stream {
  readonly contextId: number;
  readonly rootContextId: number;
  readonly properties: Properties;
  readonly request: Flow;
  readonly response: Flow;

  #host: StreamHost;
  #terminal: string | undefined;
  #reply: LocalReply | undefined;
  #isDirectReply = false;
  #reset = false;
  #hasEnded = false;

  constructor(host: StreamHost, contextId: number, rootContextId: number, properties: Properties) {
    this.#host = host;
    this.contextId = contextId;
    this.rootContextId = rootContextId;
    this.properties = properties;
    const flow = (side: string, isOver: () => boolean) =>
      new Flow(
        {
          headers: (count, end) => this.#call(`proxy_on_${side}_headers`, count, end ? 1 : 0),
          body: (size, end) => this.#call(`proxy_on_${side}_body`, size, end ? 1 : 0),
          trailers: (count) => this.#call(`proxy_on_${side}_trailers`, count),
        },
        host.holdsAll,
        isOver,
      );
    this.request = flow('request', () => this.#terminal !== undefined);
    this.response = flow('response', () => this.#isResponseSealed);
  }

  /** What the upstream got so far. */
  get forwardedRequest(): Forwarded {
    return this.request.forwarded;
  }

  /** What the client got so far. */
  get forwardedResponse(): Forwarded {
    return this.response.forwarded;
  }

  /** Request headers arrive; the stream’s context is made now. */
  requestHeaders(pairs: HeaderInput, end: boolean): Outcome {
    this.#call('proxy_on_context_create', this.rootContextId);
    this.request.feedHeaders(new HeaderMap(pairs), end);
    return this.#outcome(this.request);
  }

  /** Request body arrives; ignored after a local response or a reset. */
  requestBody(chunk: string | Uint8Array, end: boolean): Outcome {
    if (!this.#isOver) this.request.feedBody(Buffer.from(chunk), end);
    return this.#outcome(this.request);
  }

  /** Request trailers arrive; ignored after a local response or a reset. */
  requestTrailers(pairs: HeaderInput): Outcome {
    if (!this.#isOver) this.request.feedTrailers(new HeaderMap(pairs));
    return this.#outcome(this.request);
  }

  /** The upstream’s headers arrive; ignored after a local response or a reset. */
  responseHeaders(pairs: HeaderInput, end: boolean): Outcome {
    if (!this.#isOver) this.response.feedHeaders(new HeaderMap(pairs), end);
    return this.#outcome(this.response);
  }

  /** The upstream’s body arrives; ignored after a local response or a reset. */
  responseBody(chunk: string | Uint8Array, end: boolean): Outcome {
    if (!this.#isOver) this.response.feedBody(Buffer.from(chunk), end);
    return this.#outcome(this.response);
  }

  /** The upstream’s trailers arrive; ignored after a local response or a reset. */
  responseTrailers(pairs: HeaderInput): Outcome {
    if (!this.#isOver) this.response.feedTrailers(new HeaderMap(pairs));
    return this.#outcome(this.response);
  }

  /** Where the stream stands now, for example after a tick. */
  outcome(): Outcome {
    return this.#outcome(this.response.hasStarted ? this.response : this.request);
  }

  /** The stream is gone: log, done, delete, once. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.request.hasStarted) {
      this.#call('proxy_on_log');
      this.#call('proxy_on_done');
      this.#call('proxy_on_delete');
    }
    this.#host.release(this);
  }

  /** The filter calls what may be called once in a stream’s life; throws HostViolation the second time. */
  claimTerminal(call: string): void {
    if (this.#terminal !== undefined) {
      throw new HostViolation(
        `\`${call}\` on stream ${this.contextId} after \`${this.#terminal}\`: a real Envoy crashes`,
      );
    }
    this.#terminal = call;
  }

  /** The local response is carried out, after the callback that asked for it returned. */
  sendReply(reply: LocalReply): void {
    if (this.#reset || this.#hasEnded) return;
    const { headers, body } = replyMessage(reply, this.request.headers ?? new HeaderMap());
    if (this.response.headersForwarded) {
      this.resetStream();
      return;
    }
    this.#isDirectReply = this.response.hasStarted;
    this.#reply = reply;
    if (this.#isDirectReply) {
      this.response.replaceBy(headers, body);
      return;
    }
    this.response.feedHeaders(headers, body.length === 0);
    if (body.length > 0) this.response.feedBody(body, true);
  }

  /** Both directions are cut off. */
  resetStream(): void {
    this.#reset = true;
  }

  get #isOver(): boolean {
    return this.#terminal !== undefined || this.#reset || this.#hasEnded;
  }

  /** After a terminal call what the response callbacks answer counts only for a local response that goes through them. */
  get #isResponseSealed(): boolean {
    const awaitsReply = this.#terminal !== undefined && this.#reply === undefined;
    return this.#reset || this.#isDirectReply || awaitsReply;
  }

  #call(name: string, ...args: number[]): number | undefined {
    return this.#host.call(name, this.contextId, ...args);
  }

  #outcome(flow: Flow): Outcome {
    const outcome: Outcome = { action: !this.#isOver && flow.isOpen ? 'continue' : 'stop' };
    if (this.#reset) outcome.reset = true;
    if (this.#reply) {
      const sent = this.response.forwarded;
      outcome.localResponse = {
        status: Number(
          sent.headers?.find(([name]) => name === ':status')?.[1] ?? this.#reply.status,
        ),
        headers: sent.headers ?? this.#reply.headers.toPairs(),
        body: sent.body,
        grpcStatus: this.#reply.grpcStatus,
        details: this.#reply.details,
      };
    }
    return outcome;
  }
}
