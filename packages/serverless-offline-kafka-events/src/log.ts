/** Receives log lines. They hold identifiers, never payloads or secrets. */
export interface Log {
  notice(line: string): void;
  warning(line: string): void;
  error(line: string): void;
  debug(line: string): void;
}

/** The name by which this package goes in logs, as in `custom.kafkaEvents`. */
const PREFIX = 'kafka-events: ';

/** The same log with that name in front of each line. */
export const prefixed = (log: Log): Log => ({
  notice: (line) => log.notice(PREFIX + line),
  warning: (line) => log.warning(PREFIX + line),
  error: (line) => log.error(PREFIX + line),
  debug: (line) => log.debug(PREFIX + line),
});
