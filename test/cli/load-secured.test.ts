import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasOpenssl, PASSWORD, secured } from '../lib/secured-kafka.ts';
import { describeWith } from '../lib/services.ts';
import { createTopic } from '../lib/topics.ts';
import { millrace } from './millrace.ts';

await describeWith(['kafka'], 'millrace load over TLS', () => {
  let folder: string;
  let broker: Awaited<ReturnType<typeof secured>>;
  beforeAll(async () => {
    if (!hasOpenssl) return;
    folder = mkdtempSync(join(tmpdir(), 'millrace-load-tls-'));
    broker = await secured(folder);
  }, 300_000);
  afterAll(async () => {
    await broker?.kafka.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  it.runIf(hasOpenssl)('produces with SASL, and says which of password and certificate is wrong', async () => {
    const topic = await createTopic(broker.kafka.brokers, 'load-secured');
    const load = (password: string, ...flags: string[]) => millrace(['load', 'kafka', '--brokers', `127.0.0.1:${broker.port}`, '--topic', topic, '--count', '20', '--sasl', 'scram-sha-256', '--username', 'ada', ...flags], { env: { MILLRACE_LOAD_PASSWORD: password } });
    const ca = ['--tls-ca', join(folder, 'cert.pem')];
    expect(await load(PASSWORD, ...ca)).toMatchObject({ code: 0, stdout: expect.stringContaining('20 sent, 20 ok') as string });
    expect(await load(PASSWORD, '--tls-insecure')).toMatchObject({ code: 0 });
    expect(await load('wrong', ...ca)).toMatchObject({ code: 1, stderr: expect.stringMatching(/cannot be used: .*(authentication|credentials)/i) as string });
    expect(await load(PASSWORD, '--tls')).toMatchObject({ code: 1, stderr: expect.stringMatching(/cannot be used: .*certificate/i) as string });
  });

  it.runIf(hasOpenssl)('starts executions over HTTPS', async () => {
    const [key, cert] = [readFileSync(join(folder, 'key.pem'), 'utf8'), readFileSync(join(folder, 'cert.pem'), 'utf8')];
    const server = createServer({ key, cert }, (request, response) => request.resume().on('end', () => response.writeHead(request.headers.authorization === 'Bearer x' ? 202 : 401).end('{}'))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
    const load = (...flags: string[]) => millrace(['load', 'http', '--url', url, '--machine', 'm', '--count', '20', ...flags]);
    expect(await load('--tls-ca', join(folder, 'cert.pem'), '--header', 'Authorization: Bearer x')).toMatchObject({ code: 0, stdout: expect.stringContaining('20 sent, 20 ok') as string });
    expect(await load('--tls-insecure')).toMatchObject({ code: 1, stdout: expect.stringContaining('401: 20') as string });
    expect(await load()).toMatchObject({ code: 1, stderr: expect.stringMatching(/Nothing answers at https.*certificate/i) as string });
    server.closeAllConnections();
    server.close();
  });
});
