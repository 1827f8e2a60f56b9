#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { addDeadLetters } from './dead-letters-flags.ts';
import { EXIT } from './exit-codes.ts';
import { AFTER_ALL, AFTER_RUN, AFTER_START, AFTER_VALIDATE, AFTER_GRAPH, AFTER_TEST_STATE } from './help-texts.ts';
import { addLoad } from './load-flags.ts';
import { positiveInteger, wholeNumber } from './numbers.ts';
import { reportFault, wantsColor } from './output.ts';

/*
 * The command line. Only the parser is loaded here; each command's own modules are loaded when it is chosen, so that one does
 * not wait for what another needs.
 */

const portNumber = (text: string): number => {
  const number = Number(text);
  if (text.trim() === '' || !Number.isInteger(number) || number < 0 || number > 65_535) throw new InvalidArgumentError('A port from 0 to 65535 is needed; 0 takes any that is free.');
  return number;
};

const workersOf = (text: string): number | 'auto' => (text === 'auto' ? 'auto' : positiveInteger(text));

const workersOption = (): Option => new Option('--workers <n>', 'worker threads; auto: as many as there are CPUs').argParser(workersOf);
const strictOption = (): Option => new Option('--strict', 'refuse what AWS refuses on EXPRESS');
const compatibility = (options: { strict?: boolean }): 'strict' | 'extended' => (options.strict === true ? 'strict' : 'extended');

