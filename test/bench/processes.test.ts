import { describe, expect, it } from 'vitest';
import { serverProcess } from '../../bench/lib/processes.mjs';

const LISTEN = `const server = require('node:http').createServer((request, response) => response.end('yes')).listen(0, '127.0.0.1', () => console.log('at http://127.0.0.1:' + server.address().port))`;

describe('serverProcess', () => {
  it('answers with the address, and ends the process when told', async () => {
    const server = await serverProcess(['-e', LISTEN], { flags: [] });
    expect(await (await fetch(server.address)).text()).toBe('yes');
    await server.close();
    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
  });

  it('rejects with what the process has said when it ends before', async () => {
    await expect(serverProcess(['-e', 'console.error("no port is free"); process.exit(3)'], { flags: [] })).rejects.toThrow(/ended with 3: no port is free/);
  });

  it.runIf(process.platform === 'linux')('tells what the process costs', async () => {
    const busy = await serverProcess(['-e', `for (const until = Date.now() + 300; Date.now() < until; ); ${LISTEN}`], { flags: [] });
    try {
      expect(busy.cpuMs()).toBeGreaterThan(0);
      expect(busy.mainThreadMs()).toBeGreaterThan(0);
      expect(busy.rssBytes()).toBeGreaterThan(10 * 1024 ** 2);
      expect(busy.openFiles()).toBeGreaterThan(3);
    } finally {
      await busy.close();
    }
    expect(busy.rssBytes()).toBeUndefined();
  });
});
