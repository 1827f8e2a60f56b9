import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModuleVersions } from '../../src/integrations/module-versions.ts';

let folder: string;
let versions: ModuleVersions;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-modules-')));
  versions = new ModuleVersions();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

const plain = (name: string): string => pathToFileURL(join(folder, name)).href;
const urlOf = (name: string): string => versions.resolve([join(folder, name)]).urls[0]!;
const isNew = (name: string): boolean => /\?millrace=[\w-]{16}$/.test(urlOf(name));

describe('versions of modules', () => {
  it('leave what has not changed under its own URL and redirect nothing', () => {
    put('a.mjs', "import './b.mjs';");
    put('b.mjs', '');
    for (let i = 0; i < 3; i++) expect(versions.resolve([join(folder, 'a.mjs')])).toEqual({ urls: [plain('a.mjs')], redirected: false });
    expect(versions.redirects.size).toBe(0);
  });

  it.each([
    ['import', "import './lib.mjs';"],
    ['import of names', "import { a,\n  b } from './lib.mjs';"],
    ['import with double quotes', 'import * as lib from "./lib.mjs";'],
    ['minified import', "import{a}from'./lib.mjs'"],
    ['export from', "export * from './lib.mjs';"],
    ['import()', 'const lib = await import(`./lib.mjs`);'],
    ['require()', "const lib = require( './lib.mjs' );"],
    ['query', "import './lib.mjs?x=1';"],
  ])('change with what a module asks for by %s', (_how, text) => {
    put('a.mjs', text);
    put('lib.mjs', '1');
    expect(isNew('a.mjs')).toBe(false);
    put('lib.mjs', '2');
    expect(isNew('a.mjs')).toBe(true);
  });

  it.each(['./lib', './lib.js', './folder', './folder/index.js', './data', './data.json'])('find what require(%o) means', (specifier) => {
    const file = { lib: 'lib.js', folder: 'folder/index.js', data: 'data.json' }[/lib|folder|data/.exec(specifier)![0]]!;
    put('a.cjs', `require('${specifier}');`);
    put(file, '1');
    expect(isNew('a.cjs')).toBe(false);
    put(file, '2');
    expect(isNew('a.cjs')).toBe(true);
  });

  it('go back to the first URL when a change is taken back', () => {
    put('a.mjs', '1');
    urlOf('a.mjs');
    put('a.mjs', '2');
    const second = urlOf('a.mjs');
    put('a.mjs', '1');
    expect(urlOf('a.mjs')).toBe(plain('a.mjs'));
    put('a.mjs', '2');
    expect(urlOf('a.mjs')).toBe(second);
  });

  it('redirect the imports of a new version, and never those of an old one', () => {
    put('a.mjs', "import './b.mjs'; import './same.mjs';");
    put('b.mjs', '1');
    put('same.mjs', '');
    urlOf('a.mjs');
    put('b.mjs', '2');
    const { urls, redirected } = versions.resolve([join(folder, 'a.mjs')]);
    expect(redirected).toBe(true);
    const table = versions.redirects.get(urls[0]!)!;
    expect([...table.keys()]).toEqual([plain('b.mjs')]);
    expect(versions.redirects.has(plain('a.mjs'))).toBe(false);
  });

  it('survive circles, what is not there, and folders that are asked for as files', () => {
    put('a.mjs', "import './b.mjs'; import './nowhere.mjs'; import './lib';");
    put('b.mjs', "import './a.mjs';");
    put('lib/readme', '');
    expect(isNew('a.mjs')).toBe(false);
    put('b.mjs', "import './a.mjs'; // changed");
    expect(isNew('a.mjs')).toBe(true);
    expect(urlOf('missing.mjs')).toBe(plain('missing.mjs'));
  });

  it('go by real paths, as Node does: a swapped link is another module', () => {
    put('..1/a.mjs', '1');
    put('..2/a.mjs', '1');
    symlinkSync('..1', join(folder, '..data'));
    symlinkSync('..data/a.mjs', join(folder, 'a.mjs'));
    expect(urlOf('a.mjs')).toBe(plain('..1/a.mjs'));
    rmSync(join(folder, '..data'));
    symlinkSync('..2', join(folder, '..data'));
    expect(urlOf('a.mjs')).toBe(plain('..2/a.mjs'));
  });
});
