import { wanted } from './schema-walk.ts';
import { CONFIG_SCHEMA, type ConfigSchema } from './schema.ts';

/** Renders docs/configuration.md from the schema. */
export function renderConfigurationDoc(): string {
  const { machines, ...others } = CONFIG_SCHEMA.properties;
  const machine = machines.additionalProperties;
  const plain: [string, ConfigSchema][] = [];
  const sections: string[] = [];
  for (const [key, schema] of Object.entries<ConfigSchema>(others)) {
    if (schema.properties === undefined) plain.push([key, schema]);
    else sections.push(`## ${key}\n\n${schema.description}\n\n${table(Object.entries(schema.properties))}`);
  }
  return `${INTRODUCTION}
## Keys of their own

${table(plain)}

${sections.join('\n\n')}

## machines

${escaped(machines.description)} ${machine.description}

${table(Object.entries(machine.properties), machine.required)}

A change of a definition, an inputSchema or a function takes effect without a restart: executions under way finish on what
they started with.
${ENVIRONMENT}
${MISTAKES}`;
}

function table(rows: readonly (readonly [string, ConfigSchema])[], required: readonly string[] = []): string {
  const lines = rows.map(([key, schema]) => `| \`${key}\` | ${wanted(schema)} | ${defaultOf(key, schema, required)} | ${escaped(schema.description ?? '')} | ${examplesOf(schema)} |`);
  return ['| key | value | default | meaning | example |', '|---|---|---|---|---|', ...lines].join('\n');
}

const defaultOf = (key: string, schema: ConfigSchema, required: readonly string[]): string => (required.includes(key) ? 'has to be there' : schema.default === undefined ? '—' : `\`${String(schema.default)}\``);

const examplesOf = (schema: ConfigSchema): string => (schema.examples ?? []).map((example) => `\`${String(example)}\``).join(', ');

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
number; a key that takes text gets text. Inside \`{ }\` and \`[ ]\` YAML needs quotes: \`server: { port: "\${PORT:-8080}" }\`. A
variable that is not set and has no default is a mistake.
`;

const MISTAKES = `## Mistakes

All mistakes are reported at once, each with file, line and column, and nothing starts. A key that is not listed here is a
mistake. The codes are in [errors.md](errors.md#mistakes-of-a-configuration). \`sources\`, \`outputs\` and \`schedules\` come with a
later version.
`;
