/**
 * CODEC_MISSING: a package must be installed, see the message. RECORDS_CORRUPT: the broker sent invalid bytes.
 * OFFSETS_MISSING: the topic lacks the offsets. AUTH_FAILED: the login was rejected. BROKER_UNREACHABLE: retry later.
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
