import { appendFileSync } from 'node:fs';
import type { Verdict } from './ledger.ts';

/** Prints the line that the suite owes for a fault, also into the file that MILLRACE_FAULTS_REPORT names. */
export function report(fault: string, { sent, duplicates, missing }: Pick<Verdict, 'sent' | 'duplicates' | 'missing'>, recoveryMs: number | undefined, more = ''): void {
  const line = `${fault}: ${sent} sent, ${missing.length} lost, ${duplicates} repeated${recoveryMs === undefined ? '' : `, recovered in ${(recoveryMs / 1000).toFixed(1)} s`}${more === '' ? '' : `; ${more}`}\n`;
  process.stdout.write(line);
  const file = process.env['MILLRACE_FAULTS_REPORT'];
  if (file !== undefined) appendFileSync(file, line);
}
