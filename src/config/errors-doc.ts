import { FAULTS, type FaultCode } from '../errors.ts';
import { CONFIG_MISTAKES } from './mistakes.ts';

/** Renders docs/errors.md from the table of faults and the one of a configuration's mistakes. */
export function renderErrorsDoc(): string {
  const faults = Object.entries<FaultCode>(FAULTS).map(([code, { http, retryable, meaning, remedy }]) => `| \`${code}\` | ${http} | ${retryable ? 'yes' : 'no'} | ${cell(meaning)} | ${cell(remedy)} |`);
  const mistakes = Object.entries(CONFIG_MISTAKES).map(([code, meaning]) => `| \`${code}\` | ${cell(meaning)} |`);
  return `# Errors

<!-- Rendered from src/errors.ts and src/config/mistakes.ts by docs/generate.mjs; change it there. -->

## What Millrace raises

HTTP answers are \`{"code", "message"}\`; in the library it is a \`MillraceError\` with the same \`code\`, and \`diagnostics\` where there is a list of mistakes.
Retryable means that the same request may succeed later; the answer then has a Retry-After where a time can be named.

| code | HTTP | retryable | what it means | what to do |
|---|---|---|---|---|
${faults.join('\n')}

What a workflow raises is data, \`{"error", "cause"}\`, with the names of the Amazon States Language (\`States.Timeout\`, …) or those of its functions.

## Mistakes of a configuration

\`INVALID_CONFIG\` lists them all, each with file, line, column and a pointer to the key.

| code | what it means |
|---|---|
${mistakes.join('\n')}
`;
}

/** Text in a table: a pipe would end the cell; angle brackets and stars are no markup. */
const cell = (text: string): string => text.replaceAll(/[|*<>[\]`~\\]/g, '\\$&');
