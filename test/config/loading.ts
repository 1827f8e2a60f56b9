import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { loadConfig, type Config, type LoadOptions } from '../../src/config.ts';
import { MillraceError } from '../../src/errors.ts';

/** A folder of the test's own. */
export interface Folder {
  readonly at: string;
  put(name: string, text?: string): void;
  load(yaml: string, options?: Partial<LoadOptions>): Config;
  /** Every mistake as line:column CODE pointer message | hint, with the folder left out. */
  mistakes(yaml: string, options?: Partial<LoadOptions>): string[];
}

/** With the definition of a machine `a`, which a configuration that names no machines serves. */
export function createFolder(): Folder {
  const at = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-config-')));
  onTestFinished(() => rmSync(at, { recursive: true, force: true }));
  const put = (name: string, text = '{}'): void => {
    mkdirSync(dirname(join(at, name)), { recursive: true });
    writeFileSync(join(at, name), text);
  };
  put('a.asl.json');
  const load = (yaml: string, options: Partial<LoadOptions> = {}): Config => {
    put('millrace.yaml', yaml);
    return loadConfig({ cwd: at, env: {}, ...options });
  };
  const mistakes = (yaml: string, options: Partial<LoadOptions> = {}): string[] => {
    try {
      load(yaml, options);
    } catch (error) {
      expect(error).toBeInstanceOf(MillraceError);
      expect((error as MillraceError).code).toBe('INVALID_CONFIG');
      return (error as MillraceError).diagnostics.map(({ line, column, code, pointer, message, hint, file }) => {
        expect(file).toBe(join(at, 'millrace.yaml'));
        return `${line}:${column} ${code} ${pointer} ${message}${hint === undefined ? '' : ` | ${hint}`}`.replaceAll(at, '<at>');
      });
    }
    return [];
  };
  return { at, put, load, mistakes };
}
