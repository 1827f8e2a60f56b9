import { register } from 'node:module';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Redirects } from './module-versions.ts';

/** Runs on the thread that Node keeps for hooks; it sees this text only. */
const HOOK = `
let redirects = new Map();
export function initialize({ port }) {
  port.on('message', (update) => {
    redirects = update;
    port.postMessage(null);
  });
  port.unref();
}
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  const url = redirects.get(context.parentURL)?.get(resolved.url);
  return url === undefined ? resolved : { ...resolved, url };
}`;

let hook: MessagePort | undefined;

/** Lets imports go where the table says from now on. The hook is there from the first call on: it costs a thread. */
export async function redirectImports(redirects: Redirects): Promise<void> {
  if (hook === undefined) {
    const { port1, port2 } = new MessageChannel();
    register(`data:text/javascript,${encodeURIComponent(HOOK)}`, { data: { port: port2 }, transferList: [port2] });
    hook = port1;
  }
  const port = hook;
  port.ref();
  // Sent and answered before the import that needs it: the hook's thread has it by then.
  const known = new Promise((resolve) => port.once('message', resolve));
  port.postMessage(redirects);
  await known;
  port.unref();
}
