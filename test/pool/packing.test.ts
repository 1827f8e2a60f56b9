import { afterEach, expect, it } from 'vitest';
import { createRig, type Rig, until } from './rig.ts';

let rig: Rig;
afterEach(() => rig.close());

/** Answers the event and the name of its execution. */
const NAMED = { StartAt: 'Name', States: { Name: { Type: 'Pass', Parameters: { 'event.$': '$', 'name.$': '$$.Execution.Name' }, End: true } } };

it('hands on events and names that lie among other bytes, and leaves those as they are', async () => {
  rig = await createRig({ named: NAMED });
  const events = ['{"a":1}', '"größe"', '[]', '{"b":"2"}'];
  const ids = ['7-0', '12-1', '3', '1700000000000-15'];
  const pieces: Buffer[] = [];
  const place = (text: string): [offset: number, length: number] => {
    const bytes = Buffer.from(text);
    const offset = pieces.reduce((sum, piece) => sum + piece.length, 0);
    pieces.push(bytes);
    return [offset, bytes.length];
  };
  const frame = (): void => void pieces.push(Buffer.from([0xfc, 0x01, 0x80, 0xff]));
  const spans: number[] = [];
  const names: number[] = [];
  for (const [i, event] of events.entries()) {
    frame();
    names.push(...place(ids[i]!));
    frame();
    spans.push(...place(event));
  }
  const bytes = Buffer.concat(pieces);
  const before = bytes.toString('hex');
  rig.raw('named', [], { count: events.length, bytes, spans: Uint32Array.from(spans), names: { prefix: 'orders', bytes, spans: Uint32Array.from(names) }, wantsOutput: true });
  await until(() => rig.ledger.ends.size === events.length, 'all have ended');
  expect(events.map((_, i) => JSON.parse(rig.ledger.end(`p0/${i}`).output!) as unknown)).toEqual(events.map((event, i) => ({ event: JSON.parse(event) as unknown, name: `orders-${ids[i]}` })));
  expect(bytes.toString('hex')).toBe(before);
});
