import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/asl/numbers/parse-json.ts';
import { checkPattern } from '../../src/filter/check.ts';
import { compilePattern } from '../../src/filter/pattern.ts';
import { event, pattern } from './generators.ts';
import { namesTwice, referenceMatches } from './reference.ts';

/** JSON texts: a pattern, events that match it, events that do not. */
const CASES: readonly (readonly [title: string, pattern: string, matching: readonly string[], others: readonly string[]])[] = [
  ['one of several values', '{"a":["x","y"]}', ['{"a":"x"}', '{"a":"y","b":1}'], ['{"a":"z"}', '{"a":""}', '{}', '{"b":"x"}', '{"a":{"a":"x"}}']],
  ['many values', `{"a":${JSON.stringify(Array.from({ length: 40 }, (_, i) => `v${i}`))}}`, ['{"a":"v0"}', '{"a":"v39"}'], ['{"a":"v40"}', '{"a":"v"}']],
  ['values of all types', '{"a":["1",1,true,null]}', ['{"a":"1"}', '{"a":1}', '{"a":true}', '{"a":null}'], ['{"a":false}', '{"a":"true"}', '{"a":"null"}', '{"a":0}', '{}']],
  ['false', '{"a":[false]}', ['{"a":false}'], ['{"a":0}', '{"a":null}', '{"a":"false"}', '{"a":true}', '{"a":""}']],
  ['the empty text', '{"a":[""]}', ['{"a":""}', '{"a":["x",""]}'], ['{"a":null}', '{"a":[]}', '{"a":" "}']],
  ['numbers by their value', '{"a":[300,0,0.1]}', ['{"a":3.0e2}', '{"a":300.0}', '{"a":-0}', '{"a":0.0}', '{"a":1e-1}', '{"a":0.10}'], ['{"a":"300"}', '{"a":300.1}', '{"a":1}']],
  ['a number written otherwise in the pattern', '{"a":[1.0,20E-1]}', ['{"a":1}', '{"a":2}', '{"a":2.0}'], ['{"a":3}', '{"a":"1.0"}']],
  ['long whole numbers', '{"a":[12345678901234567890,5]}', ['{"a":12345678901234567890}', '{"a":5}', '{"a":5.0}'], ['{"a":12345678901234567891}', '{"a":"12345678901234567890"}']],
  ['limits that are long whole numbers', '{"a":[{"numeric":[">",9007199254740992,"<=",9007199254740994]}]}', ['{"a":9007199254740993}', '{"a":9007199254740994}'], ['{"a":9007199254740992}', '{"a":9007199254740995}', '{"a":1}']],
  ['every comparison', '{"lt":[{"numeric":["<",1]}],"le":[{"numeric":["<=",1]}],"gt":[{"numeric":[">",1]}],"ge":[{"numeric":[">=",1]}],"eq":[{"numeric":["=",1]}]}', ['{"lt":0.9,"le":1,"gt":1.1,"ge":1,"eq":1}', '{"lt":-1e9,"le":1.0,"gt":1e9,"ge":1.0,"eq":1.0}'], ['{"lt":1,"le":1,"gt":1.1,"ge":1,"eq":1}', '{"lt":0,"le":1,"gt":1,"ge":1,"eq":1}', '{"lt":0,"le":1,"gt":2,"ge":1,"eq":1.5}', '{"lt":0,"le":1,"gt":2,"ge":1}']],
  ['numbers in arrays', '{"a":[{"numeric":[">",0,"<",10]}]}', ['{"a":[100,5]}', '{"a":[[null],[5.0]]}'], ['{"a":[100,0]}', '{"a":["5"]}', '{"a":{"a":5}}', '{"a":true}']],
  ['milliseconds of today', '{"at":[{"numeric":[">=",1700000000000]}]}', ['{"at":1700000000000}', '{"at":1.7e12}'], ['{"at":1699999999999}']],
  ['all fields together', '{"a":["x"],"b":["y"],"c":["z"],"d":[1]}', ['{"a":"x","b":"y","c":"z","d":1}'], ['{"a":"x","b":"y","c":"z"}', '{"a":"","b":"y","c":"z","d":1}', '{"a":"x","b":"","c":"z","d":1}', '{"a":"x","b":"y","c":"","d":1}']],
  ['several operators on one field', '{"a":[{"prefix":"x"},{"suffix":"y"},{"numeric":["=",5]},"z",null]}', ['{"a":"x1"}', '{"a":"1y"}', '{"a":5}', '{"a":"z"}', '{"a":null}'], ['{"a":"1x"}', '{"a":6}', '{"a":true}']],
  ['many prefixes', `{"a":${JSON.stringify(Array.from({ length: 30 }, (_, i) => ({ prefix: `p${i}-` })))}}`, ['{"a":"p0-"}', '{"a":"p29-x"}'], ['{"a":"p30-x"}', '{"a":"p"}', '{"a":"xp1-"}', '{"a":""}']],
  ['many suffixes', `{"a":[{"anything-but":{"suffix":${JSON.stringify(Array.from({ length: 30 }, (_, i) => `.e${i}`))}}}]}`, ['{"a":"x.e"}', '{"a":""}', '{"a":1}'], ['{"a":"x.e0"}', '{"a":"x.e29"}', '{"a":".e3"}', '{}']],
  ['letters of unlike length in their cases', '{"a":[{"suffix":{"equals-ignore-case":"straße"}},{"prefix":{"equals-ignore-case":"ŉx"}}]}', ['{"a":"hauptSTRASSE"}', '{"a":"STRAßE"}', '{"a":"ʼNXy"}'], ['{"a":"strasse"}', '{"a":"straß"}', '{"a":"n"}']],
  ['titlecase letters and letters beyond the first plane', '{"a":[{"equals-ignore-case":"ǅ"},{"equals-ignore-case":"𐐀💥"}]}', ['{"a":"ǅ"}', '{"a":"Ǆ"}', '{"a":"ǆ"}', '{"a":"𐐀💥"}', '{"a":"𐐨💥"}'], ['{"a":"𐐁💥"}', '{"a":"𐐀"}']],
  ['the Kelvin sign, which is no k', '{"a":[{"equals-ignore-case":"k"}]}', ['{"a":"K"}'], ['{"a":"\u212a"}', '{"a":"kk"}', '{"a":""}']],
  ['wildcards next to texts that overlap', '{"a":[{"wildcard":"aba*aba"}]}', ['{"a":"abaaba"}', '{"a":"abaxaba"}'], ['{"a":"aba"}', '{"a":"ababa"}', '{"a":"abaabax"}']],
  ['a wildcard that takes as little as it can', '{"a":[{"wildcard":"*ab*ab*b"}]}', ['{"a":"ababb"}', '{"a":"xabyabzb"}'], ['{"a":"abab"}', '{"a":"abb"}']],
  ['wildcards over lines', '{"a":[{"wildcard":"x*y"}]}', [String.raw`{"a":"x\n\u2028y"}`], [String.raw`{"a":"x\ny\n"}`]],
  ['escapes', String.raw`{"a":[{"wildcard":"\\*\\\\*\\*"}]}`, [String.raw`{"a":"*\\*"}`, String.raw`{"a":"*\\xyz*"}`], [String.raw`{"a":"x\\*"}`, String.raw`{"a":"**"}`, String.raw`{"a":"*\\"}`]],
  ['a wildcard alone', '{"a":[{"wildcard":"*"}]}', ['{"a":""}', '{"a":"x"}', '{"a":[1,"x"]}'], ['{"a":1}', '{"a":null}', '{}']],
  ['an empty wildcard', '{"a":[{"wildcard":""}]}', ['{"a":""}'], ['{"a":"x"}', '{}']],
  ['long texts between wildcards', `{"a":[{"wildcard":"*${'ab'.repeat(12)}c*${'ab'.repeat(12)}*"}]}`, [`{"a":"${'ab'.repeat(20)}c${'ab'.repeat(12)}"}`], [`{"a":"${'ab'.repeat(20)}c${'ab'.repeat(11)}a"}`, `{"a":"${'ab'.repeat(40)}"}`]],
  ['anything but a text, of other types', '{"a":[{"anything-but":"x"}]}', ['{"a":"y"}', '{"a":1}', '{"a":true}', '{"a":null}', '{"a":["x","y"]}'], ['{"a":"x"}', '{}', '{"a":{}}', '{"a":{"b":1}}', '{"a":[]}', '{"a":[{"b":1}]}']],
  ['anything but numbers', '{"a":[{"anything-but":[1,12345678901234567890]}]}', ['{"a":"1"}', '{"a":2}', '{"a":12345678901234567891}', '{"a":false}'], ['{"a":1.0}', '{"a":12345678901234567890}', '{"a":[1,1]}']],
  ['anything but an address, as it is written', '{"a":[{"anything-but":"::1"}]}', ['{"a":"0:0:0:0:0:0:0:1"}'], ['{"a":"::1"}']],
  ['two exclusions, of which one is enough', '{"a":[{"anything-but":"x"},{"anything-but":"y"}]}', ['{"a":"x"}', '{"a":"y"}'], ['{}']],
  ['blocks of IPv4', '{"a":[{"cidr":"10.0.0.5/24"},{"cidr":"192.168.0.0/31"},{"cidr":"8.0.0.0/0"}]}', ['{"a":"10.0.0.0"}', '{"a":"192.168.0.1"}', '{"a":"255.255.255.255"}', '{"a":"::ffff:a00:1"}'], ['{"a":"10.0.0"}', '{"a":"10.0.0.0.0"}', '{"a":"1.2.3.256"}', '{"a":"1.2.3.4 "}', '{"a":"1..2.3"}', '{"a":".1.2.3"}', '{"a":"::1"}', '{"a":"::ffff:10.0.0.1"}', '{"a":16909060}']],
  ['the width of a block', '{"a":[{"cidr":"10.0.0.5/24"}]}', ['{"a":"10.0.0.255"}', '{"a":"010.0.0.1"}'], ['{"a":"10.0.1.0"}', '{"a":"11.0.0.5"}']],
  ['blocks of IPv6', '{"a":[{"cidr":"2001:db8:0:8000::/49"},{"cidr":"fe80::/10"},{"cidr":"::/127"}]}', ['{"a":"2001:db8:0:ffff:1:2:3:4"}', '{"a":"FEBF::1"}', '{"a":"::"}', '{"a":"::1"}'], ['{"a":"2001:db8:0:7fff::"}', '{"a":"fec0::1"}', '{"a":"::2"}', '{"a":"1::2::3"}', '{"a":"1:2:3:4:5:6:7"}', '{"a":"1:2:3:4:5:6:7:8:9"}', '{"a":"12345::"}', '{"a":":::"}', '{"a":"0.0.0.0"}']],
  ['addresses as values', '{"a":["10.0.0.1","2001:db8::1"]}', ['{"a":"10.0.0.1"}', '{"a":"10.00.0.001"}', '{"a":"2001:DB8::1"}', '{"a":"2001:db8:0:0:0:0:0:1"}', '{"a":"::ffff:a00:1"}'], ['{"a":"10.0.0.2"}', '{"a":"2001:db8::2"}']],
  ['a field that is there', '{"a":[{"exists":true}]}', ['{"a":null}', '{"a":false}', '{"a":""}', '{"a":0}', '{"a":1.0}', '{"a":[[],[[1]]]}'], ['{}', '{"a":{}}', '{"a":{"a":1}}', '{"a":[]}', '{"a":[[],{"a":1}]}']],
  ['a field that is not there', '{"a":[{"exists":false}]}', ['{}', '{"a":{}}', '{"a":{"a":1}}', '{"a":[]}', '{"a":[[],{"a":1}]}'], ['{"a":null}', '{"a":1.0}', '{"a":[{},[1]]}']],
  ['a field that is not there, or something else', '{"a":[{"exists":false},"x"]}', ['{}', '{"a":"x"}', '{"a":["y","x"]}', '{"a":{}}'], ['{"a":"y"}', '{"a":null}']],
  ['any of both', '{"a":[{"exists":false},{"exists":true}]}', ['{}', '{"a":1}', '{"a":{}}'], []],
  ['nothing where something is nested', '{"a":{"b":{"c":[{"exists":false}]}}}', ['{}', '{"a":1}', '{"a":{"b":[]}}', '{"a":[{"b":{"d":1}},{"b":[{}]}]}'], ['{"a":{"b":{"c":1}}}', '{"a":[{"b":{"d":1}},{"b":[{},{"c":null}]}]}']],
  ['absent from the element that has the rest', '{"d":{"a":[{"exists":false}],"b":["x"]}}', ['{"d":[{"a":1},{"b":"x"}]}', '{"d":{"b":"x"}}'], ['{"d":[{"a":1,"b":"x"},{"b":"y"}]}', '{"d":[]}', '{}']],
  ['absent, or what one element has', '{"d":{"a":[{"exists":false},"x"],"b":[{"exists":false},"y"]}}', ['{}', '{"d":[{"a":"x"},{"b":"z"}]}', '{"d":[{"c":1}]}', '{"d":[{"a":"x","b":"y"},{"a":"z","b":"z"}]}'], ['{"d":[{"a":"x","b":"z"}]}', '{"d":[{"c":1},{"a":"z"}]}']],
  ['one element of an array for all', '{"d":{"a":["x"],"b":["y"]}}', ['{"d":[{"a":"x"},{"a":"x","b":"y"}]}', '{"d":[[{"b":"y"},{"a":["x"],"b":["z","y"]}]]}'], ['{"d":[{"a":"x"},{"b":"y"}]}', '{"d":[[{"a":"x"}],[{"b":"y"}]]}', '{"d":["x","y"]}']],
  ['arrays at several levels', '{"d":{"n":["p"],"e":{"k":["c"],"v":[1]}}}', ['{"d":[{"n":"p","e":[{"k":"x"},{"k":"c","v":1}]}]}'], ['{"d":[{"n":"p","e":[{"k":"c"},{"v":1}]}]}', '{"d":[{"n":"p"},{"e":{"k":"c","v":1}}]}']],
  ['either of two', '{"$or":[{"a":["x"]},{"b":["y"]}]}', ['{"a":"x"}', '{"b":"y"}', '{"a":"x","b":"y"}'], ['{"a":"y","b":"x"}', '{}']],
  ['the same field in both branches', '{"$or":[{"a":["x"],"b":[1]},{"a":["y"],"b":[2]},{"a":["z"]}]}', ['{"a":"x","b":1}', '{"a":"y","b":2}', '{"a":"z","b":1}'], ['{"a":"x","b":2}', '{"b":2}']],
  ['two choices side by side', '{"c":[1],"$or":[{"a":["x"]},{"b":["y"]}],"d":{"$or":[{"a":["x"]},{"b":["y"]}]}}', ['{"c":1,"a":"x","d":{"b":"y"}}', '{"c":1,"b":"y","d":[{"b":"x"},{"a":"x"}]}'], ['{"c":1,"a":"x"}', '{"c":1,"d":{"a":"x"}}', '{"a":"x","d":{"a":"x"}}']],
  ['a choice within a choice', '{"$or":[{"a":["x"]},{"b":["y"],"$or":[{"c":[1]},{"d":{"e":[1]}}]}]}', ['{"a":"x"}', '{"b":"y","c":1}', '{"b":"y","d":{"e":1}}'], ['{"b":"y"}', '{"c":1}', '{"b":"z","c":1}']],
  ['parts of one field beside a choice and in it', '{"d":{"a":["x"]},"$or":[{"d":{"b":["y"]}},{"e":[1]}]}', ['{"d":[{"a":"x","b":"y"}]}', '{"d":[{"a":"x"}],"e":1}'], ['{"d":[{"a":"x"},{"b":"y"}]}', '{"e":1}']],
  ['parts of one field in two choices', '{"$or":[{"d":{"a":["x"]}},{"e":[1]}],"f":[1],"d":{"$or":[{"b":["y"]},{"c":["z"]}]}}', ['{"f":1,"d":[{"a":"x","c":"z"}]}', '{"f":1,"e":1,"d":{"b":"y"}}'], ['{"f":1,"d":[{"a":"x"},{"c":"z"}]}', '{"f":1,"e":1}']],
  ['absence in a choice', '{"d":{"$or":[{"a":[{"exists":false}]},{"b":[{"exists":false}]}]}}', ['{}', '{"d":[{"a":1},{"a":2}]}', '{"d":[{"b":1}]}'], ['{"d":[{"a":1},{"b":1}]}', '{"d":{"a":1,"b":1}}']],
  ['keys that objects inherit', '{"constructor":[{"exists":true}],"__proto__":{"toString":["x"]},"hasOwnProperty":[{"exists":false}],"toJSON":[{"anything-but":"x"}]}', ['{"constructor":1,"__proto__":{"toString":"x"},"toJSON":1}'], ['{}', '{"constructor":1,"__proto__":{"toString":"y"},"toJSON":1}', '{"constructor":1,"__proto__":{"toString":"x"}}', '{"__proto__":{"constructor":1,"toString":"x","toJSON":1}}']],
  ['numbers that are objects within', '{"a":{"toString":[{"exists":true}]}}', ['{"a":{"toString":1}}'], ['{"a":1.0}', '{"a":[1.0,12345678901234567890]}']],
  ['nothing in a number', '{"a":{"b":[{"exists":false}]}}', ['{"a":1.0}', '{"a":[1.0]}'], ['{"a":{"b":1.0}}']],
  ['names of operators as fields', '{"numeric":[">"],"exists":{"prefix":["x"]}}', ['{"numeric":">","exists":{"prefix":"x"}}'], ['{"numeric":1}']],
  ['what is no object', '{"a":[{"exists":false}]}', ['{}'], ['[]', '[{}]', '"a"', '1', '1.0', 'null', 'true']],
];

