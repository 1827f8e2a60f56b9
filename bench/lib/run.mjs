import { Unavailable } from '../../test/services/unavailable.mjs';
import { createProgress, linesOf } from './print.mjs';
import { closeServices } from './services.mjs';

/**
 * Runs suites one after another and prints each row as it comes. A suite that fails is said to have, and the others run all the
 * same; one whose services cannot be had is skipped, and says why; so is a part of one.
 *
 * @param suites by name: { load }
 * @param settings what each suite is told: rounds, roundMs, smoke
 * @returns { rows, skipped: [{ suite, why }], failed: names }
 */
export async function runSuites(suites, settings, { print = console.log, warn = console.error, stream = process.stderr } = {}) {
  const progress = createProgress(stream);
  const [rows, skipped, failed] = [[], [], []];
  for (const [suite, { load }] of Object.entries(suites)) {
    const began = performance.now();
    let cases = 0;
    const skip = (why, part) => {
      const what = part === undefined ? suite : `${suite}, ${part}`;
      progress.clear();
      warn(`${what}: not run. ${why}`);
      skipped.push({ suite: what, why });
    };
    try {
      const { run } = await load();
      for await (const row of await run({ ...settings, skip, progress: (text) => progress.show(`${suite}: ${text}`) })) {
        progress.clear();
        rows.push(row);
        cases += 1;
        if (!settings.smoke) for (const line of linesOf(row)) print(line);
      }
      if (settings.smoke) print(`${suite}: ${cases} cases ran to their end, ${((performance.now() - began) / 1000).toFixed(1)} s`);
    } catch (error) {
      if (error instanceof Unavailable) skip(error.message);
      else {
        progress.clear();
        warn(`${suite}: failed. ${error.stack}`);
        failed.push(suite);
      }
    }
    progress.clear();
  }
  await closeServices();
  return { rows, skipped, failed };
}
