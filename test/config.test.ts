import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, type Config, type LoadOptions } from '../src/config.ts';
import { MillraceError } from '../src/errors.ts';

let at: string;
beforeEach(() => {
  at = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-config-')));
});
afterEach(() => rmSync(at, { recursive: true, force: true }));

const put = (name: string, text = '{}'): void => writeFileSync(join(at, name), text);

function load(yaml: string | null, options: Partial<LoadOptions> = {}): Config {
  put('a.asl.json');
  if (yaml !== null) put('millrace.yaml', yaml);
  return loadConfig({ cwd: at, env: {}, ...options });
}

/** Every mistake as line:column CODE pointer message | hint, with the test's own folder left out. */
function mistakes(yaml: string | null, options: Partial<LoadOptions> = {}): string[] {
  try {
    load(yaml, options);
  } catch (error) {
    expect(error).toBeInstanceOf(MillraceError);
    expect((error as MillraceError).code).toBe('INVALID_CONFIG');
    return (error as MillraceError).diagnostics.map(({ line, column, code, pointer, message, hint, file, severity }) => {
      expect(severity).toBe('ERROR');
      expect(file === undefined).toBe(line === undefined);
      const place = line === undefined ? '' : `${line}:${column} `;
      return `${place}${code} ${pointer} ${message}${hint === undefined ? '' : ` | ${hint}`}`.replaceAll(at, '<at>');
    });
  }
  return [];
}

describe('a configuration without mistakes', () => {
  it('has every default', () => {
    expect(load('machines: {}')).toEqual({
      file: join(at, 'millrace.yaml'),
      server: { host: '127.0.0.1', port: 8080 },
      dataDir: join(at, 'data'),
      compatibility: 'extended',
      functions: null,
      workers: 'auto',
      limits: { maxInFlight: 100_000, maxInFlightBytes: 268_435_456, payloadBytes: 262_144, blockedMs: 10_000, poisonAfter: 3, timeoutSeconds: 300, graceMs: 30_000 },
      executions: { remember: 10_000, rememberBytes: 67_108_864 },
      machines: {},
      journal: { lmdb: { maxBytes: 4_294_967_296 } },
      sources: [],
      outputs: [],
      schedules: [],
      redis: null,
    });
  });

  it('has what the file says, with paths from the folder of the file', () => {
    mkdirSync(join(at, 'deep', 'fn'), { recursive: true });
    put('deep/b.json');
    put('deep/s.json', '{"type":"object"}');
    put(
      'deep/conf.yml',
      `server: { host: "::1", port: 0 }
dataDir: /var/lib/x
compatibility: strict
functions: fn
workers: 4
limits: { maxInFlight: 1, maxInFlightBytes: 2000000, payloadBytes: 1e5, blockedMs: 100, poisonAfter: 1, timeoutSeconds: 60, graceMs: 0 }
journal: { maxBytes: 1048576 }
executions: { remember: 0, rememberBytes: 0 }
machines:
  a: ../a.asl.json
  b: { definition: b.json, timeoutSeconds: 120, maxInFlight: 5, inputSchema: ./s.json }
`,
    );
    expect(load(null, { file: 'deep/conf.yml' })).toEqual({
      file: join(at, 'deep/conf.yml'),
      server: { host: '::1', port: 0 },
      dataDir: '/var/lib/x',
      compatibility: 'strict',
      functions: join(at, 'deep/fn'),
      workers: 4,
      limits: { maxInFlight: 1, maxInFlightBytes: 2_000_000, payloadBytes: 100_000, blockedMs: 100, poisonAfter: 1, timeoutSeconds: 60, graceMs: 0 },
      executions: { remember: 0, rememberBytes: 0 },
      journal: { lmdb: { maxBytes: 1_048_576 } },
      sources: [],
      outputs: [],
      schedules: [],
      redis: null,
      machines: { a: { definition: join(at, 'a.asl.json') }, b: { definition: join(at, 'deep/b.json'), timeoutSeconds: 120, maxInFlight: 5, inputSchema: join(at, 'deep/s.json') } },
    });
  });

  it('gives way to the command line, whose paths are from the current folder', () => {
    const overrides = { host: '0.0.0.0', port: 9000, dataDir: 'd', workers: 2, compatibility: 'strict' } as const;
    mkdirSync(join(at, 'deep'));
    put('deep/m.yaml', 'server: { host: a, port: 1 }\ndataDir: x\nworkers: 9\nmachines: {}\n');
    expect(load(null, { file: 'deep/m.yaml', overrides })).toMatchObject({ server: { host: '0.0.0.0', port: 9000 }, dataDir: join(at, 'd'), workers: 2, compatibility: 'strict' });
  });

  it('may be JSON, may use anchors, and may have a machine named __proto__', () => {
    expect(load('{"server": {"port": 1}, "machines": {}}').server.port).toBe(1);
    const config = load('machines:\n  one: &m { definition: a.asl.json, maxInFlight: 3 }\n  two: *m\n  __proto__: a.asl.json\n  constructor: a.asl.json\n');
    expect(config.machines['two']).toEqual({ definition: join(at, 'a.asl.json'), maxInFlight: 3 });
    expect(Object.keys(config.machines)).toEqual(['one', 'two', '__proto__', 'constructor']);
    expect(Object.getPrototypeOf(config.machines)).toBe(Object.prototype);
    expect(({} as { definition?: unknown }).definition).toBeUndefined();
  });
});

