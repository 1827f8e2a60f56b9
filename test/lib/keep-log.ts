import type { Log, LogFields } from '../../src/telemetry/log.ts';

/** A log that keeps what it is told. */
export function keepLog(): Log & { readonly lines: { level: string; message: string; fields: LogFields | undefined }[] } {
  const lines: { level: string; message: string; fields: LogFields | undefined }[] = [];
  const at = (level: string): Log['info'] => (message, fields) => void lines.push({ level, message, fields });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
