import { wanted } from './schema-walk.ts';
import { CONFIG_SCHEMA } from './schema.ts';
import { KAFKA_CONNECTION, REDIS_CONNECTION, REDIS_WAYS, TLS } from './schema-connections.ts';
import type { ConfigSchema, Properties } from './schema-parts.ts';

/** Renders docs/configuration.md from the schema. */
export function renderConfigurationDoc(): string {
  const tables = new Tables();
  // Read first, so that what has a connection refers to these.
  const connections = `## Connections

${tables.shared('### tls', TLS)}

${tables.section('### Connections to Kafka', 'How sources, outputs and the journal reach Kafka.', KAFKA_CONNECTION, ['brokers'])}

${tables.section('### Connections to Redis', `How sources, outputs, schedules, the journal and de-duplication reach Redis: by one of ${REDIS_WAYS.join(', ')}.`, REDIS_CONNECTION)}`;
  const { machines, sources, outputs, schedules, journal, redis, ...others } = CONFIG_SCHEMA.properties;
  const own = Object.entries<ConfigSchema>(others).filter(([, schema]) => schema.properties === undefined);
  const flat = Object.entries<ConfigSchema>(others).filter(([, schema]) => schema.properties !== undefined);
  return `${INTRODUCTION}
${tables.section('## Keys of their own', '', Object.fromEntries(own))}

${flat.map(([key, schema]) => tables.section(`## ${key}`, schema.description ?? '', schema.properties!)).join('\n\n')}

${tables.entries('machines', machines)}

A change of a definition, an inputSchema or a function takes effect without a restart: executions under way finish on what
they started with.

${tables.entries('sources', sources)}

${tables.entries('outputs', outputs)}

${tables.entries('schedules', schedules)}

${tables.kinds('journal', journal)}

${tables.section('## redis', redis.description, redis.properties)}

${connections}
${ENVIRONMENT}
${MISTAKES}`;
}

/** Tables of keys. What stands in several places is told of in the first, and referred to from the others. */
class Tables {
  readonly #told = new Map<ConfigSchema, string>();

  /** A heading with one table. */
  section(heading: string, description: string, properties: Properties, required: readonly string[] = []): string {
    const link = linkTo(heading);
    const elsewhere = new Map<string, string[]>();
    const rows: string[] = [];
    for (const [key, schema] of Object.entries(properties)) {
      const told = this.#told.get(schema);
      if (told === undefined) rows.push(...this.#rows(key, schema, required, link));
      else elsewhere.set(told, [...(elsewhere.get(told) ?? []), `\`${key}\``]);
    }
    const references = elsewhere.size === 0 ? [] : [[...elsewhere].map(([link, keys]) => `As in ${link}: ${keys.join(', ')}.`).join(' ')];
    const table = rows.length === 0 ? [] : [['| key | value | default | meaning | example |', '|---|---|---|---|---|', ...rows].join('\n')];
    return [heading, ...(description === '' ? [] : [escaped(description)]), ...table, ...references].join('\n\n');
  }

  /** A mapping with a heading of its own, which the tables where it stands refer to. */
  shared(heading: string, schema: ConfigSchema): string {
    this.#told.set(schema, linkTo(heading));
    return this.section(heading, schema.description ?? '', schema.properties ?? {});
  }

  /** What the user names the keys of. */
  entries(key: string, { description, additionalProperties: entry }: ConfigSchema): string {
    return this.kinds(key, { ...(entry as ConfigSchema), description: `${description} ${(entry as ConfigSchema).description}` });
  }

  /** A mapping of which one key names a kind: with a section for each. */
  kinds(key: string, { description = '', properties = {}, required, exactlyOne, atMostOne }: ConfigSchema): string {
    const choices = new Set(exactlyOne ?? atMostOne);
    const [kinds, others] = [true, false].map((is) => Object.entries(properties).filter(([name, schema]) => (choices.has(name) && schema.properties !== undefined) === is));
    return [
      this.section(`## ${key}`, description, Object.fromEntries(others!), required),
      ...kinds!.map(([name, schema]) => this.section(`### ${key}: ${name}`, schema.description ?? '', schema.properties!, schema.required)),
    ].join('\n\n');
  }

  #rows(path: string, schema: ConfigSchema, required: readonly string[], link: string): string[] {
    this.#told.set(schema, link);
    const key = path.slice(path.lastIndexOf('.') + 1);
    const row = `| \`${path}\` | ${wanted(schema)} | ${defaultOf(key, schema, required)} | ${escaped(schema.description ?? '')} | ${examplesOf(schema)} |`;
    return [row, ...[schema, ...(schema.anyOf ?? [])].flatMap((branch) => Object.entries(branch.properties ?? {}).flatMap(([inner, member]) => (![undefined, link].includes(this.#told.get(member)) ? [] : this.#rows(`${path}.${inner}`, member, branch.required ?? [], link))))];
  }
}

function linkTo(heading: string): string {
  const title = heading.replace(/^#+ /, '');
  return `[${title}](#${title.toLowerCase().replaceAll(/[^\w -]/g, '').replaceAll(' ', '-')})`;
}

const defaultOf = (key: string, schema: ConfigSchema, required: readonly string[]): string => (required.includes(key) ? 'has to be there' : schema.default === undefined ? '—' : `\`${written(schema.default)}\``);

const examplesOf = (schema: ConfigSchema): string => (schema.examples ?? []).map((example) => `\`${written(example)}\``).join(', ');

const written = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** Names of files with stars would be emphasis. */
const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('*', '\\*');

const INTRODUCTION = `# Configuration

<!-- Rendered from src/config/schema.ts and src/config/config-doc.ts by docs/generate.mjs; change it there. -->

\`millrace start\` reads \`millrace.yaml\` (or \`millrace.yml\`) of the current folder; \`--config\` names another file. Every key may be
left out. Paths are relative to the folder of the file.

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/millrace/docs/millrace.schema.json
server: { host: 127.0.0.1, port: 8080 }
dataDir: ./data
functions: ./functions
workers: auto
limits: { maxInFlight: 100000, payloadBytes: 262144 }
machines:
  triage: ./triage.asl.json
  billing: { definition: ./billing.asl.json, timeoutSeconds: 120, maxInFlight: 5000, inputSchema: ./invoice.schema.json }
sources:
  readings:
    kafka: { brokers: ["\${KAFKA_BROKERS:-127.0.0.1:9092}"], topics: [readings], groupId: millrace, from: earliest }
    machine: triage
    filter: { temperature: [{ numeric: [">", 30] }] }
    order: key
    retry: { maxAttempts: 3, backoffMs: 500 }
    deadLetters: lost
  orders: { redisStream: { url: "redis://127.0.0.1:6379", stream: orders, group: millrace }, machine: billing }
  jobs: { bullmq: { queue: jobs }, machine: billing }
outputs:
  alerts: { kafka: { brokers: [127.0.0.1:9092], topic: alerts }, when: { machine: triage, status: [SUCCEEDED] } }
  lost: { file: { path: ./data/dead-letters.ndjson } }
schedules:
  nightly: { machine: billing, cron: "0 2 * * *", timeZone: Europe/Berlin, input: { run: nightly } }
redis: { url: "redis://127.0.0.1:6379" }
\`\`\`

With no file at all, and for what a file leaves out, \`millrace start\` takes what it finds: every \`*.asl.json\` as a state
machine (\`triage.asl.json\` as \`triage\`), \`functions/\` beside them, and \`./data\` for the journal.

The command line wins over the file: \`--host\`, \`--port\`, \`--data-dir\`, \`--workers\`, and \`--strict\` for
\`compatibility: strict\`.

## In the editor

Editors that speak YAML's language server (VS Code with its YAML extension, Neovim, JetBrains) complete keys, show these
descriptions and mark mistakes when the file begins with a line that names the schema, as above. The schema is
[millrace.schema.json](millrace.schema.json), also part of the npm package. Definitions have one too:
\`"$schema": "./node_modules/millrace/docs/asl.schema.json"\` in a \`.asl.json\`.
`;

const ENVIRONMENT = `
## Environment variables

\`\${NAME}\` in a text is replaced by the environment's value, \`\${NAME:-default}\` by the default where the variable is not set or
empty. \`$\${\` stands for \`\${\` itself. Keys are not replaced.

\`\`\`yaml
server:
  host: \${HOST:-127.0.0.1}
  port: \${PORT:-8080}
dataDir: \${STATE_DIR:-.}/data
workers: "\${WORKERS:-auto}"
\`\`\`

A value that is one interpolation and nothing else takes the type that YAML gives the result, so that the port above is a
number; a key that takes text gets text, so that a password of digits stays one. Inside \`{ }\` and \`[ ]\` YAML needs quotes:
\`server: { port: "\${PORT:-8080}" }\`. A variable that is not set and has no default is a mistake.
`;

const MISTAKES = `## Mistakes

All mistakes are reported at once, each with file, line and column, and nothing starts. A key that is not listed here is a
mistake. The codes are in [errors.md](errors.md#mistakes-of-a-configuration).
`;
