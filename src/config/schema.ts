import { OUTPUTS } from './schema-outputs.ts';
import { COUNT, GIB, integer, MIB, named, section, text, type ConfigSchema } from './schema-parts.ts';
import { JOURNAL } from './schema-journal.ts';
import { REDIS } from './schema-connections.ts';
import { SCHEDULES } from './schema-schedules.ts';
import { SOURCES } from './schema-sources.ts';

/**
 * Every key of millrace.yaml, after interpolation. What is missing here is a mistake in a file. The documentation
 * (docs/configuration.md) and the schema for editors (docs/millrace.schema.json) are rendered from it, and the defaults that
 * the configuration takes are those that stand here.
 */
export const CONFIG_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Millrace configuration',
  description: 'The configuration of a Millrace server, millrace.yaml. Paths are relative to the folder of the file.',
  type: 'object',
  additionalProperties: false,
  examples: [{ server: { host: '0.0.0.0', port: 8080 }, machines: { triage: './triage.asl.json' } }],
  properties: {
    server: {
      ...section('HTTP server', 'Where the HTTP server listens.', {
        host: text('Address', 'Address or host name to listen on. 0.0.0.0 takes connections from other machines too; there is no authentication.', { default: '127.0.0.1', examples: ['0.0.0.0', '::1'] }),
        port: integer('Port', 'Port to listen on; 0 takes any that is free.', 0, 65_535, { default: 8080, examples: [9000] }),
      }),
      examples: [{ host: '0.0.0.0', port: 9000 }],
    },
    dataDir: text('Data folder', 'Folder of the journal, created when missing. One process owns it at a time.', { default: './data', examples: ['/var/lib/millrace'] }),
    compatibility: {
      title: 'Compatibility',
      description: 'strict refuses definitions that AWS refuses for EXPRESS state machines; extended also takes what only Millrace runs.',
      type: 'string',
      enum: ['strict', 'extended'],
      default: 'extended' as const,
      examples: ['strict'],
    },
    functions: text('Functions folder', "Folder of the functions that Task states call: every file's handler is a function under its file name. Left out: the folder functions beside the configuration, if there is one.", { examples: ['./functions'] }),
    workers: {
      title: 'Workers',
      description: 'Worker threads. auto: as many as there are CPUs for the process, a cgroup quota counted.',
      anyOf: [
        { type: 'string', const: 'auto' },
        { type: 'integer', minimum: 1, maximum: 256 },
      ],
      default: 'auto' as const,
      examples: [4],
    },
    limits: {
      ...section('Limits', 'Bounds on what is in flight, on single events, and on what misbehaves.', {
        maxInFlight: integer('Events in flight', 'Events accepted and not yet ended, over all machines. At the limit a start is answered 429.', 1, COUNT, { default: 100_000, examples: [20_000] }),
        maxInFlightBytes: integer('Bytes in flight', 'Bytes of the events in flight. At the limit a start is answered 429.', 1, 1024 * GIB, { default: 256 * MIB, examples: [GIB] }),
        payloadBytes: integer('Payload bytes', 'The largest input, and the largest result of a state, in bytes of JSON. A larger input is refused; a larger result raises States.DataLimitExceeded.', 1, 256 * MIB, { default: 262_144, examples: [MIB] }),
        blockedMs: integer('Blocked worker', 'A worker stuck in one piece of synchronous code for this many milliseconds is replaced, and its executions run again.', 100, 300_000, { default: 10_000, examples: [30_000] }),
        poisonAfter: integer('Poison after', 'After taking down this many workers an event ends as poison.', 1, 100, { default: 3, examples: [1] }),
        timeoutSeconds: integer('Execution time', 'Seconds that an execution of any machine may take; 300 at the most, as on AWS.', 1, 300, { default: 300, examples: [60] }),
        graceMs: integer('Grace period', 'Milliseconds that executions in flight get at shutdown; what is left then runs after the next start.', 0, 3_600_000, { default: 30_000, examples: [10_000] }),
      }),
      examples: [{ maxInFlight: 20_000, payloadBytes: MIB }],
    },
    journal: JOURNAL,
    executions: {
      ...section('Executions', 'What GET /v1/executions/{arn} can be asked about: a convenience, in memory only.', {
        remember: integer('Executions remembered', 'How many executions are remembered; 0 remembers none.', 0, COUNT, { default: 10_000, examples: [COUNT / 100] }),
        rememberBytes: integer('Bytes remembered', 'Memory that they may take, with their inputs and outputs.', 0, 64 * GIB, { default: 64 * MIB, examples: [256 * MIB] }),
      }),
      examples: [{ remember: 100_000 }],
    },
    machines: named(
      'State machines',
      'The state machines that are served, by name (1 to 80 letters, digits, hyphens and underscores). Left out: every *.asl.json beside the configuration, triage.asl.json as triage.',
      {
        title: 'State machine',
        description: "The path of the definition, or a mapping with the machine's own settings.",
        type: ['string', 'object'],
        minLength: 1,
        examples: ['./triage.asl.json', { definition: './billing.asl.json', timeoutSeconds: 120, maxInFlight: 5000, inputSchema: './invoice.schema.json' }],
        properties: {
          definition: text('Definition', 'File of the definition: Amazon States Language, JSON.', { examples: ['./billing.asl.json'] }),
          timeoutSeconds: integer('Execution time', 'Seconds that an execution of this machine may take; the least of this, limits.timeoutSeconds and the TimeoutSeconds of the definition holds.', 1, 300, { examples: [120] }),
          maxInFlight: integer('Executions at once', 'Executions of this machine under way at once, within limits.maxInFlight. Left out: no limit of its own.', 1, COUNT, { examples: [5000] }),
          inputSchema: text('Input schema', 'File of a JSON Schema that every input has to satisfy.', { examples: ['./invoice.schema.json'] }),
        },
        required: ['definition'],
        additionalProperties: false,
      },
      { examples: [{ triage: './triage.asl.json' }] },
    ),
    sources: SOURCES,
    outputs: OUTPUTS,
    schedules: SCHEDULES,
    redis: REDIS,
  },
} satisfies ConfigSchema;
