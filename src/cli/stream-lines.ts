import type { Config } from '../config.ts';

/** Where events come from and go to besides HTTP, one line each, for the banner. */
export function streamLines({ sources, outputs, schedules, journal }: Pick<Config, 'sources' | 'outputs' | 'schedules' | 'journal'>): StreamLines {
  return {
    ...('lmdb' in journal ? null : { journal: placeOf('kafka' in journal ? { kafka: journal.kafka } : { redisStream: journal.redis }) }),
    sources: sources.map(({ name, kind, machine }) => ({ name, text: `${placeOf(kind)} → ${machine}` })),
    outputs: outputs.map(({ name, kind }) => ({ name, text: placeOf(kind) })),
    schedules: schedules.map(({ name, machine, cron, everyMs, atMs, timeZone }) => ({
      name,
      text: `${cron !== undefined ? `${cron} (${timeZone})` : everyMs !== undefined ? `every ${everyMs} ms` : `at ${new Date(atMs!).toISOString()}`} → ${machine}`,
    })),
  };
}

export interface StreamLines {
  /** Where the journal is, if that is a broker. */
  readonly journal?: string;
  readonly sources: readonly NamedLine[];
  readonly outputs: readonly NamedLine[];
  readonly schedules: readonly NamedLine[];
}

export interface NamedLine {
  readonly name: string;
  readonly text: string;
}

/** The kind, and what of its settings names the place; never an address, which may hold a password. */
function placeOf(kind: Config['sources'][number]['kind'] | Config['outputs'][number]['kind']): string {
  const [[name, settings]] = Object.entries(kind) as [[string, Readonly<Record<string, unknown>>]];
  const place = ['topics', 'topic', 'streams', 'stream', 'queue', 'path'].map((key) => settings[key]).find((value) => value !== undefined);
  return place === undefined ? name : `${name} ${Array.isArray(place) ? place.join(', ') : String(place)}`;
}
