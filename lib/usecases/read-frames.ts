import { decodeRecords, type Decoded } from '../domain/decode.ts';
import { frameRecordSchema, type Frame } from '../domain/frame.ts';
import type { StreamRecord } from '../domain/stream.ts';
import type { Logger } from '../log.ts';
import type { RecordLog } from '../ports.ts';
import { setAside } from './dead-letters.ts';

/** Decodes frames. Invalid records are written to the dead-letter topic. */
export const readFrames = async (
  { records, log }: { records: RecordLog; log: Logger },
  batch: readonly StreamRecord[],
): Promise<Decoded<Frame>[]> => {
  const { decoded, rejected } = decodeRecords(batch, frameRecordSchema);
  await setAside(records, log, rejected);
  return decoded.flatMap(({ record, value }) => (value === undefined ? [] : [{ record, value }]));
};
