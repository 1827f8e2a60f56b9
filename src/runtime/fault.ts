import { Fault } from '../asl/fault.ts';

/** Whatever was thrown, as what a workflow raises. A thrown Error is a fault of ours or of an integration, never of the data. */
export function toFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  if (thrown instanceof RangeError && /call stack/i.test(thrown.message)) return new Fault('States.Runtime', 'The state needed more stack than there is: the data or the expression is nested too deeply.');
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new Fault('States.Runtime', `The runtime failed while running the state: ${message}`);
}
