import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject } from 'vitest';
import type { ServicesRun } from '../services/global-setup.ts';
import { identify } from '../services/pids.mjs';
import { bringUp, type ServiceName } from '../services/services.mjs';
import { brokerList } from '../services/table.mjs';

/** What a suite can ask for. */
export interface Services {
  readonly kafka: { readonly brokers: string[] };
  readonly redis: { readonly url: string };
}

/**
 * Brings up real services, once for all test files of a run, and answers where they are. To be awaited at the top of a test
 * file, outside of tests and hooks: the first time can take minutes, for a download.
 *
 * A service that cannot be had on this machine is left out; the suite is then named at the end of the run as not run, and is
 * expected to skip itself (describeWith does). Under CI=true that is a failure instead.
 *
 * @throws Error when a service fails to start, or when KAFKA_BROKERS or REDIS_URL name something that does not answer
 */
export async function useServices<const N extends readonly ServiceName[]>(...names: N): Promise<Partial<Pick<Services, N[number]>>> {
  const run = inject('servicesRun') as ServicesRun | undefined;
  const { up, unavailable } = await bringUp(names, { holder: run?.holder ?? identify(process.pid), note: (message) => process.stderr.write(`services: ${message}\n`) });
  const suite = relative(fileURLToPath(new URL('../..', import.meta.url)), expect.getState().testPath ?? 'a suite');
  if (run !== undefined) for (const { service, why, how } of unavailable) appendFileSync(run.notRun, `${JSON.stringify({ suite, service, why, how })}\n`);
  if (unavailable.length > 0 && process.env['CI'] === 'true') throw new Error(`Under CI=true every suite has to run. ${unavailable.map(({ service, message }) => `${service}: ${message}`).join('\n')}`);
  return {
    ...(up.kafka === undefined ? {} : { kafka: { brokers: brokerList(up.kafka.value) } }),
    ...(up.redis === undefined ? {} : { redis: { url: up.redis.value } }),
  } as Partial<Pick<Services, N[number]>>;
}

/** A suite that gets the services it names, and is skipped where one of them cannot be had. To be awaited at the top of a file. */
export async function describeWith<const N extends readonly ServiceName[]>(names: N, title: string, body: (services: Pick<Services, N[number]>) => void): Promise<void> {
  const services = await useServices(...names);
  const all = names.every((name: N[number]) => services[name] !== undefined);
  describe.skipIf(!all)(title, () => {
    if (all) body(services as Pick<Services, N[number]>);
    else describe.todo(`needs ${names.join(' and ')}`);
  });
}

/**
 * A name that no other test, run or machine sharing the services has: for topics, streams, queues and groups. Of letters,
 * digits, dots and hyphens.
 */
export const uniqueName = (prefix: string): string => `${prefix}-${Date.now().toString(36)}-${randomBytes(5).toString('hex')}`;
