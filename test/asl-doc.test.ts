import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileRule } from '../src/asl/choice-rules.ts';
import { INTRINSIC_FUNCTIONS } from '../src/asl/intrinsics/functions.ts';
import { limits } from '../src/asl/jsonata/limits.ts';
import { builtinNames } from '../src/asl/jsonata/functions/table.ts';
import { PATH_FUNCTIONS } from '../src/asl/jsonpath/functions.ts';
import { VISIT_LIMIT } from '../src/asl/jsonpath/run.ts';
import { COMPARISONS } from '../src/asl/jsonpath/syntax.ts';
import { MAX_TIMEOUT_SECONDS } from '../src/asl/types.ts';
import type { Json, StateType } from '../src/asl/types.ts';
import { MACHINE, OPERATORS, PARTS } from '../src/asl/validate/schema-parts.ts';
import { STATE_SHAPES, STATE_TYPES } from '../src/asl/validate/schema.ts';
import { MAX_DEFINITION_BYTES, MAX_NESTING, validateDefinition } from '../src/asl/validate/validate.ts';
import { createTaskResolver } from '../src/integrations/table.ts';
import { DEFAULT_PAYLOAD_BYTES } from '../src/runtime/limits.ts';
import { only, run } from './lib/run.ts';

const doc = readFileSync(new URL('../docs/asl.md', import.meta.url), 'utf8');
const STATUSES = ['same', 'differs', 'added', 'unused', 'refused', 'no'];

/** The text under a heading. */
function section(title: string): string {
  const found = doc.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`docs/asl.md has no section '${title}'`);
  return found;
}

