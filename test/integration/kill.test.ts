import { expect, it } from 'vitest';
import { killLoop } from '../lib/kill-loop.ts';

// The large run of it: MILLRACE_KILL_STARTS=50000 MILLRACE_KILLS=10 npm run test:kill
const starts = Number(process.env['MILLRACE_KILL_STARTS'] ?? 1500);
const kills = Number(process.env['MILLRACE_KILLS'] ?? 3);

it(
  `loses none of ${starts} accepted starts over ${kills} kills, and repeats only what was in flight`,
  { timeout: 900_000 },
  async () => {
    const result = await killLoop({ starts, kills });
    process.stderr.write(`${JSON.stringify({ ...result, missing: result.missing.length, wronglyRepeated: result.wronglyRepeated.length })}\n`);
    expect(result).toMatchObject({ accepted: starts, kills, missing: [], wronglyRepeated: [] });
  },
);
