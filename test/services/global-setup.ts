import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { identify } from './pids.mjs';
import { release } from './services.mjs';

/** What the workers of one run of the tests have in common. */
export interface ServicesRun {
  /** The process that holds the services: they go when it does, however it ends. */
  readonly holder: { readonly pid: number; readonly startedAt: string };
  /** File that suites which cannot run are written to, a line of JSON each. There is none before the first. */
  readonly notRun: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    servicesRun: ServicesRun;
  }
}

interface NotRun {
  readonly suite: string;
  readonly service: string;
  readonly why: string;
  readonly how: string;
}

/**
 * Starts nothing: the first test file that asks for a service does (see useServices), so that a run without such files costs
 * nothing. Ends what was started, and says as the last thing which suites did not run for want of a service.
 */
export default function setup(project: TestProject): () => Promise<void> {
  const run: ServicesRun = { holder: identify(process.pid), notRun: join(tmpdir(), `millrace-not-run-${randomUUID()}.ndjson`) };
  project.provide('servicesRun', run);
  return async () => {
    await release(run.holder);
    const suites = notRun(run.notRun);
    rmSync(run.notRun, { force: true });
    if (suites.length > 0) process.stdout.write(report(suites));
  };
}

function notRun(file: string): NotRun[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as NotRun);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function report(suites: readonly NotRun[]): string {
  const lines = ['', 'Not run, for want of a service:'];
  for (const { suite, service, why } of suites) lines.push(`  ${suite} needs ${service}: ${why.trim()}`);
  lines.push('To have them run:');
  for (const how of new Set(suites.map(({ service, how }) => `  ${service}: ${how}`))) lines.push(how);
  return `${lines.join('\n')}\n`;
}
