/** Errors on the wire, there and back. */
import { describe, expect, it } from 'vitest';

import { DtaError, type ErrorCode, errorCatalogue } from '../errors.ts';
import { errorFromProblem, policyInvalid, problemOf, Refusal } from './problem.ts';

const codes = Object.keys(errorCatalogue) as ErrorCode[];
const mistake = { file: 'a.yaml', line: 1, column: 2, message: 'bad', help: 'mend it' };

describe('problems', () => {
  it.each(codes)('bring `%s` over with message and help', (code) => {
    const { status, problem } = problemOf(new DtaError(code, 'what', { help: 'how' }));
    expect(status).toBeGreaterThanOrEqual(400);
    const back = errorFromProblem(status, JSON.parse(JSON.stringify(problem)));
    expect(back).toMatchObject({ code, message: 'what', help: 'how', fields: { status } });
  });

  it.each([
    ['usage', 400],
    ['policyInvalid', 422],
    ['notFound', 404],
    ['denied', 403],
    ['internal', 500],
  ] as const)('give `%s` status %i', (code, status) => {
    expect(problemOf(new DtaError(code, 'x')).status).toBe(status);
  });

  it('carry every mistake of a policy set', () => {
    const { problem } = problemOf(policyInvalid([mistake, { ...mistake, line: 9 }]));
    expect(problem.message).toBe('the policy set has 2 mistakes');
    expect(errorFromProblem(422, problem).fields.errors).toEqual([
      mistake,
      { ...mistake, line: 9 },
    ]);
  });

  it('keep causes, fields and unknown errors inside', () => {
    const inner = new Error('password hunter2');
    const shown = [
      problemOf(inner),
      problemOf(new DtaError('denied', 'no', { cause: inner, fields: { reason: 'hunter2' } })),
      problemOf('hunter2'),
    ];
    expect(JSON.stringify(shown)).not.toContain('hunter2');
    expect(shown[0]).toMatchObject({ status: 500, problem: { code: 'internal' } });
  });

  it('have the status of a refusal, and of what the HTTP server refuses itself', () => {
    expect(problemOf(new Refusal(429, 'unreachable', 'slow down')).status).toBe(429);
    const tooLarge = Object.assign(new Error('Request body is too large'), { statusCode: 413 });
    expect(problemOf(tooLarge)).toEqual({
      status: 413,
      problem: { code: 'usage', message: 'the body is too large' },
    });
  });

  it.each([undefined, 'x', {}, { code: 'new', message: 'x' }])('are not read from %j', (body) => {
    expect(errorFromProblem(502, body)).toMatchObject({
      code: 'unreachable',
      message: 'the answer had status 502 and no reason',
    });
  });
});
