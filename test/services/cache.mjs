import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what was downloaded, and the state of the services, is kept: outside the source tree. */
export const cacheFolder = (env = process.env) => join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'millrace');
