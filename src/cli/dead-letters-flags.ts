import { Option, type Command } from 'commander';
import type * as Commands from './dead-letters.ts';
import { EXIT } from './exit-codes.ts';
import { AFTER_DEAD_LETTERS } from './help-texts.ts';
import { positiveInteger } from './numbers.ts';

type Guarded = (name: string, action: () => Promise<number>) => Promise<void>;

/** As the parser gives them: a list comes as one text. */
interface Parsed extends Omit<Commands.DeadLetterFlags, 'reason'> {
  readonly reason?: readonly string[];
}

/** Adds `dead-letters` and what can be done with them. */
export function addDeadLetters(program: Command, guarded: Guarded): void {
  const letters = program.command('dead-letters').description('look at events that could not be run, put them back, or remove them').addHelpText('after', AFTER_DEAD_LETTERS);
  const command = (usage: string, description: string): Command =>
    letters
      .command(usage)
      .description(description)
      .option('-c, --config <file>', 'configuration')
      .option('-s, --source <name>', 'the dead letters of a source')
      .option('-o, --output <name>', 'the dead letters in an output')
      .option('--file <path>', 'the dead letters in a file')
      .addHelpText('after', AFTER_DEAD_LETTERS)
      .showHelpAfterError(`(millrace dead-letters ${usage.split(' ', 1)[0]} --help says more)`);
  const filtered = (made: Command): Command =>
    made
      .option('--id <ids...>', 'by what list shows as their id')
      .addOption(new Option('--reason <reasons>', 'REJECTED, FAILED, TIMED_OUT, POISON, OUTPUT_REFUSED; several with commas').argParser((text) => text.split(',').map((one) => one.trim())))
      .option('--error <name>', 'error name; * stands for anything')
      .option('--machine <name>', 'state machine')
      .option('--name <name>', 'execution name; * stands for anything')
      .option('--since <time>', 'not before: a time, or how long ago, 2h')
      .option('--until <time>', 'before: a time, or how long ago')
      .addOption(new Option('-n, --limit <n>', 'no more than so many').argParser(positiveInteger));
  const shown = (made: Command): Command => made.addOption(new Option('--format <format>', 'how to say it; text on a terminal, otherwise ndjson').choices(['text', 'ndjson']));
  const changing = (made: Command): Command => made.option('--dry-run', 'say how many it would be, and change nothing').option('-y, --yes', 'do not ask');
  const run = (name: string, action: (commands: typeof Commands, terminal: Commands.Terminal) => Promise<number>): Promise<void> =>
    guarded(`dead-letters ${name}`, async () => {
      const interrupts = watchInterrupts();
      const { cwd, env, stdin, stdout, stderr } = process;
      stdout.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error;
        // `millrace dead-letters list | head` is no fault.
        process.exit(EXIT.done);
      });
      const code = await action(await import('./dead-letters.ts'), { cwd: cwd(), env, stdin, stdout, stderr, interrupted: interrupts.signal });
      return interrupts.code() ?? code;
    });

  shown(filtered(command('list', 'list them'))).action((flags: Parsed) => run('list', ({ listCommand }, terminal) => listCommand(flags, terminal)));
  shown(command('show <id>', 'show everything about one, named by its id or its execution')).action((id: string, flags: Parsed) => run('show', ({ showCommand }, terminal) => showCommand(id, flags, terminal)));
  changing(filtered(command('redrive', 'put their events back to where they came from, to be run again')))
    .option('--to <url>', 'start executions at a Millrace server instead')
    .action((flags: Parsed) => run('redrive', ({ redriveCommand }, terminal) => redriveCommand(flags, terminal)));
  changing(filtered(command('purge', 'remove them for good'))).action((flags: Parsed) => run('purge', ({ purgeCommand }, terminal) => purgeCommand(flags, terminal)));
}

/** The first signal asks for an orderly end, the second one is obeyed at once. */
function watchInterrupts(): { readonly signal: AbortSignal; code(): number | undefined } {
  const controller = new AbortController();
  let code: number | undefined;
  for (const [name, exit] of [['SIGINT', EXIT.interrupted], ['SIGTERM', EXIT.terminated]] as const) {
    process.on(name, () => {
      if (code !== undefined) process.exit(exit);
      code = exit;
      controller.abort();
    });
  }
  return { signal: controller.signal, code: () => code };
}
