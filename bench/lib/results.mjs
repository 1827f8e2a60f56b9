import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';

const FORMAT = 'millrace-bench';
const VERSION = 1;

/** A file that holds no results, or not such as this version reads: what is wrong with it, and what to do. */
export class BadResults extends Error {}

/** Programs that want to run, on average over the last minute, for each core: what else the machine does before a run begins. */
export const loadPerCore = () => os.loadavg()[0] / os.availableParallelism();

/** From here on figures are noisy. */
export const BUSY = 0.5;

/**
 * The envelope of a run: when, of what, on what, how, and what came of it.
 *
 * @param load of loadPerCore, before the run
 * @param settings rounds, roundMs, smoke, suites
 * @param rows as `row` of measure.mjs makes them
 * @param skipped suites that could not run here: { suite, why }
 */
export function envelope({ settings, rows, skipped, load }) {
  const [cpu] = os.cpus();
  return {
    format: FORMAT,
    version: VERSION,
    date: new Date().toISOString(),
    revision: revision(),
    node: process.version,
    v8: process.versions.v8,
    cpu: { model: cpu?.model.trim() ?? 'unknown', cores: os.availableParallelism() },
    loadBefore: load,
    memoryBytes: os.totalmem(),
    platform: `${process.platform} ${process.arch}, ${os.release()}`,
    settings,
    skipped,
    rows,
  };
}

/** The commit of this checkout, and whether anything differs from it; null where there is no git or no checkout. */
function revision() {
  const git = (...args) => execFileSync('git', args, { cwd: fileURLToPath(new URL('../..', import.meta.url)), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return { commit: git('rev-parse', 'HEAD'), changed: git('status', '--porcelain', '--untracked-files=no') !== '' };
  } catch {
    return null;
  }
}

export const writeResults = (file, results) => writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);

/** @throws BadResults */
export function readResults(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new BadResults(`${file} cannot be read: ${error.message}`);
  }
  return parseResults(text, file);
}

/** @throws BadResults */
export function parseResults(text, file) {
  let results;
  try {
    results = JSON.parse(text);
  } catch (error) {
    throw new BadResults(`${file} is not JSON: ${error.message}`);
  }
  if (results?.format !== FORMAT) throw new BadResults(`${file} is not a file of results: make one with npm run bench -- --json ${file}`);
  if (results.version !== VERSION) throw new BadResults(`${file} is of version ${results.version} of the format, and this is a program for version ${VERSION}: make it anew with this checkout`);
  const broken = Array.isArray(results.rows) ? results.rows.find((row) => !isRow(row)) : null;
  if (broken !== undefined) throw new BadResults(`${file} has ${broken === null ? 'no list of rows' : `a row that is none: ${JSON.stringify(broken).slice(0, 120)}`}`);
  return results;
}

/** Several runs as one: a case that is in more than one is the last run's, and all else that is said is the first run's. */
export function mergeResults([first, ...others]) {
  const rows = new Map();
  const all = [first, ...others];
  for (const results of all) {
    for (const row of results.rows) rows.set(`${row.suite}\n${row.case}`, row);
  }
  const suites = new Set([...rows.values()].map(({ suite }) => suite));
  return { ...first, settings: { ...first.settings, suites: [...suites] }, skipped: all.flatMap(({ skipped }) => skipped).filter(({ suite }) => !suites.has(suite)), rows: [...rows.values()] };
}

const isRow = (row) =>
  typeof row?.suite === 'string' && typeof row.case === 'string' && ['higher', 'lower'].includes(row.better) && Array.isArray(row.ratioRounds) && row.ratioRounds.length > 0 && row.ratioRounds.every(Number.isFinite);