describe('compilePattern', () => {
  it.each(CASES)('%s', (_, source, matching, others) => {
    const matches = compilePattern(parseJson(source));
    expect(matching.filter((one) => !matches(parseJson(one)))).toEqual([]);
    expect(others.filter((one) => matches(parseJson(one)))).toEqual([]);
  });

  it('answers false for what is not JSON at all', () => {
    const matches = compilePattern({ a: [{ exists: false }] });
    for (const value of [undefined, Symbol('a'), () => 1, 5n]) expect(matches(value)).toBe(false);
  });

  it('throws for a pattern with faults, with all of them as diagnostics', () => {
    expect(() => compilePattern({ a: [], b: 'x' })).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONFIG',
        message: 'Event pattern is not valid at /a. Reason: Empty arrays are not allowed (and 1 more)',
        diagnostics: [expect.objectContaining({ code: 'INVALID_PATTERN', severity: 'ERROR', pointer: '/a' }), expect.objectContaining({ pointer: '/b' })],
      }),
    );
    expect(() => compilePattern(null)).toThrow('Event pattern is not valid. Reason: Filter is not an object');
  });
});

const TOO_MANY = 'The pattern has more than 1000 rule combinations';

describe('random patterns', () => {
  it('match what a slow reading of the rules matches, and are refused when they name a field twice', () => {
    const seen = { matched: 0, unmatched: 0, refused: 0 };
    fc.assert(
      fc.property(pattern, fc.array(event, { minLength: 8, maxLength: 8 }), (source, events) => {
        const parsed = parseJson(source);
        const plain = JSON.parse(source) as Record<string, unknown>;
        const reasons = new Set(checkPattern(parsed).map((fault) => fault.message.replace(/`.*`/, '``')));
        if (reasons.has(TOO_MANY)) return;
        expect([...reasons]).toEqual(namesTwice(plain) ? ['Path `` cannot be allowed multiple times'] : []);
        if (reasons.size > 0) {
          seen.refused++;
          return;
        }
        const matches = compilePattern(parsed);
        for (const one of events) {
          const expected = referenceMatches(plain, JSON.parse(one));
          seen[expected ? 'matched' : 'unmatched']++;
          expect({ event: one, matches: matches(parseJson(one)) }).toEqual({ event: one, matches: expected });
        }
      }),
      { numRuns: 1500 },
    );
    // Tells a generator that has come to make nothing but the dull.
    expect(seen.matched).toBeGreaterThan(300);
    expect(seen.refused).toBeGreaterThan(50);
  });
});
