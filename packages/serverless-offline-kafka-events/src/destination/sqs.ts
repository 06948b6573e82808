import { clientConfig, delivering, loadClient } from './endpoint.ts';
import { failureRecord } from './failure-record.ts';
import type { FailureOrigin } from './failure-record.ts';
import type { FailureDestination } from './port.ts';
import type { AwsTarget } from './target.ts';

/** One message per discarded batch, without the records (K-48). */
export const sqsDestination = async (
  target: AwsTarget,
  endpoint: string,
  origin: FailureOrigin,
  now: () => number,
): Promise<FailureDestination> => {
  const sdk = await loadClient('@aws-sdk/client-sqs', () => import('@aws-sdk/client-sqs'));
  const client = new sdk.SQSClient(clientConfig(endpoint, target.region, process.env));
  const QueueUrl = `${endpoint.replace(/\/$/, '')}/${target.account}/${target.name}`;
  return {
    name: target.arn,
    send: (discarded) => {
      const MessageBody = JSON.stringify(failureRecord(origin, discarded, now(), false));
      return delivering(target.arn, () => client.send(new sdk.SendMessageCommand({ QueueUrl, MessageBody })));
    },
    close: () => Promise.resolve(client.destroy()),
  };
};
