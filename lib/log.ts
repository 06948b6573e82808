/** Structured logs: identifiers, never payloads or secrets. */
export interface Logger {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  /** The same log with the name of a function in every line. */
  child(fn: string): Logger;
  /** The same log with these fields in every line. */
  with(fields: Record<string, unknown>): Logger;
}

export const LOG_LEVELS = ['info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A refused connection to a name with two addresses has a code but no message. */
const describe = (value: unknown): unknown => {
  if (!(value instanceof Error)) return value;
  const { name, message, code, cause } = value as NodeJS.ErrnoException;
  return { name, message, ...(code ? { code } : {}), ...(cause ? { cause: describe(cause) } : {}) };
};

/** One JSON object per line on standard output or error, which CloudWatch Logs Insights reads as fields. */
export const createLogger = (level: LogLevel, bound: Record<string, unknown> = {}): Logger => {
  const from = LOG_LEVELS.indexOf(level);
  const write = (at: LogLevel, message: string, fields: Record<string, unknown> = {}) => {
    if (LOG_LEVELS.indexOf(at) < from) return;
    const line = { level: at, time: new Date().toISOString(), message, ...bound, ...fields };
    (at === 'info' ? process.stdout : process.stderr).write(
      `${JSON.stringify(line, (_key, value) => describe(value))}\n`,
    );
  };
  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    child: (fn) => createLogger(level, { ...bound, function: fn }),
    with: (fields) => createLogger(level, { ...bound, ...fields }),
  };
};
