import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, KafkaEventsError } from '../errors.ts';
import { failureRecord } from './failure-record.ts';
import type { FailureOrigin } from './failure-record.ts';
import type { FailureDestination } from './port.ts';
import { objectKey } from './s3.ts';
import type { AwsTarget } from './target.ts';

/** Used for SQS, SNS and S3 if no endpoint is configured: writes each message to a file, as the JSON that AWS sends. */
export const folderDestination = (
  folder: string,
  target: AwsTarget,
  origin: FailureOrigin,
  mappingId: string,
  now: () => number,
): FailureDestination => {
  const root = join(folder, target.service, target.name);
  return {
    name: `${target.arn} (local folder ${root})`,
    send: async (discarded) => {
      const at = now();
      const record = failureRecord(origin, discarded, at, target.service === 's3');
      const path = join(root, target.service === 's3' ? objectKey(mappingId, at) : `${at}-${randomUUID()}.json`);
      try {
        await mkdir(join(path, '..'), { recursive: true });
        await writeFile(path, JSON.stringify(record));
      } catch (cause) {
        throw new KafkaEventsError('DESTINATION_FAILED', `${path}: ${describeError(cause)}`, { cause });
      }
    },
    close: () => Promise.resolve(),
  };
};
