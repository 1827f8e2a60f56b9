import { describe, expect, it } from 'vitest';
import { compileEventIds, type EventId, namesAsIds } from '../../src/delivery/event-ids.ts';
import { NONE, type SourceEvents } from '../../src/delivery/source.ts';
import { keepLog } from '../lib/keep-log.ts';
import { type GivenEvent, sourceEvents } from './line-rig.ts';

interface Made {
  readonly ids: readonly EventId[];
  readonly said: readonly string[];
  readonly counted: readonly string[];
}

async function idsOf(key: string, events: SourceEvents): Promise<Made> {
  const log = keepLog();
  const counted: string[] = [];
  const ids = await compileEventIds({ source: 'orders', key, log, meter: { recovered: (what) => void counted.push(what) } }).of(events);
  return { ids, said: log.lines.map(({ message }) => message), counted };
}

const given = (...events: GivenEvent[]): SourceEvents => sourceEvents(events, 'e');
const values = (...all: unknown[]): SourceEvents => given(...all.map((value) => ({ value })));

describe('names as ids', () => {
  it('are those of the events', async () => {
    expect(await namesAsIds.of(values(1, 2))).toEqual(['t-3-e-100', 't-3-e-101']);
    expect(await namesAsIds.of({ ...values(1, 2), names: ['x', 'y'] })).toEqual(['x', 'y']);
  });
});

describe('ids of an expression', () => {
  it.each([
    ['value', 'value.id', ['a', 'b']],
    ['key', 'key', ['k1', 'k2']],
    ['headers', 'headers.trace', ['x', 'y']],
    ['coordinate', 'topic & "-" & partition & "-" & offset', ['t-3-100', 't-3-101']],
    ['time', 'timestamp', ['1700000000000', '1700000000000']],
    ['parts of the value, on the library', 'value.list#$i[$i=0]', ['7', '8']],
  ])('are made of the %s', async (_, key, expected) => {
    const events = given({ value: { id: 'a', list: [7] }, key: 'k1', headers: { trace: 'x' } }, { value: { id: 'b', list: [8] }, key: 'k2', headers: { trace: 'y' } });
    expect(await idsOf(key, events)).toEqual({ ids: expected, said: [], counted: [] });
  });

  it("reads headers in the records' own encoding", async () => {
    const text = Buffer.from('{}');
    // One header: count 1, name "h" (length 1), value "vv" (length 2); each varint is zigzag.
    const headers = Buffer.from([2, 2, 0x68, 4, 0x76, 0x76]);
    const events: SourceEvents = {
      count: 1, bytes: Buffer.concat([text, headers]), spans: Uint32Array.of(0, 2), names: ['n'], lane: -1, tag: null,
      details: { shared: '{}', idMember: 'offset', ids: 5, keys: Uint32Array.of(0, NONE), headers: Uint32Array.of(2, 6), headersFormat: 'kafka' },
    };
    expect((await idsOf('headers.h & offset', events)).ids).toEqual(['vv5']);
  });

  it('reads events where there are no details, and in the middle of a larger buffer', async () => {
    const { details: _, ...events } = values({ id: 1 }, { id: 2 });
    const larger = Buffer.concat([Buffer.from('junk'), events.bytes]);
    expect((await idsOf('value.id', { ...events, bytes: larger.subarray(4) })).ids).toEqual(['1', '2']);
  });

  it('tells apart what is different', async () => {
    const raw = ['{"id":9007199254740993}', '{"id":9007199254740992}', '{"id":[12345678901234567890,1.0]}', '{"id":"é"}', '{"id":"\\ud800"}', '{"id":"\\ud801"}', '{"id":{"a":1}}', `{"id":"${'x'.repeat(81)}"}`, `{"id":"${'x'.repeat(82)}"}`, '{"id":"#a"}', '{"id":"a b"}', '{"id":"a"}'];
    const { ids } = await idsOf('value.id', given(...raw.map((text) => ({ raw: text, value: null }))));
    expect(new Set(ids).size).toBe(raw.length);
    for (const id of ids) expect(id).toMatch(/^[\x21-\x7e]{1,80}$/);
    expect(ids[0]).toBe('9007199254740993');
    const { ids: joined } = await idsOf('"no-" & value.id', given({ raw: '{"id":9007199254740993}', value: null }));
    expect(joined).toEqual(['no-9007199254740993']);
  });

  it('takes for the same what is', async () => {
    const raw = ['{"id":1}', '{"id":1.0}', '{ "id" : 1e0, "at": 2 }', '{"id":"1"}'];
    const { ids } = await idsOf('value.id', given(...raw.map((text) => ({ raw: text, value: null }))));
    expect(new Set(ids)).toEqual(new Set(['1']));
    const long = 'é'.repeat(100);
    const { ids: hashed } = await idsOf('value.id', values({ id: long }, { id: long, at: 2 }));
    expect(hashed[0]).toBe(hashed[1]);
  });

  it('has none for an event that the expression answers nothing for, or fails on; says so once', async () => {
    const events = given({ value: { id: 'a' } }, { value: {} }, { value: { id: null } }, { value: { id: '' } }, { raw: 'not json', value: null }, { value: { id: true } }, { raw: '{"id":"\xff"}', value: null }, { value: { id: 'b' } });
    // The last but one is not UTF-8.
    events.bytes[(events.spans[12] as number) + 7] = 0xff;
    const { ids, said, counted } = await idsOf('value.id', events);
    expect(ids).toEqual(['a', null, null, null, null, null, null, 'b']);
    expect(said).toEqual([expect.stringContaining('source orders is not de-duplicated: the key answers nothing')]);
    expect(counted).toEqual(['not_deduplicated']);
    expect((await idsOf('$number(value.id)', values({ id: 'x' }))).said[0]).toContain('the key failed: D3030');
  });

  it('gives a tombstone the id that its key has', async () => {
    expect((await idsOf('key', given({ raw: '', value: null, key: 'k' }))).ids).toEqual(['k']);
  });

  it('lets the event loop turn between many events', async () => {
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const { ids } = await idsOf('$sum([1..300].($ * $$.value.n))', values(...Array.from({ length: 3000 }, (_, n) => ({ n }))));
    counting = false;
    expect(ids[2999]).toBe(String(45_150 * 2999));
    expect(turns).toBeGreaterThan(3);
  });

  it('gives up an expression that takes too much', async () => {
    const { ids, said } = await idsOf('$sum([1..90000].($sum([1..1000])))', values(1));
    expect(ids).toEqual([null]);
    expect(said[0]).toContain('U1001');
  });

  it('says what is wrong with an expression', () => {
    expect(() => compileEventIds({ source: 'orders', key: 'value.', log: keepLog(), meter: { recovered: () => undefined } })).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringContaining('sources.orders.deduplicate.key') as string }));
  });
});
