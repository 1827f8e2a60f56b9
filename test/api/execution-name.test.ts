import { describe, expect, it } from 'vitest';
import { checkExecutionName, requestedName } from '../../src/api/execution-name.ts';

describe('checkExecutionName', () => {
  it.each(['a', 'A-b_c.d', 'ü', '日本', "it's", '(x)=@+!', 'x'.repeat(80)])('accepts %s', (name) => {
    expect(() => checkExecutionName(name)).not.toThrow();
  });

  it.each(['', 'x'.repeat(81), ' ', 'a b', '\u00a0', ...'<>{}[]?*"#%\\^|~`$&,;:/', '\u0000', '\u0085', '\u009f', '\ud800', '\ufffe', '\uffff', 'a\n'])('refuses %j', (name) => {
    expect(() => checkExecutionName(name)).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }));
  });
});

describe('requestedName', () => {
  it('answers undefined where there is none, and never an inherited one', () => {
    expect(requestedName({}, undefined)).toBeUndefined();
    expect(requestedName(Object.create({ name: 'inherited' }), undefined)).toBeUndefined();
  });

  it('refuses a header that is not ASCII: its encoding is anybody’s guess', () => {
    expect(() => requestedName({}, 'Ã¼')).toThrow('ASCII');
    expect(requestedName({ name: 'ü' }, undefined)).toBe('ü');
  });
});
