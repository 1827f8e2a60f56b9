// Writes accounts to be billed, one to a line; the same seed makes the same accounts:
//   node examples/billing/make-accounts.mjs accounts.ndjson [count = 100000] [seed = 1]
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

const [target = 'accounts.ndjson', count = '100000', seed = '1'] = process.argv.slice(2);
const random = generator(Number(seed));
const pick = (choices) => choices[Math.floor(random() * choices.length)];

const output = createWriteStream(target);
for (let i = 0; i < Number(count); i += 1) {
  if (!output.write(`${JSON.stringify(account(i))}\n`)) await once(output, 'drain');
}
output.end();
await once(output, 'finish');
process.stderr.write(`${count} accounts written to ${target}\n`);

function account(i) {
  const plan = pick(['basic', 'basic', 'basic', 'team', 'team', 'enterprise']);
  const usage = [];
  if (random() > 0.02) {
    usage.push({ item: 'calls', units: Math.floor(random() * 200_000) });
    usage.push({ item: 'storage', units: Math.floor(random() * 80_000) });
    if (plan !== 'basic') usage.push({ item: 'seats', units: 1 + Math.floor(random() * 40) });
  }
  return {
    account: `A${String(i).padStart(6, '0')}`,
    plan,
    country: pick(['DE', 'FR', 'IT', 'US', 'JP']),
    status: random() < 0.01 ? 'closed' : 'open',
    card: card(random()),
    usage,
  };
}

function card(chance) {
  if (chance < 0.03) return 'declined';
  if (chance < 0.034) return 'flaky';
  return chance < 0.0345 ? 'dead' : 'good';
}

/** A linear congruential generator over 32 bits (the constants of Numerical Recipes): enough for made-up accounts. */
function generator(start) {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
