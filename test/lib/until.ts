/**
 * Asks again every few milliseconds until the answer is truthy, and answers it.
 *
 * @throws Error that names what was waited for when the deadline passes
 */
export async function until<T>(ask: () => T | Promise<T>, what: string, withinMs = 60_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`Waited ${withinMs} ms for ${what}.`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