describe('without a file, or for what it leaves out', () => {
  it('takes *.asl.json as machines, functions/ beside them, and ./data', () => {
    put('my-flow_2.asl.json');
    put('notes.json');
    mkdirSync(join(at, 'folder.asl.json'));
    mkdirSync(join(at, 'functions'));
    expect(load(null)).toMatchObject({ file: null, functions: join(at, 'functions'), dataDir: join(at, 'data'), server: { host: '127.0.0.1', port: 8080 } });
    expect(load(null).machines).toEqual({ a: { definition: join(at, 'a.asl.json') }, 'my-flow_2': { definition: join(at, 'my-flow_2.asl.json') } });
    expect(load('server: { port: 7 }')).toMatchObject({ server: { port: 7 }, functions: join(at, 'functions'), machines: { a: {} } });
    expect(load('')).toMatchObject({ file: join(at, 'millrace.yaml'), machines: { a: {} } });
    expect(load('# nothing yet\n').limits.graceMs).toBe(30_000);
  });

  it('takes millrace.yml, but not beside millrace.yaml', () => {
    put('millrace.yml', 'server: { port: 7 }');
    expect(load(null).server.port).toBe(7);
    expect(mistakes('server: { port: 8 }')).toEqual(['AMBIGUOUS_CONFIG  There are both millrace.yaml and millrace.yml in <at>. | Remove one of them, or name one with --config.']);
  });

  it('says when there is nothing to serve, or a name cannot be had from a file', () => {
    expect(() => loadConfig({ cwd: at, env: {} })).toThrow(`There is no state machine to serve: no machines in a configuration, and no *.asl.json in ${at}.`);
    put('my flow.asl.json');
    expect(mistakes(null)).toEqual([
      "INVALID_NAME  The file 'my flow.asl.json' cannot give a state machine its name. | Rename it to 1 to 80 letters, digits, hyphens and underscores before .asl.json, or name it under machines.",
    ]);
  });

  it('says when the file that is named is missing or is a folder', () => {
    expect(mistakes(null, { file: 'nope.yaml' })).toEqual(['MISSING_FILE  There is no configuration file nope.yaml. | It would be <at>/nope.yaml.']);
    expect(mistakes(null, { file: '.' })).toEqual(['UNREADABLE_FILE  The configuration file . is a folder. | Name the file in it.']);
  });
});

