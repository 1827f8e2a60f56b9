import { named, section, text } from './schema-parts.ts';

export const SCHEDULES = named(
  'Schedules',
  'Starts at set times, by name; each is made once, by however many processes. They are kept in Redis: the key redis has to say which.',
  {
    ...section('Schedule', 'One of cron, every and at says when.', {
      machine: text('State machine', 'Name of the state machine to start.', { examples: ['billing'] }),
      cron: text('Cron', 'Minute, hour, day of the month, month and day of the week, with seconds before them where there are six fields.', { examples: ['0 2 * * *', '*/30 * * * * *'] }),
      every: text('Every', 'Time between starts: 30s, 15m, 1h, 1d.', { examples: ['15m'] }),
      at: text('At', 'Time of the one start, ISO 8601 with Z or an offset.', { examples: ['2026-12-31T23:00:00Z'] }),
      timeZone: text('Time zone', 'Name of the time zone of cron in the IANA database.', { default: 'UTC', examples: ['Europe/Berlin'] }),
      input: { title: 'Input', description: 'Input of the executions: any JSON.', default: {}, examples: [{ run: 'nightly' }] },
    }),
    required: ['machine'],
    exactlyOne: ['cron', 'every', 'at'],
    examples: [{ machine: 'billing', cron: '0 2 * * *', timeZone: 'Europe/Berlin', input: { run: 'nightly' } }],
  },
  { examples: [{ nightly: { machine: 'billing', cron: '0 2 * * *' } }] },
);