function buildProgram(done: (exitCode: number) => void): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  const program = new Command('millrace')
    .description('Step Functions Express, on your own streams: runs Amazon States Language machines on worker threads.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help, or that of a command')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', AFTER_ALL)
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false, styleTitle: (text) => `\u001b[1m${text}\u001b[0m` })
    .exitOverride();
  /** Adds a command whose mistakes are reported in one way. */
  const command = (usage: string, description: string, help: string): Command =>
    program.command(usage).description(description).addHelpText('after', help).showHelpAfterError(`(millrace ${usage.split(' ', 1)[0]} --help says more)`);
  const guarded = async (name: string, action: () => Promise<number>): Promise<void> => {
    try {
      done(await action());
    } catch (error) {
      done(await reportFault(error, `millrace ${name}`, process.stderr));
    }
  };

  command('run <machine>', 'run one execution for each line of a file or a pipe', AFTER_RUN)
    .option('-i, --input <file>', 'events; - is standard input', '-')
    .option('-o, --output <file>', 'results; - is standard output', '-')
    .option('-f, --functions <folder>', 'folder of the functions')
    .addOption(new Option('-c, --concurrency <n>', 'executions under way at once, at the most (default: 100000)').argParser(positiveInteger))
    .addOption(workersOption())
    .option('--unordered', 'write results as they come')
    .option('--fail-on-error', 'exit with 1 when an execution does not succeed')
    .option('--ndjson', 'every line is an event, even if the first one begins with [')
    .addOption(strictOption())
    .action((file: string, options: RunFlags) =>
      guarded('run', async () => {
        const { runCommand } = await import('./run.ts');
        return runCommand(file, {
          input: options.input,
          output: options.output,
          ...(options.functions === undefined ? {} : { functions: options.functions }),
          ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
          ...(options.workers === undefined ? {} : { workers: options.workers }),
          ordered: options.unordered !== true,
          failOnError: options.failOnError === true,
          linesOnly: options.ndjson === true,
          compatibility: compatibility(options),
        });
      }),
    );

  command('start', 'serve state machines over HTTP', AFTER_START)
    .option('-c, --config <file>', 'configuration')
    .addOption(new Option('-p, --port <n>', 'port to listen on').argParser(portNumber))
    .option('--host <address>', 'address to listen on')
    .option('--data-dir <folder>', 'folder of the journal')
    .addOption(workersOption())
    .addOption(strictOption())
    .action((options: StartFlags) =>
      guarded('start', async () => {
        const { startCommand } = await import('./start.ts');
        return startCommand({
          ...(options.config === undefined ? {} : { config: options.config }),
          ...(options.port === undefined ? {} : { port: options.port }),
          ...(options.host === undefined ? {} : { host: options.host }),
          ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
          ...(options.workers === undefined ? {} : { workers: options.workers }),
          ...(options.strict === true ? { compatibility: 'strict' as const } : {}),
        });
      }),
    );

  command('validate <file...>', 'say what is wrong with definitions, all of it and where', AFTER_VALIDATE)
    .addOption(new Option('--format <format>', 'how to say it').choices(['text', 'json', 'github']).default('text'))
    .addOption(strictOption())
    .action((files: string[], options: { format: 'text' | 'json' | 'github'; strict?: boolean }) =>
      guarded('validate', async () => {
        endQuietlyWithReader();
        const { validateCommand } = await import('./validate.ts');
        const { stdout, stderr } = process;
        return validateCommand(files, { format: options.format, compatibility: compatibility(options), stdout, stderr, color: wantsColor(stdout) });
      }),
    );

  command('test-state <file>', 'run one state alone, with a mock in place of its task if need be', AFTER_TEST_STATE)
    .option('-s, --state <name>', 'a state of the machine in the file, also within a Parallel or Map')
    .option('-i, --input <input>', 'a file, JSON text, or - for standard input', '{}')
    .addOption(new Option('-l, --level <level>', 'how much is shown').choices(['info', 'debug', 'trace']).default('info'))
    .option('--mock-result <json>', 'what the task, or the branches or iterations, would answer')
    .option('--mock-error <error:cause>', 'the error that they would raise')
    .option('--variables <json>', 'variables that are set before')
    .option('--context <json>', 'the context object; with a mock only')
    .addOption(new Option('--retry-count <n>', 'how often the Retry that takes the error has been used').argParser(wholeNumber))
    .option('-f, --functions <folder>', 'folder of the functions')
    .addOption(strictOption())
    .action((file: string, options: TestStateFlags) =>
      guarded('test-state', async () => {
        endQuietlyWithReader();
        const { testStateCommand } = await import('./test-state.ts');
        return testStateCommand(file, {
          input: options.input,
          level: options.level.toUpperCase() as 'INFO' | 'DEBUG' | 'TRACE',
          ...(options.state === undefined ? {} : { state: options.state }),
          ...(options.mockResult === undefined ? {} : { mockResult: options.mockResult }),
          ...(options.mockError === undefined ? {} : { mockError: options.mockError }),
          ...(options.variables === undefined ? {} : { variables: options.variables }),
          ...(options.context === undefined ? {} : { context: options.context }),
          ...(options.retryCount === undefined ? {} : { retryCount: options.retryCount }),
          ...(options.functions === undefined ? {} : { functions: options.functions }),
          compatibility: compatibility(options),
          stdout: process.stdout,
        });
      }),
    );

  addDeadLetters(program, guarded);
  addLoad(program, guarded);

  command('graph <file>', 'draw a definition', AFTER_GRAPH)
    .addOption(new Option('--format <format>', 'language of the drawing').choices(['mermaid', 'dot']).default('mermaid'))
    .action((file: string, options: { format: 'mermaid' | 'dot' }) =>
      guarded('graph', async () => {
        endQuietlyWithReader();
        const { graphCommand } = await import('./graph-command.ts');
        return graphCommand(file, options.format);
      }),
    );
  return program;
}

interface TestStateFlags {
  readonly state?: string;
  readonly input: string;
  readonly level: 'info' | 'debug' | 'trace';
  readonly mockResult?: string;
  readonly mockError?: string;
  readonly variables?: string;
  readonly context?: string;
  readonly retryCount?: number;
  readonly functions?: string;
  readonly strict?: boolean;
}

interface RunFlags {
  readonly input: string;
  readonly output: string;
  readonly functions?: string;
  readonly concurrency?: number;
  readonly workers?: number | 'auto';
  readonly unordered?: boolean;
  readonly failOnError?: boolean;
  readonly ndjson?: boolean;
  readonly strict?: boolean;
}

interface StartFlags {
  readonly config?: string;
  readonly port?: number;
  readonly host?: string;
  readonly dataDir?: string;
  readonly workers?: number | 'auto';
  readonly strict?: boolean;
}

/** `millrace graph x | head` is no fault. */
function endQuietlyWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.done);
  });
}

async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = buildProgram((code) => (exitCode = code));
  if (argv.length <= 2) {
    program.outputHelp({ error: true });
    return EXIT.usage;
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    // The parser has said what is wrong; help and version end here too, with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    throw error;
  }
  return exitCode;
}

process.exitCode = await main(process.argv);
