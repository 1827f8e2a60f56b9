import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MillraceError } from '../../src/errors.ts';
import type { Functions, loadFunctions as Load } from '../../src/integrations/functions.ts';

// The built module, loaded by Node itself: vitest would load the functions its own way and hide what Node does with them.
const { loadFunctions } = createRequire(import.meta.url)('../../dist/integrations/functions.js') as { loadFunctions: typeof Load };

let at: string;
let revision = 0;
beforeEach(() => {
  at = realpathSync(mkdtempSync(join(tmpdir(), 'millrace functions-')));
});
afterEach(() => rmSync(at, { recursive: true, force: true }));

function put(name: string, text: string): void {
  mkdirSync(dirname(join(at, name)), { recursive: true });
  writeFileSync(join(at, name), text);
}

const load = (folder = at): Promise<Functions> => loadFunctions(folder, String(revision++));
const call = (functions: Functions, name: string, event: unknown = {}): unknown => functions.get(name)!(event, {});

async function mistakes(): Promise<string[]> {
  try {
    await load();
  } catch (error) {
    const { code, diagnostics, message } = error as MillraceError;
    expect(code).toBe('INVALID_FUNCTION');
    for (const diagnostic of diagnostics) expect(message).toContain(diagnostic.message);
    return diagnostics.map((diagnostic) => `${diagnostic.file}${diagnostic.line === undefined ? '' : `:${diagnostic.line}`} ${diagnostic.message}${diagnostic.hint === undefined ? '' : ` | ${diagnostic.hint}`}`.replaceAll(at, '<at>'));
  }
  return [];
}

describe('a folder of functions', () => {
  it('has the handler of every kind of module under its file name', async () => {
    put('named.mjs', 'export const handler = () => "named";');
    put('default.mjs', 'export default () => "default";');
    put('both.mjs', 'export const handler = () => "handler"; export default () => "default";');
    put('common.cjs', 'exports.handler = () => "common";');
    put('whole.cjs', 'module.exports = () => "whole";');
    put('dynamic.cjs', 'const key = "handler"; module.exports = { [key]: () => "dynamic" };');
    put('compiled.cjs', 'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = () => "compiled";');
    put('object.mjs', 'export default { handler: () => "object" };');
    put('plain.js', 'exports.handler = () => "plain";');
    put('with-dash_2.mjs', 'export const handler = async () => "dash";');
    put('awaits.mjs', 'const value = await Promise.resolve("awaits"); export const handler = () => value;');
    const functions = await load();
    expect(functions.names.toSorted()).toEqual(['awaits', 'both', 'common', 'compiled', 'default', 'dynamic', 'named', 'object', 'plain', 'whole', 'with-dash_2']);
    const results = Object.fromEntries(await Promise.all(functions.names.map(async (name) => [name, await call(functions, name)])));
    expect(results).toEqual({ awaits: 'awaits', both: 'handler', common: 'common', compiled: 'compiled', default: 'default', dynamic: 'dynamic', named: 'named', object: 'object', plain: 'plain', whole: 'whole', 'with-dash_2': 'dash' });
    expect(functions.get('nope')).toBeUndefined();
    for (const name of ['__proto__', 'constructor', 'toString']) expect(functions.get(name)).toBeUndefined();
  });

  it('may hold what is no function: folders, other files, names with _ or . in front, declarations', async () => {
    put('a.mjs', 'import { value } from "./_shared.mjs"; import data from "./data.json" with { type: "json" }; export const handler = () => value + data.n;');
    put('_shared.mjs', 'export { value } from "./lib/value.mjs";');
    put('lib/value.mjs', 'export const value = 1;');
    put('data.json', '{"n": 2}');
    put('.hidden.mjs', 'throw new Error("loaded");');
    put('README.md', '#');
    for (const name of ['a.d.ts', 'b.d.mts', 'c.d.cts']) put(name, 'export {};');
    const functions = await load();
    expect(functions.names).toEqual(['a']);
    expect(call(functions, 'a')).toBe(3);
  });

  it('may be empty, but must be there', async () => {
    expect((await load()).names).toEqual([]);
    await expect(load(join(at, 'nope'))).rejects.toMatchObject({ code: 'INVALID_FUNCTION', message: expect.stringMatching(/^The functions folder .*nope cannot be read: ENOENT/) });
  });

  it('answers synchronously for a synchronous handler', async () => {
    put('a.mjs', 'export const handler = (event) => event.n + 1;');
    expect(call(await load(), 'a', { n: 1 })).toBe(2);
  });
});

