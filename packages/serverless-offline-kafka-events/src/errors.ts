/** For each error code, whether the error is retriable. Other errors stop the mapping, or prevent the start. */
const RETRIABLE = {
  CONFIG_INVALID: false,
  PEER_MISSING: false,
  CODEC_MISSING: false,
  AUTH_FAILED: false,
  TOPIC_MISSING: true,
  COMMIT_FENCED: true,
  DESTINATION_FAILED: true,
} as const;

export type ErrorCode = keyof typeof RETRIABLE;

/** The error type of this package; `message` says what to do, `cause` is the original error. */
export class KafkaEventsError extends Error {
  readonly code: ErrorCode;
  readonly retriable: boolean;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'KafkaEventsError';
    this.code = code;
    this.retriable = RETRIABLE[code];
  }
}

/** The message of a thrown value, with the messages of its causes. */
export const describeError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const own = error.message || error.name;
  const cause = error.cause instanceof Error ? describeError(error.cause) : '';
  return cause && !own.includes(cause) ? `${own} (${cause})` : own;
};
