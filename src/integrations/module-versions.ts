import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What a module asks for by relative path, wherever it says so: import, export from, import(), require(). */
const RELATIVE = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"`])(\.{1,2}\/[^'"`\n]*)\1/g;
/** What require() tries, in its order. */
const REQUIRE_SUFFIXES = ['', '.js', '.json', '/index.js', '/index.json'];
const QUERY = 'millrace';

/** By the URL of a module, by the plain URL of what it imports: the URL to load instead. */
export type Redirects = ReadonlyMap<string, ReadonlyMap<string, string>>;

interface Module {
  readonly path: string;
  /** Of the file's own bytes. */
  readonly digest: string;
  readonly imports: readonly string[];
}

/**
 * Gives each module the URL under which its present text is loaded. Node keeps every module that it has loaded, by URL; a
 * module whose text, or the text of anything that it imports by relative path, has changed gets a URL of its own, and all
 * others keep theirs, and with it their instance and what it holds. One for each thread: it mirrors Node's own cache.
 *
 * What is not seen: specifiers that are computed, packages, files that a module reads by itself.
 */
export class ModuleVersions {
  /** The version that the URL without a query stands for, by path. */
  readonly #plain = new Map<string, string>();
  /** The version that was asked for last, by path. */
  readonly #latest = new Map<string, string>();
  readonly #redirects = new Map<string, Map<string, string>>();
  readonly #requireCache = createRequire(import.meta.url).cache;

  get redirects(): Redirects {
    return this.#redirects;
  }

  /** The URLs of entry modules as their files are now, and whether any import has to be redirected for that. */
  resolve(files: readonly string[]): { readonly urls: readonly string[]; readonly redirected: boolean } {
    const modules = new Map<string, Module>();
    // Node names modules by their real paths.
    const entries = files.map((file) => fileAt(file) ?? file);
    for (const entry of entries) collect(entry, modules);
    const urls = new Map<string, string>();
    for (const path of modules.keys()) urls.set(path, this.#urlOf(path, versionOf(path, modules)));
    let redirected = false;
    for (const [path, { imports }] of modules) {
      for (const imported of imports) {
        const plain = pathToFileURL(imported).href;
        const wanted = urls.get(imported)!;
        if (wanted === plain) continue;
        const from = urls.get(path)!;
        const table = this.#redirects.get(from) ?? new Map<string, string>();
        this.#redirects.set(from, table.set(plain, wanted));
        redirected = true;
      }
    }
    return { urls: entries.map((entry) => urls.get(entry)!), redirected };
  }

  #urlOf(path: string, version: string): string {
    // CommonJS has a cache of its own, by path.
    if (this.#latest.get(path) !== version) delete this.#requireCache[path];
    this.#latest.set(path, version);
    const url = pathToFileURL(path);
    if (!this.#plain.has(path)) this.#plain.set(path, version);
    if (this.#plain.get(path) !== version) url.searchParams.set(QUERY, version);
    return url.href;
  }
}

function collect(path: string, modules: Map<string, Module>): void {
  const pending = [path];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (modules.has(next)) continue;
    const module = readModule(next);
    modules.set(next, module);
    pending.push(...module.imports);
  }
}

function readModule(path: string): Module {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return { path, digest: '', imports: [] };
  }
  const imports = extname(path) === '.json' ? [] : [...text.matchAll(RELATIVE)].flatMap((match) => locate(path, match[2]!) ?? []);
  return { path, digest: createHash('sha256').update(text).digest('base64url'), imports: [...new Set(imports)] };
}

function locate(from: string, specifier: string): string | undefined {
  const path = resolve(dirname(from), specifier.split(/[?#]/, 1)[0]!);
  for (const suffix of REQUIRE_SUFFIXES) {
    const file = fileAt(suffix.startsWith('/') ? join(path, suffix) : path + suffix);
    if (file !== undefined) return file;
  }
  return undefined;
}

/** The real path of a file; undefined where there is none. */
function fileAt(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? realpathSync(path) : undefined;
}

/** A digest of a module and of everything that it reaches. */
function versionOf(path: string, modules: ReadonlyMap<string, Module>): string {
  const reached = new Set([path]);
  for (const at of reached) for (const imported of modules.get(at)?.imports ?? []) reached.add(imported);
  const hash = createHash('sha256');
  for (const at of [...reached].toSorted()) hash.update(`${at}\n${modules.get(at)!.digest}\n`);
  return hash.digest('base64url').slice(0, 16);
}
