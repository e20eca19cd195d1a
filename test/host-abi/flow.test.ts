/** What a filter sees of a stream and what goes on, step by step, as envoy-facts and Envoy’s own context.cc have it. */
import { beforeAll, expect, test } from 'vitest';

import type { HeaderInput } from '../../host/header-map.ts';
import type { Stream } from '../../host/stream.ts';
import { type Root, Vm, type VmOptions } from '../../host/vm.ts';
import { compileProbe } from './probe.ts';

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await compileProbe('filter', ['--use', 'abort=abortModule']);
});

function start(options: VmOptions = {}): { vm: Vm; root: Root } {
  const vm = new Vm(module, options);
  const root = vm.startRoot({ rootId: 'probe', configuration: Buffer.from('go') });
  vm.logs.length = 0;
  return { vm, root };
}

const request = (plan: string, ...more: HeaderInput): HeaderInput => [
  [':method', 'POST'],
  [':path', '/'],
  ['x-plan', plan],
  ...more,
];
const answer: HeaderInput = [[':status', '200']];
const body = (stream: Stream) => Buffer.from(stream.forwardedRequest.body).toString();
const lines = (vm: Vm) => vm.logs.splice(0).map(({ message }) => message);

test('a request without a body: no body callback, changed headers go on', () => {
  const { vm, root } = start();
  const stream = vm.stream(root);
  expect(stream.requestHeaders(request('ccccccccc'), true)).toEqual({ action: 'continue' });
  expect(stream.forwardedRequest).toMatchObject({ ended: true, trailers: undefined });
  expect(stream.forwardedRequest.headers).toEqual([
    [':method', 'POST'],
    [':path', '/'],
    ['x-seen', 'yes'],
  ]);
  stream.responseHeaders(answer, true);
  stream.end();
  stream.end();
  const id = stream.contextId;
  expect(lines(vm)).toEqual([
    `create ${id} ${root.contextId}`,
    'request headers 3 yes',
    'response headers 1 yes',
    `done ${id}`,
    `delete ${id} 0`,
  ]);
  expect(vm.streamCount).toBe(0);
});

test('a chunk that was let go is seen alone, a buffered one as part of the sum', () => {
  const { vm, root } = start();
  const stream = vm.stream(root);
  stream.requestHeaders(request('cccccc--w'), false);
  stream.requestBody('ab', false);
  stream.requestBody('c', true);
  expect(body(stream)).toBe('[ab][c]');
  const buffering = vm.stream(root);
  buffering.requestHeaders(request('sBcccc--w'), false);
  expect(buffering.requestBody('ab', false)).toEqual({ action: 'stop' });
  buffering.requestBody('c', false);
  expect(buffering.forwardedRequest.headers).toBeUndefined();
  expect(buffering.requestBody('d', true)).toEqual({ action: 'continue' });
  expect(body(buffering)).toBe('[[[ab]c]d]');
  expect(buffering.forwardedRequest.ended).toBe(true);
  expect(lines(vm).filter((line) => line.startsWith('request body'))).toEqual([
    'request body 2',
    'request body 1 yes',
    'request body 2',
    'request body 5',
    'request body 8 yes',
  ]);
});

test('trailers: the last body callback does not say that it is the last', () => {
  const { vm, root } = start();
  const stream = vm.stream(root);
  stream.requestHeaders(request('sbcccc--c'), false);
  stream.requestBody('ab', false);
  expect(stream.forwardedRequest.headers).toBeUndefined();
  stream.requestTrailers([['grpc-status', '0']]);
  expect(stream.forwardedRequest).toMatchObject({ ended: true, trailers: [['grpc-status', '0']] });
  expect(body(stream)).toBe('ab');
  expect(lines(vm).slice(1)).toEqual([
    'request headers 3',
    'request body 2',
    'request trailers 1 yes',
  ]);
});

test('what is dropped is gone, what is under a watermark is seen once and goes on later', () => {
  const { vm, root } = start();
  const dropping = vm.stream(root);
  dropping.requestHeaders(request('cdcccc--c'), false);
  dropping.requestBody('ab', true);
  expect(body(dropping)).toBe('');
  expect(dropping.forwardedRequest.ended).toBe(false);
  const waiting = vm.stream(root);
  waiting.requestHeaders(request('cwcccckcw'), false);
  waiting.requestBody('ab', false);
  waiting.requestBody('c', true);
  expect(body(waiting)).toBe('');
  vm.tick(root);
  expect(body(waiting)).toBe('[ab][c]');
  expect(waiting.forwardedRequest.ended).toBe(true);
});

test('stop-all holds body and trailers back until the filter goes on', () => {
  const { vm, root } = start();
  const stream = vm.stream(root);
  stream.requestHeaders(request('accccckcw'), false);
  stream.requestBody('ab', false);
  stream.requestBody('c', false);
  stream.requestTrailers([['x', 'y']]);
  expect(lines(vm).slice(1)).toEqual(['request headers 3']);
  vm.tick(root);
  expect(body(stream)).toBe('[abc]');
  expect(stream.forwardedRequest).toMatchObject({ ended: true, trailers: [['x', 'y']] });
});

test('without allow_on_headers_stop_iteration a stop on headers is a stop of all', () => {
  const { vm, root } = start({ allowOnHeadersStopIteration: false });
  const stream = vm.stream(root);
  stream.requestHeaders(request('scccccccc'), false);
  expect(stream.requestBody('ab', true)).toEqual({ action: 'stop' });
  expect(lines(vm).slice(1)).toEqual(['request headers 3']);
});

test('the response side works the same', () => {
  const { vm, root } = start();
  const stream = vm.stream(root);
  stream.requestHeaders(request('cccsBc--w'), true);
  stream.responseHeaders([...answer, ['content-length', '3']], false);
  expect(stream.forwardedResponse.headers).toBeUndefined();
  stream.responseBody('ab', false);
  stream.responseBody('c', true);
  expect(Buffer.from(stream.forwardedResponse.body).toString()).toBe('[[ab]c]');
  expect(stream.forwardedResponse).toMatchObject({ ended: true });
});

test('an unscripted stream that only ever ended calls nothing', () => {
  const { vm, root } = start();
  vm.stream(root).end();
  expect(lines(vm)).toEqual([]);
});
