/** From the chattiest to none at all; each level includes those after it. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/** What every part may log through. A message is one sentence; whatever varies goes into the fields. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Where lines go; process.stderr is one. */
export interface LogStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface LogOptions {
  readonly level?: LogLevel;
  /** json: one object per line. text: for eyes. Chosen by whether the stream is a terminal unless given. */
  readonly format?: 'json' | 'text';
  readonly stream?: LogStream;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

type Writer = (level: LogLevel, message: string, fields: LogFields | undefined) => string;

const nothing = (): void => undefined;

export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * Creates a logger that writes one line per message, to standard error unless told otherwise: standard output is for data.
 * Levels below the threshold cost one call of an empty function.
 */
export function createLog(options: LogOptions = {}): Log {
  const stream: LogStream = options.stream ?? process.stderr;
  const format = options.format ?? (stream.isTTY === true ? 'text' : 'json');
  const colours = format === 'text' && stream.isTTY === true && process.env['NO_COLOR'] === undefined;
  const now = options.now ?? Date.now;
  const line: Writer = format === 'json' ? jsonLine(now) : textLine(now, colours);
  const threshold = LOG_LEVELS.indexOf(options.level ?? 'info');
  const at = (level: LogLevel): Log['info'] =>
    LOG_LEVELS.indexOf(level) < threshold ? nothing : (message, fields) => void stream.write(line(level, message, fields));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function jsonLine(now: () => number): Writer {
  return (level, message, fields) => {
    const head = `{"time":"${new Date(now()).toISOString()}","level":"${level}","message":${JSON.stringify(message)}`;
    let rest = '';
    for (const [key, value] of Object.entries(fields ?? {})) {
      // A field must not appear twice in the line: readers of JSON differ in which of the two they keep.
      const name = key === 'time' || key === 'level' || key === 'message' ? `${key}_` : key;
      const text = asJson(value);
      if (text !== undefined) rest += `,${JSON.stringify(name)}:${text}`;
    }
    return `${head}${rest}}\n`;
  };
}

const COLOURS: Record<LogLevel, string> = { debug: '90', info: '36', warn: '33', error: '31', silent: '0' };

function textLine(now: () => number, colours: boolean): Writer {
  const paint = (code: string, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  return (level, message, fields) => {
    const time = new Date(now()).toISOString().slice(11, 23);
    let rest = '';
    let stack = '';
    for (const [key, value] of Object.entries(fields ?? {})) {
      if (value instanceof Error) {
        rest += ` ${paint('90', `${key}=`)}${asJson(value.message)}`;
        if (value.stack !== undefined) stack += `\n${value.stack}`;
        continue;
      }
      const text = typeof value === 'string' && /^[\w.:/@+-]+$/.test(value) ? value : asJson(value);
      if (text !== undefined) rest += ` ${paint('90', `${key}=`)}${text}`;
    }
    // Control characters in a message could forge lines or move the cursor.
    const shown = message.replaceAll(/\p{Cc}/gu, ' ');
    return `${paint('90', time)} ${paint(COLOURS[level], level.toUpperCase().padEnd(5))} ${shown}${rest}${stack}\n`;
  };
}

/** JSON of any value; errors with their stack, big integers as digits, cycles named. Undefined where JSON has nothing to say. */
function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, plain);
  } catch (error) {
    return JSON.stringify(`(not shown: ${error instanceof Error ? error.message.split('\n', 1)[0] : 'not JSON'})`);
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  const code: unknown = Reflect.get(value, 'code');
  return { name, ...(code === undefined ? {} : { code }), message, stack, ...(cause === undefined ? {} : { cause }) };
}
