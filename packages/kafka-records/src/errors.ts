/**
 * CODEC_MISSING: install what the message names. RECORDS_CORRUPT: the broker sent bytes that are no records.
 * OFFSETS_MISSING: the topic does not hold them. AUTH_FAILED: the login is refused. BROKER_UNREACHABLE: try again later.
 */
export type RecordsErrorCode =
  | 'CODEC_MISSING'
  | 'RECORDS_CORRUPT'
  | 'OFFSETS_MISSING'
  | 'AUTH_FAILED'
  | 'BROKER_UNREACHABLE';

export class RecordsError extends Error {
  override name = 'RecordsError';
  readonly code: RecordsErrorCode;

  constructor(code: RecordsErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
