import { hash } from 'node:crypto';

const MOST = 80;
const DIGEST = 12;
const PLAIN = /^[A-Za-z0-9_-]+$/;

/**
 * The execution name of an event: where it comes from and its own id, `jobs-17`. What cannot stand in a name becomes a hyphen,
 * and what does not fit is cut off; a digest of both parts then keeps the names of different events apart.
 */
export function executionName(place: string, id: string): string {
  const name = `${place}-${id}`;
  if (name.length <= MOST && PLAIN.test(name)) return name;
  const digest = hash('sha1', `${place}\n${id}`).slice(0, DIGEST);
  return `${name.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, MOST - DIGEST - 1)}-${digest}`;
}
