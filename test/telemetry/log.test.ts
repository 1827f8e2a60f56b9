import { describe, expect, it } from 'vitest';
import { createLog, silentLog } from '../../src/telemetry/log.ts';
import type { LogOptions } from '../../src/telemetry/log.ts';

const NOW = Date.UTC(2025, 0, 2, 3, 4, 5, 678);

function logTo(options: LogOptions = {}, isTTY = false) {
  const lines: string[] = [];
  return { lines, log: createLog({ now: () => NOW, stream: { write: (line) => lines.push(line), isTTY }, ...options }) };
}

describe('createLog', () => {
  it('writes one JSON object per line', () => {
    const { lines, log } = logTo();
    log.info('Line\nbreak', { machine: 'triage', count: 3, none: undefined, big: 12n });
    expect(lines).toEqual(['{"time":"2025-01-02T03:04:05.678Z","level":"info","message":"Line\\nbreak","machine":"triage","count":3,"big":"12"}\n']);
  });

  it('drops what is below its level', () => {
    const { lines, log } = logTo({ level: 'warn' });
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(['c', 'd']);
    const silent = logTo({ level: 'silent' });
    silent.log.error('e');
    expect(silent.lines).toEqual([]);
    silentLog.error('f');
  });

  it('shows errors with code, stack and cause', () => {
    const { lines, log } = logTo();
    log.error('Failed.', { error: Object.assign(new TypeError('why', { cause: new Error('root') }), { code: 'E_WHY' }) });
    expect(JSON.parse(lines[0]!)).toMatchObject({ error: { name: 'TypeError', code: 'E_WHY', message: 'why', stack: expect.stringContaining('log.test.ts'), cause: { message: 'root' } } });
  });

  it('survives cycles and fields that have the names of its own', () => {
    const { lines, log } = logTo();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    log.info('m', { cycle, level: 'forged', __proto__: 1 });
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'info', level_: 'forged', cycle: expect.stringContaining('circular') });
  });

  it('is readable on a terminal, in colours unless NO_COLOR', () => {
    const { lines, log } = logTo({ format: 'text' });
    log.warn('Slow\u001b[2J down.', { machine: 'triage', reason: 'too much', error: new Error('why') });
    expect(lines[0]).toMatch(/^03:04:05\.678 WARN {2}Slow \[2J down\. machine=triage reason="too much" error="why"\nError: why\n/);
    const terminal = logTo({}, true);
    const before = process.env['NO_COLOR'];
    delete process.env['NO_COLOR'];
    try {
      const coloured = logTo({}, true);
      coloured.log.info('x');
      expect(coloured.lines[0]).toContain('\u001b[36mINFO ');
      process.env['NO_COLOR'] = '1';
      const plain = logTo({}, true);
      plain.log.info('x');
      expect(plain.lines[0]).toBe('03:04:05.678 INFO  x\n');
    } finally {
      if (before === undefined) delete process.env['NO_COLOR'];
      else process.env['NO_COLOR'] = before;
    }
    expect(terminal.lines).toEqual([]);
  });
});
