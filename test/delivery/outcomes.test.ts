import { describe, expect, it } from 'vitest';
import type { EndStatus } from '../../src/delivery/contract.ts';
import type { Outcome } from '../../src/delivery/outcome.ts';
import { createOutcomes, type Outcomes, type OutcomesOptions, resultOutputs } from '../../src/delivery/outcomes.ts';
import { showOutputs } from '../../src/delivery/output-metrics.ts';
import { MillraceError } from '../../src/errors.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { eventually } from '../lib/server-process.ts';
import { failureOf, outcomeOf, ScriptedOutput, settled } from './outcome-kit.ts';

interface Rig {
  readonly outcomes: Outcomes;
  readonly done: string[];
  readonly logged: string[];
  readonly refused: { name: string; output: string; code: string }[];
  deliver(outcome: Outcome): void;
}

type Named = Readonly<Record<string, { readonly output: ScriptedOutput; readonly when?: OutcomesOptions['outputs'][number]['config']['when'] }>>;

function rigOf(outputs: Named, options: Partial<OutcomesOptions> = {}): Rig {
  const done: string[] = [];
  const logged: string[] = [];
  const refused: Rig['refused'] = [];
  const outcomes = createOutcomes({
    outputs: Object.entries(outputs).map(([name, { output, when = {} }]) => ({ config: { name, when }, output })),
    log: createLog({ stream: { write: (line) => void logged.push((JSON.parse(line) as { message: string }).message) }, format: 'json' }),
    refused: ({ name }, output, { code }, taken) => {
      refused.push({ name, output, code });
      taken();
    },
    backoff: { firstMs: 1, maxMs: 4 },
    ...options,
  });
  return { outcomes, done, logged, refused, deliver: (outcome) => outcomes.deliver(outcome, () => void done.push(outcome.name)) };
}

const away = (): MillraceError => new MillraceError('OUTPUT_UNAVAILABLE', 'The peer is away.');

describe('which outcomes an output takes', () => {
  const every: EndStatus[] = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'REJECTED', 'FILTERED', 'POISON'];

  it('is every one but what the filter let go, when the configuration says nothing', () => {
    const { outcomes } = rigOf({ all: { output: new ScriptedOutput() } });
    expect([...outcomes.wants('triage', 'readings')].toSorted()).toEqual(every.filter((status) => status !== 'FILTERED').toSorted());
    expect(outcomes.wanted('triage', undefined)).toBe(true);
  });

  it('follows machine, source and status', () => {
    const { outcomes } = rigOf({
      one: { output: new ScriptedOutput(), when: { machines: ['triage'], status: ['FAILED', 'TIMED_OUT'] } },
      two: { output: new ScriptedOutput(), when: { sources: ['readings'], status: ['FAILED', 'FILTERED'] } },
    });
    const wants = (machine: string, source: string | undefined): string[] => [...outcomes.wants(machine, source)].toSorted();
    expect(wants('triage', 'readings')).toEqual(['FAILED', 'FILTERED', 'TIMED_OUT']);
    expect(wants('triage', undefined)).toEqual(['FAILED', 'TIMED_OUT']);
    expect(wants('billing', 'readings')).toEqual(['FAILED', 'FILTERED']);
    expect(wants('billing', 'orders')).toEqual([]);
    expect(outcomes.wanted('triage', 'readings')).toBe(false);
  });

  it('is none for a store of dead letters that has no `when`', () => {
    const outputs = [{ name: 'results', when: {} }, { name: 'lost', when: {} }, { name: 'both', when: { status: ['FAILED'] } }];
    const sources = [{ deadLetters: { output: 'lost' } }, { deadLetters: { output: 'both' } }, { deadLetters: { file: '/x' } }, { deadLetters: null }];
    expect(resultOutputs(outputs, sources).map(({ name }) => name)).toEqual(['results', 'both']);
  });
});

