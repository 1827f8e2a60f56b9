import { Fault } from './fault.ts';
import type { Frame } from './types.ts';
import { printJson } from './json-text.ts';

/** AWS numbers history events; an EXPRESS execution keeps no history here, so its causes name event 0. */
const UNKNOWN_EVENT_ID = 0;

/**
 * A fault whose cause begins as AWS begins it: with the state that was running. While the input of a Map item or a branch is
 * being made, that is the state of the body around it.
 */
export function stateFault(frame: Frame, error: string, text: string): Fault {
  let running = frame;
  while (running.state < 0 && running.parent !== null) running = running.parent;
  const name = running.program.names[running.state] ?? '';
  return new Fault(error, `An error occurred while executing the state '${name}' (entered at the event id #${UNKNOWN_EVENT_ID}). ${text}`);
}

/** Data as compact JSON for a cause text; what nests too deeply to be printed is elided. */
export function printedJson(value: unknown): string {
  try {
    return printJson(value) ?? 'null';
  } catch {
    return '…';
  }
}
