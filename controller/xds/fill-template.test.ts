import { describe, expect, it } from 'vitest';

import { fillTemplate } from './fill-template.ts';

describe('fillTemplate', () => {
  it('keeps the type of a value and leaves other texts alone', () => {
    const template = 'a: $(port)\nb: [x, \'$(list)\']\nc: "x $(port)"\nd: ~\ne: 1';
    expect(fillTemplate(template, { port: 80, list: { k: [true] } })).toEqual({
      a: 80,
      b: ['x', { k: [true] }],
      c: 'x $(port)',
      d: null,
      e: 1,
    });
  });

  it('cannot be made to add structure, whatever the value', () => {
    const value = 'x\nadmin: {}\n$(other)';
    expect(fillTemplate('id: $(id)', { id: value, other: 'y' })).toEqual({ id: value });
  });

  it('refuses a name without a value', () => {
    expect(() => fillTemplate('a: $(b)', {})).toThrow('the template value `b` is missing');
  });
});