describe('createOutcomes', () => {
  it('is done at once with what no output takes', () => {
    const output = new ScriptedOutput();
    const rig = rigOf({ failures: { output, when: { status: ['FAILED'] } } });
    rig.deliver(outcomeOf('a'));
    expect(rig.done).toEqual(['a']);
    expect(output.writes).toEqual([]);
  });

  it('is done when every output that takes it has it, once', async () => {
    const [one, two, three] = [new ScriptedOutput(), new ScriptedOutput(), new ScriptedOutput()];
    const rig = rigOf({ one: { output: one }, two: { output: two }, other: { output: three, when: { machines: ['billing'] } } });
    rig.deliver(outcomeOf('a'));
    await settled();
    one.writes[0]!.accept();
    await settled();
    expect(rig.done).toEqual([]);
    expect(rig.outcomes.queued).toBe(1);
    two.writes[0]!.accept();
    await settled();
    expect(rig.done).toEqual(['a']);
    expect(three.writes).toEqual([]);
  });

  it('says the output itself, or error and cause, and the rest in headers', async () => {
    const output = new ScriptedOutput();
    const rig = rigOf({ results: { output } });
    const key = Buffer.from('k');
    rig.deliver(outcomeOf('a', { key, coordinate: '{"topic":"t","partition":3,"offset":17}' }));
    rig.deliver(failureOf('b', 'Some.Error', 'why'));
    const { source: _, ...overHttp } = outcomeOf('c');
    rig.deliver(overHttp);
    await settled();
    const { records, values } = output.writes[0]!;
    expect(values).toEqual(['{"name":"a"}', '{"error":"Some.Error","cause":"why"}', '{"name":"c"}']);
    expect(records[0]).toMatchObject({ id: 'a', key, json: true });
    expect(records.map(({ headers }) => headers)).toEqual([
      {
        'millrace-execution': 'a',
        'millrace-machine': 'triage',
        'millrace-status': 'SUCCEEDED',
        'millrace-source': 'readings',
        'millrace-coordinate': '{"topic":"t","partition":3,"offset":17}',
        'millrace-start': '2026-11-21T08:05:40.267Z',
        'millrace-stop': '2026-11-21T08:05:40.272Z',
      },
      { 'millrace-execution': 'b', 'millrace-machine': 'triage', 'millrace-status': 'FAILED', 'millrace-source': 'readings', 'millrace-start': '2026-11-21T08:05:40.267Z', 'millrace-stop': '2026-11-21T08:05:40.272Z' },
      { 'millrace-execution': 'c', 'millrace-machine': 'triage', 'millrace-status': 'SUCCEEDED', 'millrace-start': '2026-11-21T08:05:40.267Z', 'millrace-stop': '2026-11-21T08:05:40.272Z' },
    ]);
    // A name that a caller chose may come again with another start.
    expect(records[2]!.id).toBe(`c-${overHttp.startTimeMs}`);
  });

  it('writes at once what there is, and what came meanwhile together, in order', async () => {
    const output = new ScriptedOutput({ maxRecords: 3 });
    const rig = rigOf({ results: { output } });
    rig.deliver(outcomeOf('0'));
    rig.deliver(outcomeOf('1'));
    await settled();
    for (let i = 2; i < 9; i++) rig.deliver(outcomeOf(String(i)));
    await settled();
    expect(output.writes).toHaveLength(1);
    for (let i = 0; i < 4; i++) {
      output.writes[i]!.accept();
      await settled();
    }
    expect(output.writes.map(({ records }) => records.map(({ id }) => id))).toEqual([['0', '1'], ['2', '3', '4'], ['5', '6', '7'], ['8']]);
    expect(rig.done).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8']);
  });

  it('holds a write to the bytes that the output allows, and sends what is larger alone', async () => {
    const output = new ScriptedOutput({ maxBytes: 1000 });
    output.answer = () => Promise.resolve([]);
    const rig = rigOf({ results: { output } });
    for (const [name, size] of [['a', 200], ['b', 200], ['c', 5000], ['d', 100]] as const) rig.deliver(outcomeOf(name, { output: JSON.stringify('x'.repeat(size)) }));
    await rig.outcomes.drained();
    expect(output.writes.map(({ records }) => records.map(({ id }) => id))).toEqual([['a', 'b'], ['c'], ['d']]);
  });

  it('has as many writes under way as the output allows', async () => {
    const output = new ScriptedOutput({ maxRecords: 1, maxWrites: 3 });
    const rig = rigOf({ results: { output } });
    for (const name of 'abcde') rig.deliver(outcomeOf(name));
    await settled();
    expect(output.writes).toHaveLength(3);
    output.writes[1]!.accept();
    await settled();
    expect(rig.done).toEqual(['b']);
    expect(output.writes.map(({ records }) => records[0]!.id)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('writes the same batch again until it is taken, before what follows, and says so meanwhile', async () => {
    const output = new ScriptedOutput();
    const rig = rigOf({ results: { output } });
    let isAway = true;
    let failures = 0;
    output.answer = () => {
      if (!isAway) return Promise.resolve([]);
      failures += 1;
      return Promise.reject(away());
    };
    rig.deliver(outcomeOf('a'));
    await eventually(() => failures >= 2, 'a second write');
    rig.deliver(outcomeOf('b'));
    expect(rig.outcomes.troubles).toEqual([expect.stringMatching(/^output 'results' takes nothing since 20.*Z: The peer is away\.$/)]);
    isAway = false;
    await rig.outcomes.drained();
    expect(output.writes.map(({ records }) => records.map(({ id }) => id))).toEqual([...Array.from({ length: failures + 1 }, () => ['a']), ['b']]);
    expect(rig.done).toEqual(['a', 'b']);
    expect(rig.outcomes.troubles).toEqual([]);
    expect(rig.outcomes.figures()).toMatchObject([{ output: 'results', written: 2, refused: 0, retries: failures, queued: 0, queuedBytes: 0 }]);
    expect(rig.logged).toEqual(['An output takes nothing; what ends waits for it.', 'An output takes records again.']);
  });

  it('hands on what an output refuses for good, and is done after', async () => {
    const output = new ScriptedOutput();
    const waiting: (() => void)[] = [];
    const rig = rigOf({ results: { output } }, { refused: (_outcome, _output, _error, done) => void waiting.push(done) });
    for (const name of 'abc') rig.deliver(outcomeOf(name));
    await settled();
    output.writes[0]!.accept([{ index: 1, error: new MillraceError('OUTPUT_REFUSED', 'too large') }]);
    await settled();
    expect(rig.done).toEqual(['a', 'c']);
    waiting[0]!();
    expect(rig.done).toEqual(['a', 'c', 'b']);
    expect(rig.outcomes.figures()).toMatchObject([{ written: 2, refused: 1 }]);
  });

  it('names the output that refused', async () => {
    const output = new ScriptedOutput();
    output.answer = (records) => Promise.resolve(records.map((_, index) => ({ index, error: new MillraceError('OUTPUT_REFUSED', 'no') })));
    const rig = rigOf({ results: { output } });
    rig.deliver(outcomeOf('a'));
    await rig.outcomes.drained();
    expect(rig.refused).toEqual([{ name: 'a', output: 'results', code: 'OUTPUT_REFUSED' }]);
    expect(rig.done).toEqual(['a']);
  });

  it('is full while too much waits, events and outputs, and says when there is room', async () => {
    const output = new ScriptedOutput({ maxRecords: 1 });
    const rig = rigOf({ results: { output } }, { maxQueuedBytes: 4000 });
    const heard: string[] = [];
    rig.outcomes.onRoom(() => heard.push('not full at all'));
    await settled();
    expect(heard).toEqual(['not full at all']);
    rig.deliver(outcomeOf('a', { output: JSON.stringify('x'.repeat(2000)) }));
    expect(rig.outcomes.full).toBe(false);
    rig.deliver(outcomeOf('b', { value: Buffer.alloc(1500) }));
    expect(rig.outcomes.full).toBe(true);
    rig.outcomes.onRoom(() => heard.push('room'));
    await settled();
    expect(heard).toHaveLength(1);
    output.writes[0]!.accept();
    await settled();
    expect(heard).toEqual(['not full at all', 'room']);
    expect(rig.outcomes.full).toBe(false);
    output.writes[1]!.accept();
    await rig.outcomes.drained();
    expect(rig.outcomes.figures()).toMatchObject([{ queuedBytes: 0 }]);
  });

  it('never calls done of what was not taken before it was closed', async () => {
    const output = new ScriptedOutput();
    output.answer = () => Promise.reject(away());
    const rig = rigOf({ results: { output } });
    rig.deliver(outcomeOf('a'));
    await eventually(() => output.writes.length >= 2, 'a second write');
    await rig.outcomes.close();
    const { length } = output.writes;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(output.writes).toHaveLength(length);
    expect(output.closed).toBe(1);
    expect(rig.done).toEqual([]);
  });

  it('keeps its order over a hundred thousand outcomes and an output that fails now and then', async () => {
    const output = new ScriptedOutput({ maxRecords: 1000 });
    const taken: string[] = [];
    let writes = 0;
    output.answer = (records) => {
      writes += 1;
      if (writes % 7 === 3) return Promise.reject(away());
      for (const { id } of records) taken.push(id);
      return Promise.resolve([]);
    };
    const rig = rigOf({ results: { output } });
    const names = Array.from({ length: 100_000 }, (_, i) => String(i));
    for (const [i, name] of names.entries()) {
      rig.deliver(outcomeOf(name));
      if (i % 777 === 0) await settled();
    }
    await rig.outcomes.drained();
    expect(taken).toEqual(names);
    expect(rig.done).toEqual(names);
  });

  it('is shown in the metrics', async () => {
    const output = new ScriptedOutput();
    const rig = rigOf({ results: { output } });
    const metrics = createMetrics({ processMetrics: false });
    showOutputs(metrics, () => rig.outcomes.figures());
    rig.deliver(outcomeOf('a'));
    rig.deliver(outcomeOf('b'));
    await settled();
    output.writes[0]!.accept([{ index: 1, error: new MillraceError('OUTPUT_REFUSED', 'no') }]);
    await settled();
    output.trouble = 'there is no such topic';
    rig.deliver(outcomeOf('c'));
    const { body } = await metrics.exposition();
    metrics.close();
    expect(body).toContain('millrace_output_records_total{output="results",result="written"} 1\n');
    expect(body).toContain('millrace_output_records_total{output="results",result="refused"} 1\n');
    expect(body).toContain('millrace_output_retries_total{output="results"} 0\n');
    expect(body).toContain('millrace_output_queue{output="results"} 1\n');
    expect(Number(/^millrace_output_queue_bytes\{output="results"\} (\d+)$/m.exec(body)![1])).toBeGreaterThan(0);
    expect(body).toContain('millrace_output_trouble{output="results"} 1\n');
    expect(rig.outcomes.troubles).toEqual(["output 'results': there is no such topic"]);
  });
});
