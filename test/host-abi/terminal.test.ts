/** Local responses and resets: carried out after the callback, once per stream, refused by abi/ and punished by host/ the second time. */
import { beforeAll, describe, expect, test } from 'vitest';

import { HostViolation } from '../../host/abi.ts';
import type { HeaderInput } from '../../host/header-map.ts';
import { Vm } from '../../host/vm.ts';
import { compileProbe } from './probe.ts';

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await compileProbe('filter', ['--use', 'abort=abortModule']);
});

function open(plan: string, more: HeaderInput = []) {
  const vm = new Vm(module);
  const root = vm.startRoot({ rootId: 'probe', configuration: Buffer.from('go') });
  const stream = vm.stream(root);
  const pairs: HeaderInput = [[':method', 'POST'], [':path', '/'], ['x-plan', plan], ...more];
  return { vm, root, stream, pairs };
}

const said = (vm: Vm) => vm.logs.map(({ message }) => message);

describe('a local response', () => {
  test('goes through the response callbacks and ends the request side', () => {
    const { vm, stream, pairs } = open('cccccchrw');
    const outcome = stream.requestHeaders(pairs, false);
    expect(outcome.action).toBe('stop');
    expect(outcome.localResponse).toMatchObject({
      status: 403,
      grpcStatus: 7,
      details: 'probe_said_no',
    });
    expect(outcome.localResponse?.headers).toEqual([
      [':status', '403'],
      ['x-seen', 'yes'],
      ['content-length', '6'],
      ['content-type', 'text/plain'],
      ['x-seen', 'yes'],
    ]);
    expect(Buffer.from(outcome.localResponse?.body ?? '').toString()).toBe('[denied]');
    stream.requestBody('late', true);
    stream.responseHeaders([[':status', '200']], true);
    expect(stream.forwardedRequest.headers).toBeUndefined();
    stream.end();
    expect(said(vm).slice(-5)).toEqual([
      'request headers 3',
      'response headers 4',
      'response body 6 yes',
      `done ${stream.contextId}`,
      `delete ${stream.contextId} 0`,
    ]);
  });

  test('for gRPC is trailers-only', () => {
    const { stream, pairs } = open('cccccchrc', [['content-type', 'application/grpc+proto']]);
    const { localResponse } = stream.requestHeaders(pairs, false);
    expect(localResponse?.headers.slice(0, 4)).toEqual([
      [':status', '200'],
      ['content-type', 'application/grpc'],
      ['grpc-status', '7'],
      ['grpc-message', 'denied'],
    ]);
    expect(localResponse?.body).toHaveLength(0);
  });

  test.each([
    ['body', 'sbccccbrc'],
    ['trailers', 'sbcccctrc'],
  ])('from request %s comes in place of what was held back', (_, plan) => {
    const { stream, pairs } = open(plan);
    stream.requestHeaders(pairs, false);
    stream.requestBody('secret', false);
    const outcome = stream.requestTrailers([['x', 'y']]);
    expect(outcome.localResponse?.status).toBe(403);
    expect(stream.forwardedRequest).toMatchObject({ headers: undefined, ended: false });
    expect(stream.forwardedRequest.body).toHaveLength(0);
  });

  test('from response headers replaces the response without further callbacks', () => {
    const { vm, stream, pairs } = open('ccccccHrw');
    stream.requestHeaders(pairs, true);
    const outcome = stream.responseHeaders([[':status', '200']], false);
    expect(outcome.localResponse?.status).toBe(403);
    expect(Buffer.from(stream.forwardedResponse.body).toString()).toBe('denied');
    stream.responseBody('secret', true);
    expect(Buffer.from(stream.forwardedResponse.body).toString()).toBe('denied');
    expect(said(vm).at(-1)).toBe('response headers 1');
  });

  test('when response headers are held back replaces them too', () => {
    const { stream, pairs } = open('cccsbcBrc');
    stream.requestHeaders(pairs, true);
    stream.responseHeaders([[':status', '200']], false);
    const outcome = stream.responseBody('secret', false);
    expect(outcome.localResponse?.status).toBe(403);
    expect(Buffer.from(stream.forwardedResponse.body).toString()).toBe('denied');
  });

  test('when response headers are gone is a reset', () => {
    const { stream, pairs } = open('ccccccBrc');
    stream.requestHeaders(pairs, true);
    stream.responseHeaders([[':status', '200']], false);
    const outcome = stream.responseBody('secret', false);
    expect(outcome).toEqual({ action: 'stop', reset: true });
    expect(stream.forwardedResponse).toMatchObject({ ended: false });
    expect(stream.forwardedResponse.body).toHaveLength(0);
  });
});

describe('a reset', () => {
  test.each(['ccccccbxc', 'ccccccBxc'])(
    'out of a body callback (%s) lets nothing more through',
    (plan) => {
      const { stream, pairs } = open(plan);
      stream.requestHeaders(pairs, false);
      const side = plan[6] === 'b' ? stream.forwardedRequest : stream.forwardedResponse;
      stream.requestBody('a', false);
      stream.responseHeaders([[':status', '200']], false);
      expect(stream.responseBody('b', false)).toEqual({ action: 'stop', reset: true });
      expect(side.body).toHaveLength(0);
    },
  );

  test('out of a tick hits the stream and leaves the root’s own calls alone', () => {
    const { vm, root, stream, pairs } = open('cccccckxc');
    stream.requestHeaders(pairs, true);
    vm.tick(root);
    expect(stream.outcome()).toEqual({ action: 'stop', reset: true });
    expect(vm.httpCalls).toMatchObject([{ contextId: root.contextId, cluster: 'dta-agent' }]);
    vm.tick(root);
    expect(stream.outcome()).toEqual({ action: 'stop', reset: true });
  });

  test('a local response out of a tick answers a stream that waits', () => {
    const { vm, root, stream, pairs } = open('sccccckrc');
    stream.requestHeaders(pairs, true);
    vm.tick(root);
    expect(stream.outcome().localResponse?.status).toBe(403);
  });
});

describe('a second terminal call', () => {
  test('is refused by abi/ and reaches no host', () => {
    const { vm, stream, pairs } = open('cccccch2c');
    expect(stream.requestHeaders(pairs, true).localResponse?.status).toBe(403);
    expect(said(vm)).toContain('second call 100 100');
  });

  test('past abi/ fails the test, now and for all that follows in this VM', () => {
    const { vm, root, stream, pairs } = open('cccccch!c');
    expect(() => stream.requestHeaders(pairs, true)).toThrow(HostViolation);
    expect(() => vm.tick(root)).toThrow(/after `proxy_close_stream`/);
  });
});
