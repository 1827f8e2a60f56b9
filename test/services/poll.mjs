import { setTimeout as delay } from 'node:timers/promises';

/** Asks again until the answer is truthy, which it resolves with; undefined when the time is over. */
export async function poll(question, withinMs, everyMs = 50) {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() >= deadline) return undefined;
    await delay(everyMs);
  }
}
