// Appends and ends until it is killed, and says on stdout what the journal has promised. Runs the built journal.
import { writeSync } from 'node:fs';
import { openJournal } from '../../dist/delivery/journal/journal.js';

const [path, round, flushMs] = process.argv.slice(2);
const say = (line) => writeSync(1, `${line}\n`);
const journal = await openJournal({ path, maxBytes: 64 * 1024 * 1024, flushMs: Number(flushMs), compactAfterMs: 50 });
const running = [];

// What an earlier round left runs again: here it stays pending, so that the next round must find it again.
let recovered = 0;
for (const { pending } of journal.recover()) recovered += pending.length;
say(`R ${recovered}`);

async function lane(number) {
  for (let n = 0; ; n += 1) {
    const parcel = n % 3 === 0;
    const count = parcel ? 40 : 1;
    const prefix = `${round}-${number}-${n}`;
    const texts = Array.from({ length: count }, (_, i) => JSON.stringify({ name: `${prefix}-${i}`, pad: 'x'.repeat((n * 17) % 300) }));
    const spans = new Uint32Array(2 * count);
    for (let i = 0, at = 0; i < count; i += 1) {
      spans[2 * i] = at;
      spans[2 * i + 1] = texts[i].length;
      at += texts[i].length;
    }
    const names = parcel ? { prefix, firstSerial: 0 } : [`${prefix}-0`];
    const record = await journal.append({ machine: 'm', bytes: Buffer.from(texts.join('')), spans, names, startTimeMs: 1000 + n, wantsOutput: false });
    say(`A ${prefix} ${count} ${1000 + n}`);
    // Half of the events end at once, out of order; the rest is still in flight when the process is killed.
    const ending = Array.from({ length: count }, (_, i) => i).filter((i) => (i * 7 + n) % 2 === 0);
    for (const i of ending) {
      say(`D ${prefix}-${i}`);
      journal.ended(record, i);
      running.push(`${prefix}-${i}`);
    }
    if (n % 10 === 9) {
      const said = running.splice(0);
      await journal.flush();
      say(`F ${said.join(' ')}`);
    }
  }
}
await Promise.all([0, 1, 2].map(lane));