/** The cells of the tables in a text, without heads. A bar in a cell is written \|. */
const rows = (text: string): string[][] =>
  [...text.matchAll(/^\|(.*)\|$/gm)]
    .map((match) => match[1]!.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')))
    .filter((cells, i, all) => !/^-+$/.test(cells[0]!) && !/^-+$/.test(all[i + 1]?.[0] ?? ''));

const codes = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
/** The names in the first cell of every row of a section. */
const names = (title: string): string[] => rows(section(title)).flatMap((cells) => codes(cells[0]!));
const sorted = (values: Iterable<string>): string[] => [...values].toSorted();
const propertiesOf = (schema: Readonly<Record<string, unknown>>): string[] => Object.keys(schema['properties'] as object);

describe('docs/asl.md', () => {
  it('names every state type, and no other', () => {
    expect(sorted(names('State types'))).toEqual(sorted(STATE_TYPES));
  });

  it('gives every field of every state type, and no other', () => {
    const shared = rows(section('Fields of several state types')).map(([field, states]) => ({ field: codes(field!)[0]!, states: states === 'all' ? STATE_TYPES : states!.split(', ') }));
    const common = ['Type', 'Comment', 'QueryLanguage'];
    const documented = (type: StateType): string[] => [
      ...shared.filter(({ states }) => (states as string[]).includes(type)).map(({ field }) => field),
      ...names(type).filter((field) => field !== 'ProcessorConfig'),
    ].filter((field) => type !== 'Succeed' || shared.some((row) => row.field === field));
    for (const type of STATE_TYPES) expect([type, sorted(documented(type))]).toEqual([type, sorted([...common, ...STATE_SHAPES[type].fields])]);
  });

  it('gives every field of machines, rules, retriers, catchers and processors, and no other', () => {
    expect(sorted(names('Machine'))).toEqual(sorted(propertiesOf(MACHINE)));
    const handlers = rows(section('Retry and Catch'));
    const handlerFields = (of: string): string[] => handlers.filter((cells) => cells[1] === of || cells[1] === 'both').flatMap((cells) => codes(cells[0]!));
    expect(sorted(handlerFields('Retry'))).toEqual(sorted(propertiesOf(PARTS['retrier']!)));
    expect(sorted(handlerFields('Catch'))).toEqual(sorted(propertiesOf(PARTS['catcher']!)));
    // The second column holds a query language or the operator that compares with a path.
    const rules = rows(section('Choice rules')).flatMap(([field, other]) => codes(`${field!} ${other!}`));
    expect(sorted(rules)).toEqual(sorted(propertiesOf(PARTS['choiceRule']!)));
    expect(names('Map')).toContain('ProcessorConfig');
  });

  it('names every operator of Choice rules, and all of them compile', () => {
    const documented = rows(section('Choice rules')).flatMap(([operator, withPath]) => codes(`${operator!} ${withPath!}`));
    for (const operator of OPERATORS) {
      expect(documented).toContain(operator);
      expect(() => compileRule({ Variable: '$.a', [operator]: operator.endsWith('Path') ? '$.b' : '2020-01-01T00:00:00Z' })).not.toThrow();
    }
  });

  it('names every intrinsic function, JSONata function, path function and filter operator, and no other', () => {
    expect(sorted(names('Intrinsic functions'))).toEqual(sorted(INTRINSIC_FUNCTIONS.keys()));
    const offered = rows(section('JSONata functions')).filter((cells) => cells[1] !== 'no').flatMap((cells) => codes(cells[0]!));
    expect(sorted(offered)).toEqual(sorted([...builtinNames()].map((name) => `$${name}`)));
    const tables = section('JSONPath').split(/\n\n(?=\| )/);
    const table = (head: string): string[] => rows(tables.find((text) => text.startsWith(`| ${head} `))!).flatMap((cells) => codes(cells[0]!));
    expect(sorted(table('path function'))).toEqual(sorted(PATH_FUNCTIONS.keys()));
    expect(sorted(table('in a filter').filter((name) => !['&&', '||', '!', '(…)', '@.x', '$.x'].includes(name)))).toEqual(sorted(COMPARISONS));
  });

  it('speaks of no function that there is not', () => {
    const errors = names('Error names');
    for (const [name] of doc.matchAll(/States\.(?:Http\.)?[A-Z]\w+/g)) expect([...errors, ...INTRINSIC_FUNCTIONS.keys()]).toContain(name);
    const functions = [...builtinNames(), 'eval'];
    for (const [, name] of section('JSONata functions').matchAll(/`\$(\w+)`/g)) expect(functions).toContain(name);
  });

  it('says which error names are raised', () => {
    const source = sources(new URL('../src/', import.meta.url));
    for (const [cell, status] of rows(section('Error names'))) {
      const [name] = codes(cell!);
      expect([name, source.includes(`'${name!}'`)]).toEqual([name, status !== 'no']);
    }
  });

  it('gives every member of the context object, and no other', async () => {
    const body = { StartAt: 'I', States: { I: { Type: 'Task', Resource: 'echo', Parameters: { 'context.$': '$$' }, End: true } } };
    const { output } = await run(only({ Type: 'Map', ItemProcessor: body }), [1], { tasks: { echo: (args) => args } });
    const { context } = (output as { context: Record<string, unknown> }[])[0]!;
    const documented = rows(section('Context object')).filter((cells) => cells[1] !== 'no').flatMap((cells) => codes(cells[0]!));
    expect(sorted(documented)).toEqual(sorted(members(context)));
  });

  it('gives the limits of the code', () => {
    const text = section('Limits');
    const { timeLimitMs, depthLimit, sequenceLimit, textLimit, allocationLimit } = limits;
    for (const limit of [MAX_TIMEOUT_SECONDS, DEFAULT_PAYLOAD_BYTES, MAX_DEFINITION_BYTES, MAX_NESTING, VISIT_LIMIT, timeLimitMs, depthLimit, sequenceLimit, textLimit]) {
      expect(text).toMatch(new RegExp(`(?<![\\d,])${limit.toLocaleString('en-US')}(?!,?\\d)`));
    }
    expect(text).toContain(`${(allocationLimit * 8) / 2 ** 20} MiB`);
  });

  it('has a status it explains in every row, and links to sections that it has', () => {
    const explained = rows(doc.slice(0, doc.indexOf('\n## '))).map((cells) => cells[0]!);
    expect(explained).toEqual(STATUSES);
    for (const title of [...doc.matchAll(/^## (.*)$/gm)].map((match) => match[1]!)) {
      if (title === 'Limits' || title === 'Strict and extended') continue;
      for (const cells of rows(section(title))) expect([title, cells[0], cells.some((cell) => STATUSES.includes(cell))]).toEqual([title, cells[0], true]);
    }
    const anchors = [...doc.matchAll(/^## (.*)$/gm)].map((match) => match[1]!.toLowerCase().replaceAll(' ', '-'));
    const linked = [...doc.matchAll(/\]\(#([^)]*)\)/g)].map((match) => match[1]!);
    for (const anchor of linked) expect(anchors).toContain(anchor);
    for (const anchor of anchors) expect(linked).toContain(anchor);
  });
});

/** Paths to the leaves, two names deep, three below Map. */
const members = (context: Record<string, unknown>): string[] =>
  Object.entries(context).flatMap(([part, value]) =>
    Object.entries(value as object).flatMap(([name, inner]) => (part === 'Map' ? Object.keys(inner as object).map((leaf) => `${part}.${name}.${leaf}`) : [`${part}.${name}`])),
  );

function sources(folder: URL): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('test-state'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n');
}

describe('what docs/asl.md says differs from AWS', () => {
  const value = async (path: string, input: Json): Promise<unknown> => ((await run(only({ Type: 'Pass', Parameters: { 'v.$': path } }), input)).output as { v: unknown }).v;
  const item = { StartAt: 'I', States: { I: { Type: 'Fail', Error: 'E' } } };
  const resolveTask = createTaskResolver({ functions: null });
  const refusals = (definition: Json, compatibility: 'strict' | 'extended'): string[] => validateDefinition(definition, { compatibility }).filter(({ severity }) => severity === 'ERROR').map(({ message }) => message);

  it('is so of numbers and paths', async () => {
    expect(JSON.stringify(JSON.parse('[1.0, 9007199254740993, 1e400]'))).toBe('[1,9007199254740992,null]');
    expect(await value('$.l[-1]', { l: [1, 2, 3] })).toBe(3);
    expect(await value('$.l.sum()', { l: [1, 2, 3] })).toBe(6);
    expect(await value('States.MathRandom(0, 100, 42)', {})).toBe(30);
  });

  it.each(['arn:aws:states:::dynamodb:getItem', 'arn:aws:states:::aws-sdk:s3:getObject', 'arn:aws:states:::http:invoke', 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', 'arn:aws:states:us-east-1:000000000000:activity:a', 'arn:aws:states:::states:startExecution.sync'])('is so of %s', async (Resource) => {
    const definition = only({ Type: 'Task', Resource });
    expect(await run(definition, {}, { compile: { resolveTask } })).toMatchObject({ error: 'States.TaskFailed', cause: expect.stringMatching(/^No task is registered for the resource/) as string });
    const needsMore = /activity|sync|waitFor/.test(Resource);
    expect(refusals(definition, 'strict')).toHaveLength(needsMore ? 1 : 0);
    expect(refusals(definition, 'extended')).toEqual([]);
  });

  it('is so of bare names and Credentials', async () => {
    const definition = only({ Type: 'Task', Resource: 'echo', Credentials: { 'RoleArn.$': '$.nothing' } });
    expect(await run(definition, { a: 1 }, { tasks: { echo: (args) => args } })).toMatchObject({ output: { a: 1 } });
    expect(refusals(definition, 'strict')).toEqual(['Value is not a valid resource ARN']);
  });

  it('is so of Maps: failures tolerated, what is Distributed refused', async () => {
    expect(await run(only({ Type: 'Map', ToleratedFailureCount: 2, ItemProcessor: item }), [1, 2])).toMatchObject({ output: [] });
    expect(await run(only({ Type: 'Map', ToleratedFailureCount: 1, ItemProcessor: item }), [1, 2])).toMatchObject({ error: 'States.ExceedToleratedFailureThreshold' });
    const distributed = { ...item, ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' } };
    expect(refusals(only({ Type: 'Map', ItemProcessor: distributed }), 'extended')).toEqual(["The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines"]);
  });

  it.each(['ItemReader', 'ItemBatcher', 'ResultWriter'])('is so of %s, which is never passed over', async (field) => {
    const definition = only({ Type: 'Map', [field]: {}, ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } } });
    expect(refusals(definition, 'extended')).toEqual([`Field '${field}' is not supported`]);
    expect(await run(definition, [1], { compile: { type: 'STANDARD' } })).toMatchObject({ status: 'FAILED', error: 'States.Runtime', cause: expect.stringContaining(field) as string });
  });
});
