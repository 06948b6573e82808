/** Receives log lines. They hold identifiers, never payloads or secrets. */
export interface Log {
  notice(line: string): void;
  warning(line: string): void;
  error(line: string): void;
  debug(line: string): void;
}

/** Marks the log lines of this package; named after `custom.kafkaEvents`. */
const PREFIX = 'kafka-events: ';

/** Returns a log that puts the prefix in front of each line. */
export const prefixed = (log: Log): Log => ({
  notice: (line) => log.notice(PREFIX + line),
  warning: (line) => log.warning(PREFIX + line),
  error: (line) => log.error(PREFIX + line),
  debug: (line) => log.debug(PREFIX + line),
});
