/** Where lines go. Identifiers only: never payloads, never secrets. */
export interface Log {
  notice(line: string): void;
  warning(line: string): void;
  error(line: string): void;
  debug(line: string): void;
}

const PREFIX = 'kafka-event-source: ';

/** The same log with this package's name in front of each line. */
export const prefixed = (log: Log): Log => ({
  notice: (line) => log.notice(PREFIX + line),
  warning: (line) => log.warning(PREFIX + line),
  error: (line) => log.error(PREFIX + line),
  debug: (line) => log.debug(PREFIX + line),
});
