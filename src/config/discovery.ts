import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isFile, isFolder } from './files.ts';
import type { Mistakes } from './mistakes.ts';
import { NAME } from './schema-parts.ts';

const DEFINITION = /^(.*)\.asl\.json$/s;
const FILES = ['millrace.yaml', 'millrace.yml'];

/** The configuration file of a folder; null where there is none. */
export function findConfigFile(folder: string, mistakes: Mistakes): string | null {
  const found = FILES.filter((name) => isFile(join(folder, name)));
  if (found.length > 1) mistakes.add('AMBIGUOUS_CONFIG', '', `There are both ${found.join(' and ')} in ${folder}.`, undefined, 'Remove one of them, or name one with --config.');
  return found[0] === undefined ? null : join(folder, found[0]);
}

/** The functions folder that is taken where none is named. */
export function findFunctions(folder: string): string | null {
  const path = join(folder, 'functions');
  return isFolder(path) ? path : null;
}

/** Definitions of a folder by machine name: triage.asl.json as triage. */
export function findMachines(folder: string, mistakes: Mistakes): Record<string, { definition: string }> {
  const found: [string, { definition: string }][] = [];
  for (const file of readdirSync(folder).toSorted()) {
    const name = DEFINITION.exec(file)?.[1];
    if (name === undefined || !isFile(join(folder, file))) continue;
    if (new RegExp(NAME).test(name)) found.push([name, { definition: join(folder, file) }]);
    else mistakes.add('INVALID_NAME', '', `The file '${file}' cannot give a state machine its name.`, undefined, 'Rename it to 1 to 80 letters, digits, hyphens and underscores before .asl.json, or name it under machines.');
  }
  if (found.length === 0 && mistakes.none) {
    mistakes.add('NO_MACHINES', '', `There is no state machine to serve: no machines in a configuration, and no *.asl.json in ${folder}.`, undefined, 'Write a definition, for example triage.asl.json, or name a configuration with --config.');
  }
  return Object.fromEntries(found);
}
