// Ends events until it is killed, and says which of them the store has promised to remember. Runs the built store.
import { appendFileSync } from 'node:fs';
import { openLmdbSeen } from '../../../dist/delivery/seen/lmdb-seen.js';

const [path, said, round] = process.argv.slice(2);
const store = await openLmdbSeen({ path, windowMs: 3_600_000 });

for (let n = 0; ; n += 1) {
  const events = Array.from({ length: 1 + ((n * 13) % 60) }, (_, i) => ({ id: `${round}-${n}-${i}`, name: `${round}-${n}-${i}` }));
  await store.claim(events);
  await store.done(events);
  appendFileSync(said, `${events.map(({ id }) => id).join(' ')}\n`);
}
