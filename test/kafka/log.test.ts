import type { LogEntry } from 'kafkajs';
import { expect, it } from 'vitest';
import { kafkaLog } from '../../src/kafka/log.ts';
import { createLog } from '../../src/telemetry/log.ts';

const entry = (level: number, message: string, more: object = {}): LogEntry => ({ namespace: 'Connection', level, label: '', log: { timestamp: 'then', logger: 'kafkajs', message, ...more } });

it('passes warnings on with their fields, once in a while, and leaves stacks out', () => {
  const lines: string[] = [];
  let now = 0;
  const write = kafkaLog(createLog({ format: 'json', level: 'info', now: () => 0, stream: { write: (line) => lines.push(line) } }), () => now);
  write(entry(1, 'Connection error', { broker: 'b:1', stack: 'at somewhere' }));
  write(entry(1, 'Connection error', { broker: 'b:1' }));
  write(entry(2, 'The group is rebalancing'));
  write(entry(4, 'Consumer has joined the group'));
  now = 30_000;
  write(entry(1, 'Connection error', { broker: 'b:1' }));
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    { time: expect.any(String), level: 'warn', message: 'Kafka: Connection error', namespace: 'Connection', broker: 'b:1' },
    { time: expect.any(String), level: 'warn', message: 'Kafka: The group is rebalancing', namespace: 'Connection' },
    { time: expect.any(String), level: 'warn', message: 'Kafka: Connection error', namespace: 'Connection', broker: 'b:1' },
  ]);
});