describe('interpolation', () => {
  const env = { PORT: '9000', HOST: 'example.org', EMPTY: '', NAME: 'a', NUMBER: '123', WORD: 'many' };

  it('takes the environment, defaults and types', () => {
    const yaml = `server:
  host: \${HOST}
  port: \${PORT:-8080}
dataDir: \${NUMBER}
workers: "\${WORKERS:-auto}"
limits: { graceMs: "\${GRACE:-500}", maxInFlight: '\${EMPTY:-7}' }
machines: { x: "./\${NAME}.\${KIND:-asl}.json" }
`;
    expect(load(yaml, { env })).toMatchObject({
      server: { host: 'example.org', port: 9000 },
      dataDir: join(at, '123'),
      workers: 'auto',
      limits: { graceMs: 500, maxInFlight: 7 },
      machines: { x: { definition: join(at, 'a.asl.json') } },
    });
  });

  it('leaves $${ as ${, and nothing else with a dollar is special', () => {
    expect(load('dataDir: $${HOST}-$HOST-$$-${NAME}', { env }).dataDir).toBe(join(at, '${HOST}-$HOST-$$-a'));
  });

  it('does not interpolate what a variable holds', () => {
    expect(load('dataDir: ${X}', { env: { X: '${HOST}' } }).dataDir).toBe(join(at, '${HOST}'));
  });

  it('says which variables are missing, where, and what is none', () => {
    const yaml = `server:
  host: "a-\${NO_HOST}-\${NO_NAME}"
  port: \${NO_PORT}
dataDir: \${A B}
functions: x\${
machines: { a: { definition: "\${NO_FILE}" } }
limits: { graceMs: "\${A:-\${B}}" }
`;
    const hint = 'Write ${NAME} or ${NAME:-default}, and $${ where ${ itself is meant; a default cannot hold another interpolation.';
    expect(mistakes(yaml, { env: Object.create({ NO_PORT: '1' }) as Record<string, string> })).toEqual([
      '2:12 MISSING_VARIABLE /server/host The environment variable NO_HOST is not set. | Set it, or give it a default: ${NO_HOST:-…}.',
      '2:23 MISSING_VARIABLE /server/host The environment variable NO_NAME is not set. | Set it, or give it a default: ${NO_NAME:-…}.',
      '3:9 MISSING_VARIABLE /server/port The environment variable NO_PORT is not set. | Set it, or give it a default: ${NO_PORT:-…}.',
      `4:10 INVALID_INTERPOLATION /dataDir '\${A B}' is not an interpolation. | ${hint}`,
      `5:13 INVALID_INTERPOLATION /functions '\${' is not an interpolation. | ${hint}`,
      '6:31 MISSING_VARIABLE /machines/a/definition The environment variable NO_FILE is not set. | Set it, or give it a default: ${NO_FILE:-…}.',
      `7:21 INVALID_INTERPOLATION /limits/graceMs '\${A:-\${B}' is not an interpolation. | ${hint}`,
    ]);
  });

  it('says where a wrong value came from', () => {
    expect(mistakes('server:\n  port: ${WORD}\n  host: ${EMPTY}\nworkers: $${PORT}\n', { env })).toEqual([
      "2:9 WRONG_TYPE /server/port server.port must be a whole number from 0 to 65535, not 'many' (from ${WORD}).",
      '3:9 INVALID_VALUE /server/host server.host must be text, not empty text (from ${EMPTY}).',
      "4:10 INVALID_VALUE /workers workers must be 'auto' or a whole number from 1 to 256, not '${PORT}' (from $${PORT}).",
    ]);
  });
});

