import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JournalConfig } from '../../src/config/settings.ts';
import { loadConfig } from '../../src/config.ts';
import { createEngine, type Engine } from '../../src/engine.ts';
import { describeWith, uniqueName } from '../lib/services.ts';
import { createTopic } from '../lib/topics.ts';
import { until } from '../pool/rig.ts';

let folder: string;
const engines: Engine[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-journal-'));
  mkdirSync(join(folder, 'functions'));
  writeFileSync(join(folder, 'functions', 'note.mjs'), `import { appendFileSync } from 'node:fs'; export const handler = ({ event, name }) => { appendFileSync(${JSON.stringify(join(folder, 'notes'))}, name + ' ' + JSON.stringify(event) + '\\n'); };`);
  appendFileSync(join(folder, 'notes'), '');
});
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close(0)));
  rmSync(folder, { recursive: true, force: true });
});

const note = JSON.stringify({ StartAt: 'N', States: { N: { Type: 'Task', Resource: 'note', Parameters: { 'event.$': '$', 'name.$': '$$.Execution.Name' }, End: true } } });
const notes = (): string[] => readFileSync(join(folder, 'notes'), 'utf8').split('\n').filter((line) => line !== '').toSorted();

/** The settings that a file with this journal section has. */
function journalOf(section: unknown): JournalConfig {
  writeFileSync(join(folder, 'note.asl.json'), note);
  writeFileSync(join(folder, 'millrace.yaml'), JSON.stringify({ journal: section }));
  return loadConfig({ cwd: folder, env: {} }).journal;
}

async function open(journal: JournalConfig, name: string): Promise<Engine> {
  const engine = await createEngine({ machines: { note: { definition: note }, other: { definition: note } }, functions: join(folder, 'functions'), workers: 1, dataDir: join(folder, name), journal });
  engines.push(engine);
  await engine.startSources();
  return engine;
}

const bulk = async (engine: Engine, machine: string, texts: readonly string[]): Promise<unknown> => {
  const start = engine.startMany(machine);
  const spans = new Uint32Array(2 * texts.length);
  let at = 0;
  for (const [i, text] of texts.entries()) {
    spans[2 * i] = at;
    spans[2 * i + 1] = text.length;
    at += text.length;
  }
  await start.add(Buffer.from(texts.join('')), spans);
  return start.finish();
};

await describeWith(['kafka', 'redis'], 'a journal in a broker', ({ kafka, redis }) => {
  it.each(['kafka', 'redis'])('has any replica run what one of them has accepted, under the name that it was accepted with: %s', async (kind) => {
    const name = uniqueName('journal');
    const journal = journalOf(kind === 'kafka' ? { kafka: { brokers: kafka.brokers, topic: await createTopic(kafka.brokers, 'journal'), groupId: name } } : { redis: { url: redis.url, stream: name, group: name } });
    const [a, b] = [await open(journal, 'a'), await open(journal, 'b')];
    await a!.start('note', Buffer.from('{"n":1}'), 'first');
    await b!.start('other', Buffer.from('{"n":2}'), 'second');
    expect(await bulk(a!, 'note', ['{"n":3}', '{"n":', '{"n":4}'])).toMatchObject({ accepted: 2, rejected: [{ index: 1, code: 'INVALID_JSON' }] });
    await until(() => notes().length === 4, 'all have run');
    expect(notes().map((line) => line.slice(line.indexOf(' ') + 1)).toSorted()).toEqual(['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}']);
    expect(notes().filter((line) => /^(first|second) /.test(line))).toEqual(['first {"n":1}', 'second {"n":2}']);
  });

  it('runs what a process accepted and did not come to, after it has gone', async () => {
    const name = uniqueName('journal');
    const journal = journalOf({ redis: { url: redis.url, stream: name, group: name, takeoverMs: 1000 } });
    const first = await open(journal, 'a');
    // Drained, it reads no more, and what is in the stream by then waits for somebody else.
    const accepted = Promise.all(Array.from({ length: 50 }, (_, n) => first.start('note', Buffer.from(`{"n":${n}}`), `start-${n}`)));
    await accepted;
    await first.close(0);
    engines.splice(0);
    await open(journal, 'b');
    await until(() => new Set(notes()).size === 50, 'all have run');
  });

  it('says that a start was not taken while the broker is away', async () => {
    const journal = journalOf({ redis: { url: 'redis://127.0.0.1:1', stream: 'none', group: 'none' } });
    const engine = await createEngine({ machines: { note: { definition: note } }, workers: 1, dataDir: join(folder, 'c'), journal });
    engines.push(engine);
    await expect(engine.start('note', Buffer.from('{}'))).rejects.toMatchObject({ code: 'JOURNAL_UNAVAILABLE' });
    expect(engine.unready().join()).toContain('(journal)');
  });
});