describe('mistakes', () => {
  it('are reported for all files at once, with the line', async () => {
    put('a.mjs', 'export const handler = () => 1;');
    put('bad esm.mjs', 'export const a = 1;\nconst b = ;\n');
    put('bad.cjs', 'exports.a = 1;\n\nconst b = ;\n');
    put('imports.mjs', '\nimport "./_lib.mjs";\nexport const handler = () => 1;');
    put('_lib.mjs', '\n\n\nconst = 1;\n');
    put('missing.mjs', 'import "./nope.mjs";');
    put('name.mjs', '\nimport { nope } from "node:fs";');
    put('nothing.mjs', 'export const handle = () => 1;');
    put('text.cjs', 'module.exports = "text";');
    put('null.cjs', 'module.exports = null;');
    put('throws.mjs', '\n\nthrow new TypeError("at the top");');
    put('callback.cjs', 'exports.handler = (event, context, callback) => callback(null, 1);');
    put('twin.cjs', 'exports.handler = () => 1;');
    put('twin.mjs', 'export const handler = () => 1;');
    const hint = 'Export a function named handler: export const handler = (event, context) => …';
    expect(await mistakes()).toEqual([
      "<at>/bad esm.mjs:2 bad esm.mjs cannot be loaded: SyntaxError: Unexpected token ';' (line 2)",
      "<at>/bad.cjs:3 bad.cjs cannot be loaded: SyntaxError: Unexpected token ';' (line 3)",
      '<at>/callback.cjs The handler of callback.cjs takes a callback, which would never be called. | Return the result, or a promise of it.',
      "<at>/_lib.mjs:4 imports.mjs cannot be loaded: SyntaxError: Unexpected token '=' (<at>/_lib.mjs, line 4)",
      "<at>/missing.mjs missing.mjs cannot be loaded: Error: Cannot find module '<at>/nope.mjs' imported from <at>/missing.mjs",
      "<at>/name.mjs:2 name.mjs cannot be loaded: SyntaxError: The requested module 'node:fs' does not provide an export named 'nope' (line 2)",
      `<at>/nothing.mjs nothing.mjs exports no handler. | ${hint}`,
      `<at>/null.cjs null.cjs exports no handler. | ${hint}`,
      `<at>/text.cjs text.cjs exports no handler. | ${hint}`,
      '<at>/throws.mjs:3 throws.mjs cannot be loaded: TypeError: at the top (line 3)',
      "<at>/twin.mjs Both twin.cjs and twin.mjs would be the function 'twin'. | Rename or remove one of them.",
    ]);
  });

  const strips = Boolean((process.features as { typescript?: unknown }).typescript);
  it(`of TypeScript: ${strips ? 'none, this Node strips types' : 'this Node cannot load it'}`, async () => {
    put('typed.ts', 'export const handler = (event: { n: number }): number => event.n;');
    if (strips) expect(call(await load(), 'typed', { n: 1 })).toBe(1);
    else expect(await mistakes()).toEqual([`<at>/typed.ts typed.ts is TypeScript, which Node ${process.versions.node} cannot load by itself. | Use Node 22.18 or later, or compile it to JavaScript.`]);
  });

  it('that are corrected are gone with the next revision', async () => {
    put('a.mjs', 'export const handler = ;');
    expect(await mistakes()).toHaveLength(1);
    put('a.mjs', 'export const handler = () => "mended";');
    expect(call(await load(), 'a')).toBe('mended');
    put('a.mjs', 'export const handler = ;');
    expect(await mistakes()).toHaveLength(1);
  });
});