describe('mistakes', () => {
  it('are all reported, in the order of the file', () => {
    put('bad.json', '{');
    const yaml = `sevrer: { port: 1 }
server:
  port: 99999
  hots: x
  host: 1
workers: 0
workers: many
compatibility: stict
port: 1
sources: []
outputs: 1
schedules: x
limits:
  payloadBytes: -1
  graceMs:
  zzzzzzzz: 1
machines:
  a b: a.asl.json
  c: { timeoutSeconds: 1.5 }
  d: ./nope.json
  e: [1]
  f: { definition: ., inputSchema: bad.json }
  g: ""
  h: a.asl.json/x
functions: ./a.asl.json
`;
    const relative = 'paths are relative to the folder of the configuration file.';
    const found = mistakes(yaml);
    expect(found.map((line) => line.replace(/which is not JSON: .*/, 'which is not JSON: …'))).toEqual([
      "1:1 UNKNOWN_KEY /sevrer 'sevrer' is not a key of the configuration. | Did you mean 'server'?",
      '3:9 OUT_OF_RANGE /server/port server.port must be a whole number from 0 to 65535, not 99999.',
      "4:3 UNKNOWN_KEY /server/hots 'server.hots' is not a key of the configuration. | Did you mean 'host'?",
      '5:9 WRONG_TYPE /server/host server.host must be text, not 1.',
      "6:10 OUT_OF_RANGE /workers workers must be 'auto' or a whole number from 1 to 256, not 0.",
      "7:1 DUPLICATE_KEY /workers The key 'workers' occurs more than once. | Keep one of them.",
      "8:16 INVALID_VALUE /compatibility compatibility must be 'strict' or 'extended', not 'stict'. | Did you mean 'strict'?",
      "9:1 UNKNOWN_KEY /port 'port' is not a key of the configuration. | Did you mean 'server.port'?",
      "10:10 WRONG_TYPE /sources sources must be a mapping, not an empty list.",
      "11:10 WRONG_TYPE /outputs outputs must be a mapping, not 1.",
      "12:12 WRONG_TYPE /schedules schedules must be a mapping, not 'x'.",
      '14:17 OUT_OF_RANGE /limits/payloadBytes limits.payloadBytes must be a whole number from 1 to 268435456, not -1.',
      '15:11 WRONG_TYPE /limits/graceMs limits.graceMs must be a whole number from 0 to 3600000, not empty. | Give it a value, or remove the key: the default is 30000.',
      "16:3 UNKNOWN_KEY /limits/zzzzzzzz 'limits.zzzzzzzz' is not a key of the configuration. | The keys here are maxInFlight, maxInFlightBytes, payloadBytes, blockedMs, poisonAfter, timeoutSeconds, graceMs.",
      "18:3 INVALID_NAME /machines/a b 'a b' cannot be the name of a state machine. | Use 1 to 80 letters, digits, hyphens and underscores.",
      '19:3 MISSING_KEY /machines/c machines.c has no definition. | Add it: definition: ./billing.asl.json',
      '19:24 WRONG_TYPE /machines/c/timeoutSeconds machines.c.timeoutSeconds must be a whole number from 1 to 300, not 1.5.',
      `20:6 MISSING_FILE /machines/d machines.d names ./nope.json, which does not exist. | It would be <at>/nope.json: ${relative}`,
      '21:6 WRONG_TYPE /machines/e machines.e must be text or a mapping, not a list.',
      '22:20 UNREADABLE_FILE /machines/f/definition machines.f.definition names ., which is a folder; a file is needed.',
      '22:36 INVALID_JSON /machines/f/inputSchema machines.f.inputSchema names bad.json, which is not JSON: …',
      '23:6 INVALID_VALUE /machines/g machines.g must be text or a mapping, not empty text.',
      '24:6 UNREADABLE_FILE /machines/h machines.h names a.asl.json/x, which is below something that is not a folder.',
      '25:12 UNREADABLE_FILE /functions functions names ./a.asl.json, which is not a folder.',
    ]);
  });

  it('are told in the message of the error too', () => {
    expect(() => load('prot: 1\nworkers: x\n')).toThrow(
      `${join(at, 'millrace.yaml')}:1:1: 'prot' is not a key of the configuration.\n${join(at, 'millrace.yaml')}:2:10: workers must be 'auto' or a whole number from 1 to 256, not 'x'.`,
    );
  });

  it.each([
    ['a: [1, 2\nb: 3\n', '2:1 YAML_SYNTAX  This is not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ].'],
    ['a: b: c\n', '1:4 YAML_SYNTAX  This is not valid YAML: nested mappings are not allowed in compact mappings.'],
    ['\tserver: 1\n', '1:1 YAML_SYNTAX  This is not valid YAML: tabs are not allowed as indentation.'],
    ['dataDir: !secret x\n', '1:10 YAML_SYNTAX  This is not valid YAML: unresolved tag: !secret.'],
    ['server: *nobody\n', '1:9 YAML_SYNTAX /server No anchor has the name of this alias.'],
    ['? [a]\n: 1\n', '1:3 YAML_SYNTAX  A key has to be text.'],
    ['- 1\n', '1:1 WRONG_TYPE  The configuration must be a mapping, not a list.'],
    ['hello\n', "1:1 WRONG_TYPE  The configuration must be a mapping, not 'hello'."],
  ])('of YAML have their place: %j', (yaml, expected) => {
    expect(mistakes(yaml)[0]).toBe(expected);
  });

  it('of a ${…} without quotes in a flow mapping come with the way out', () => {
    expect(mistakes('server: { port: ${PORT:-8080} }\n')[0]).toContain('1:18 YAML_SYNTAX  This is not valid YAML: ');
    expect(mistakes('server: { port: ${PORT:-8080} }\n')[0]).toContain('| Inside { } and [ ], put texts with ${…} in quotes: { port: "${PORT:-8080}" }.');
  });

  it('of aliases that multiply, or contain themselves, end', () => {
    const bomb = ['a: &a [x, x]', ...'bcdefghijklmnop'.split('').map((name, i) => `${name}: &${name} [*${'abcdefghijklmno'[i]}, *${'abcdefghijklmno'[i]}, *${'abcdefghijklmno'[i]}]`)].join('\n');
    expect(mistakes(bomb).filter((line) => line.includes('aliases'))).toHaveLength(1);
    expect(mistakes('limits: &l\n  maxInFlight: *l\n').some((line) => line.includes('There are more than 100 aliases, or one of them contains itself.'))).toBe(true);
  });

  it('of limits that contradict each other', () => {
    expect(mistakes('limits:\n  maxInFlightBytes: 1000\n')).toEqual([
      '2:21 OUT_OF_RANGE /limits/maxInFlightBytes limits.maxInFlightBytes (1000) is less than limits.payloadBytes (262144): an event could be larger than all that may be in flight.',
    ]);
  });

  it('of a payload limit that strict compatibility does not allow', () => {
    expect(mistakes('compatibility: strict\nlimits:\n  payloadBytes: 262145\n')).toEqual([
      '3:17 OUT_OF_RANGE /limits/payloadBytes limits.payloadBytes (262145) is more than 262144, which strict compatibility holds payloads to, as AWS does.',
    ]);
    expect(mistakes('limits:\n  payloadBytes: 262145\n', { overrides: { compatibility: 'strict' } })).toHaveLength(1);
  });

  it('of the command line are named as on the command line, beside those of the file', () => {
    expect(mistakes('prot: 1\n', { overrides: { port: -1, workers: 0, host: '' } })).toEqual([
      "1:1 UNKNOWN_KEY /prot 'prot' is not a key of the configuration. | The keys here are server, dataDir, compatibility, functions, workers, limits, journal, executions, machines, sources, outputs, schedules, redis.",
      'INVALID_VALUE  --host must be text, not empty text.',
      'OUT_OF_RANGE  --port must be a whole number from 0 to 65535, not -1.',
      "OUT_OF_RANGE  --workers must be 'auto' or a whole number from 1 to 256, not 0.",
    ]);
  });

  it('have columns that count from the start of the line, whatever the line ends with', () => {
    expect(mistakes('# é\r\nserver:\r\n  port: x\r\n')).toEqual(["3:9 WRONG_TYPE /server/port server.port must be a whole number from 0 to 65535, not 'x'."]);
  });
});
