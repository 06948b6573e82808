import { randomUUID } from 'node:crypto';
import { clientConfig, delivering, loadClient } from './endpoint.ts';
import { failureRecord } from './failure-record.ts';
import type { FailureOrigin } from './failure-record.ts';
import type { FailureDestination } from './port.ts';
import type { AwsTarget } from './target.ts';

/** As AWS documents it for Kinesis (`aws/lambda/<mapping>/<shard>/YYYY/MM/DD/<time>-<uuid>`), but without the shard. */
export const objectKey = (mappingId: string, now: number): string => {
  const [day = '', time = ''] = new Date(now).toISOString().split('T');
  return `aws/lambda/${mappingId}/${day.replaceAll('-', '/')}/${day}T${time.slice(0, 8).replaceAll(':', '.')}-${randomUUID()}`;
};

/** One object per discarded batch, including the whole event (K-51). */
export const s3Destination = async (
  target: AwsTarget,
  endpoint: string,
  origin: FailureOrigin,
  mappingId: string,
  now: () => number,
): Promise<FailureDestination> => {
  const sdk = await loadClient('@aws-sdk/client-s3', () => import('@aws-sdk/client-s3'));
  const client = new sdk.S3Client({ ...clientConfig(endpoint, target.region, process.env), forcePathStyle: true });
  return {
    name: target.arn,
    send: (discarded) => {
      const at = now();
      const Body = JSON.stringify(failureRecord(origin, discarded, at, true));
      const Key = objectKey(mappingId, at);
      return delivering(target.arn, () => client.send(new sdk.PutObjectCommand({ Bucket: target.name, Key, Body })));
    },
    close: () => Promise.resolve(client.destroy()),
  };
};
