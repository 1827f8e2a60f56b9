import type { MessagePort } from 'node:worker_threads';
import { InstalledMachines } from './machine.ts';
import { type Failure, HALT, type Open, type Task } from './messages.ts';
import { Runner } from './runner.ts';
import { Arena } from './wire.ts';

/** The thread entry: piscina calls the function below for each task, in the order in which the lane sent them. */

interface Session {
  readonly machines: InstalledMachines;
  readonly runner: Runner;
  readonly arenas: readonly Arena[];
}

let session: Session | undefined;

function open(message: Open): null {
  const port: MessagePort = message.port;
  const machines = new InstalledMachines();
  const runner = new Runner({
    machines,
    control: new Int32Array(message.control),
    payloadBytes: message.payloadBytes,
    arn: message.arn,
    postLate: (late) => port.postMessage(late),
  });
  // Whoever can answer is not blocked.
  port.on('message', (question: null | typeof HALT) => {
    if (question === HALT) runner.halt();
    port.postMessage(question);
  });
  // The port alone must not keep a thread alive that piscina lets go.
  port.unref();
  session = { machines, runner, arenas: message.arenas.map((shared) => new Arena(shared, message.maxEvents)) };
  return null;
}

export default function work(task: Task): string | null | Promise<Failure> {
  if (typeof task === 'object' && 'kind' in task && task.kind === 'open') return open(task);
  if (session === undefined) throw new Error('The first task of a worker opens its session.');
  if (typeof task === 'number') return session.runner.run(session.arenas[task] as Arena);
  if ('arena' in task) return session.runner.run(new Arena(task.arena, task.maxEvents));
  if (task.kind === 'install') return session.machines.install(task);
  if (task.kind === 'retire') session.machines.retire(task.id);
  else if (task.kind === 'cancel') session.runner.cancel(task.tickets);
  else session.runner.close();
  return null;
}