describe('a reload', () => {
  it('takes changed files, added ones, and drops removed ones; what runs on the old revision keeps it', async () => {
    put('a.mjs', 'export const handler = () => 1;');
    put('b.cjs', 'exports.handler = () => 1;');
    put('gone.mjs', 'export const handler = () => 1;');
    const before = await load();
    put('a.mjs', 'export const handler = () => 2;');
    put('b.cjs', 'exports.handler = () => 2;');
    put('c.mjs', 'export const handler = () => 3;');
    rmSync(join(at, 'gone.mjs'));
    const after = await load();
    expect(after.names.toSorted()).toEqual(['a', 'b', 'c']);
    expect(['a', 'b', 'c'].map((name) => call(after, name))).toEqual([2, 2, 3]);
    expect(['a', 'b', 'gone'].map((name) => call(before, name))).toEqual([1, 1, 1]);
  });

  it('takes changes of what files import by relative path, however deep and of whatever kind', async () => {
    put('esm.mjs', 'import { value } from "./lib/one.mjs"; export const handler = () => value;');
    put('lib/one.mjs', 'export { value } from "./two.mjs";');
    put('lib/two.mjs', 'export const value = 1;');
    put('common.cjs', 'const { value } = require("./lib/three"); exports.handler = () => value;');
    put('lib/three.cjs', 'exports.value = require("./four.json").n;');
    put('lib/three.js', 'exports.value = require("./four.json").n;');
    put('lib/four.json', '{"n": 1}');
    put('mixed.mjs', 'import three from "./lib/three.cjs"; export const handler = () => three.value;');
    put('later.mjs', 'export const handler = async () => (await import("./lib/two.mjs")).value;');
    const all = async (functions: Functions): Promise<unknown[]> => Promise.all(['esm', 'common', 'mixed', 'later'].map((name) => call(functions, name)));
    expect(await all(await load())).toEqual([1, 1, 1, 1]);
    for (const n of [2, 3]) {
      put('lib/two.mjs', `export const value = ${n};`);
      put('lib/four.json', `{"n": ${n}}`);
      expect(await all(await load())).toEqual([n, n, n, n]);
    }
  });

  it('takes a function that gives on the handler of another, changed one, and imports that were added', async () => {
    put('a.mjs', 'export const handler = () => 1;');
    await load();
    put('a.mjs', 'import { n } from "./lib/n.mjs"; export const handler = () => n;');
    put('lib/n.mjs', 'export const n = 2;');
    put('b.mjs', 'export { handler } from "./a.mjs";');
    const functions = await load();
    expect([call(functions, 'a'), call(functions, 'b')]).toEqual([2, 2]);
  });

  it('goes back to an earlier text', async () => {
    for (const n of [1, 2, 1, 3, 2]) {
      put('a.mjs', 'import { n } from "./_n.mjs"; export const handler = () => n;');
      put('_n.mjs', `export const n = ${n};`);
      expect(call(await load(), 'a')).toBe(n);
    }
  });

  it('leaves what has not changed, and packages, as they are', async () => {
    put('node_modules/counter/package.json', '{"name": "counter", "type": "module", "exports": "./index.js"}');
    put('node_modules/counter/index.js', 'export const made = { at: Math.random() };');
    put('a.mjs', 'import { made } from "counter"; export const handler = () => made.at; // 1');
    put('still.mjs', 'const own = Math.random(); export const handler = () => own;');
    const first = await load();
    put('a.mjs', 'import { made } from "counter"; export const handler = () => made.at; // 2');
    const second = await load();
    expect(second.get('a')).not.toBe(first.get('a'));
    expect(call(second, 'a')).toBe(call(first, 'a'));
    expect(call(second, 'still')).toBe(call(first, 'still'));
  });

  it('shares one instance of a module among the functions that import it', async () => {
    put('_shared.mjs', 'export const shared = {};');
    put('one.mjs', 'import { shared } from "./_shared.mjs"; export const handler = () => shared;');
    put('two.mjs', 'import { shared } from "./_shared.mjs"; export const handler = () => shared;');
    await load();
    put('_shared.mjs', 'export const shared = { again: true };');
    const functions = await load();
    expect(call(functions, 'one')).toEqual({ again: true });
    expect(call(functions, 'one')).toBe(call(functions, 'two'));
  });

  it('follows links, as a ConfigMap has them', async () => {
    for (const n of [1, 2]) put(`..${n}/a.mjs`, `export const handler = () => ${n};`);
    for (const n of [1, 2]) {
      rmSync(join(at, '..data'), { force: true });
      symlinkSync(`..${n}`, join(at, '..data'));
      if (n === 1) symlinkSync(join('..data', 'a.mjs'), join(at, 'a.mjs'));
      const functions = await load();
      expect(functions.names).toEqual(['a']);
      expect(call(functions, 'a')).toBe(n);
    }
  });

  it('lets import.meta.url be a file that can be read', async () => {
    put('a.mjs', 'import { readFileSync } from "node:fs"; export const handler = () => readFileSync(new URL("./data.txt", import.meta.url), "utf8"); // 1');
    put('data.txt', 'read');
    await load();
    put('a.mjs', 'import { readFileSync } from "node:fs"; export const handler = () => readFileSync(new URL("./data.txt", import.meta.url), "utf8"); // 2');
    expect(call(await load(), 'a')).toBe('read');
    expect(pathToFileURL(join(at, 'a.mjs')).href).toContain('millrace%20functions');
  });
});
