import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { millrace, resultLines, ROOT, type Finished, type ResultLine } from '../cli/millrace.ts';

interface Account {
  readonly account: string;
  readonly plan: 'basic' | 'team' | 'enterprise';
  readonly country: 'DE' | 'FR' | 'IT' | 'US' | 'JP';
  readonly status: string;
  readonly card: string;
  readonly usage: readonly { readonly item: 'calls' | 'storage' | 'seats'; readonly units: number }[];
}

const ACCOUNTS = 5000;
let folder: string;
let finished: Finished;
let accounts: Account[];
let results: ResultLine[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-billing-'));
  const [input, out] = [join(folder, 'accounts.ndjson'), join(folder, 'invoices.ndjson')];
  execFileSync(process.execPath, ['examples/billing/make-accounts.mjs', input, String(ACCOUNTS)], { cwd: ROOT, stdio: 'ignore' });
  accounts = readFileSync(input, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Account);
  finished = await millrace(['run', 'examples/billing/billing.asl.json', '--input', input, '--output', out, '--concurrency', '1000']);
  results = resultLines(readFileSync(out, 'utf8'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What must become of an account, from its own fields. */
function fate({ status, usage, card }: Account): string {
  if (status === 'closed') return 'Billing.AccountClosed';
  if (usage.length === 0) return 'nothing';
  return { declined: 'Billing.CardDeclined', dead: 'Billing.GatewayDown', flaky: 'paid at the second attempt', good: 'paid' }[card] ?? '';
}

function outcome({ status, output, error }: ResultLine): string {
  if (status !== 'SUCCEEDED') return error ?? '';
  if (output.paid !== true) return 'nothing';
  return output.attempts === 2 ? 'paid at the second attempt' : 'paid';
}

describe('examples/billing', () => {
  it('ends every account as its own fields say', () => {
    expect(results.map(({ index }) => index)).toEqual(accounts.map((_, i) => i));
    expect(results.map(outcome)).toEqual(accounts.map(fate));
    const kinds = new Set(accounts.map(fate));
    expect([...kinds].toSorted()).toEqual(['Billing.AccountClosed', 'Billing.CardDeclined', 'Billing.GatewayDown', 'nothing', 'paid', 'paid at the second attempt']);
  });

  it('counts them on the final line, and a failed account is no failure of the run', () => {
    const failed = accounts.filter((account) => fate(account).startsWith('Billing.')).length;
    expect(finished.stderr).toContain(`${ACCOUNTS} executions: ${ACCOUNTS - failed} succeeded, ${failed} failed, 0 timed out in `);
    expect(finished.code).toBe(0);
  });

  it('adds up every invoice', () => {
    const cents = { basic: [40, 9, 900_000, 1000], team: [32, 8, 750_000, 5000], enterprise: [21, 6, 600_000, 50_000] } as const;
    const tax = { DE: 0.19, FR: 0.2, IT: 0.22, US: 0, JP: 0.1 };
    for (const [i, { plan, country, usage }] of accounts.entries()) {
      const { status, output } = results[i]!;
      if (status !== 'SUCCEEDED' || output.paid !== true) continue;
      const [calls, storage, seats, free] = cents[plan];
      let net = 0;
      for (const { item, units } of usage) {
        if (item === 'seats') net += Math.round((units * seats) / 1000);
        else net += Math.round((Math.max(0, units - free) * (item === 'calls' ? calls : storage)) / 1000);
      }
      expect(output.netCents).toBe(net);
      expect(Math.abs((output.totalCents as number) - net * (1 + tax[country]))).toBeLessThanOrEqual(0.5 + 1e-6);
      expect(output.totalCents).toBe(output.netCents + output.taxCents);
      expect(output.chargeId).toBe(`ch-billing-${i}`);
    }
  });

  it('names the account in the cause of a failure', () => {
    for (const [i, { status, cause }] of results.entries()) if (status === 'FAILED') expect(cause).toContain(accounts[i]!.account);
  });
});
