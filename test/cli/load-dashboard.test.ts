import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { dashboard, type DashboardView, sparkline } from '../../src/cli/load-dashboard.ts';
import { openScreen } from '../../src/cli/load-screen.ts';
import type { Second } from '../../src/load/meter.ts';

const second = (ok: number, p99: number): Second => ({ at: 0, target: 1000, sent: ok, ok, refused: 0, failed: 0, late: 0, bytes: 0, inFlight: 0, behind: 0, latencyMs: { p50: 1, p90: 2, p99, p999: 9, max: 10, mean: 1 } });

const view: DashboardView = {
  target: 'http://127.0.0.1:8080/v1/machines/triage/executions',
  elapsed: 15,
  warmUp: 5,
  duration: 60,
  draining: false,
  ended: false,
  rate: 998.4,
  targetRate: 1000,
  sent: 15_001,
  ok: 14_900,
  refused: 90,
  failed: 11,
  late: 7,
  bytes: 1_500_100,
  bytesPerSecond: 100_000,
  busy: 0.345,
  inFlight: 64,
  behind: 3,
  latency: { p50: 0.85, p90: 1.234, p99: 12.34, p999: 123.4, max: 12_345, mean: 1 },
  seconds: [second(0, 1), second(500, 2), second(1000, 4)],
  rejections: [['connection lost', 11], ['429 AT_CAPACITY', 90]],
};

describe('dashboard', () => {
  it('shows how it goes', () => {
    expect(dashboard(view, 100, false)).toEqual([
      'millrace load → http://127.0.0.1:8080/v1/machines/triage/executions',
      `  time       0:15 of 1:00      ${'█'.repeat(15)}${'░'.repeat(45)}`,
      '  rate       998/s        of 1,000/s        ▁▅█',
      '  events     15,001 sent  14,900 ok  90 refused  11 failed (0.07 %)',
      '  in flight  64           3 behind schedule  7 sent late',
      '  latency    p50 850 µs  p90 1.23 ms  p99 12.3 ms  p99.9 123 ms  max 12.3 s  ',
      '  p99        4.00 ms in the last second     ▃▅█',
      '  bytes      1.5 MB       100 kB/s          sender 35 % busy',
      '  errors     429 AT_CAPACITY: 90  connection lost: 11',
      'Ctrl-C stops sending, waits for what is in flight and sums up.',
    ]);
  });

  it('says what phase it is in', () => {
    expect(dashboard({ ...view, elapsed: -3 }, 100, false)[1]).toBe('  time       warming up, 0:03 of 0:05 left');
    expect(dashboard({ ...view, duration: Infinity, elapsed: 3725 }, 100, false)[1]).toBe('  time       1:02:05');
    expect(dashboard({ ...view, draining: true }, 100, false).at(-1)).toMatch(/^Nothing more is sent/);
    expect(dashboard({ ...view, latency: null, seconds: [], rejections: [], targetRate: null }, 100, false).slice(2, 9)).toEqual([
      '  rate       998/s        as fast as it goes  ',
      '  events     15,001 sent  14,900 ok  90 refused  11 failed (0.07 %)',
      '  in flight  64           3 behind schedule  7 sent late',
      '  latency    no answer yet',
      '  p99        ',
      '  bytes      1.5 MB       100 kB/s          sender 35 % busy',
      '  errors     none',
    ]);
  });

  it('never makes a line longer than the terminal, in colours or not, and lets no target move the cursor', () => {
    const hostile = { ...view, target: `x\u001b[2J\n${'y'.repeat(300)}` };
    for (const columns of [1, 20, 44, 80, 200]) {
      const plain = dashboard(hostile, columns, false);
      const coloured = dashboard(hostile, columns, true);
      expect(coloured.map(stripVTControlCharacters)).toEqual(plain);
      for (const line of plain) {
        expect([...line].length).toBeLessThan(Math.max(1, columns));
        expect(line).not.toMatch(/\p{Cc}/u);
      }
    }
  });
});

describe('sparkline', () => {
  it('shows the last values on a scale from 0', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8], 8)).toBe('▂▃▄▅▆▇██');
    expect(sparkline([0, 0], 5)).toBe('▁▁');
    expect(sparkline([], 5)).toBe('');
  });
});

describe('a screen', () => {
  const terminal = () => {
    const written: string[] = [];
    const listeners = new Set<() => void>();
    return { written, listeners, stream: { columns: 20, rows: 10, write: (text: string) => written.push(text), on: (_: 'resize', listener: () => void) => listeners.add(listener), off: (_: 'resize', listener: () => void) => listeners.delete(listener) } };
  };

  it('draws in place, hides the cursor, and gives it back', () => {
    const { written, stream, listeners } = terminal();
    const before = process.listenerCount('exit');
    const screen = openScreen(stream, () => ['one', 'two']);
    screen.draw();
    screen.draw();
    screen.close();
    expect(written).toEqual(['\u001b[?25l', '\r\u001b[Jone\ntwo\n', '\u001b[2A\r\u001b[Jone\ntwo\n', '\u001b[2A\r\u001b[Jone\ntwo\n', '\u001b[?25h']);
    expect([listeners.size, process.listenerCount('exit') - before]).toEqual([0, 0]);
  });

  it('is drawn anew when the terminal changes, over the rows that the old lines take there', () => {
    const { written, stream, listeners } = terminal();
    const screen = openScreen(stream, (columns) => [`${'\u001b[1m'}${'x'.repeat(columns - 1)}${'\u001b[0m'}`, 'y']);
    screen.draw();
    stream.columns = 8;
    for (const listener of listeners) listener();
    // 19 characters are three rows of 8; the y is one.
    expect(written.at(-1)).toBe('\u001b[4A\r\u001b[J\u001b[1mxxxxxxx\u001b[0m\ny\n');
    screen.close();
  });

  it('draws no more lines than the terminal has', () => {
    const { written, stream } = terminal();
    stream.rows = 4;
    openScreen(stream, () => ['1', '2', '3', '4', '5']).close();
    expect(written.at(-2)).toBe('\r\u001b[J1\n2\n3\n');
  });
});
