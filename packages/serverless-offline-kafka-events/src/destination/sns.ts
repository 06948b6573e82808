import { clientConfig, delivering, loadClient } from './endpoint.ts';
import { failureRecord } from './failure-record.ts';
import type { FailureOrigin } from './failure-record.ts';
import type { FailureDestination } from './port.ts';
import type { AwsTarget } from './target.ts';

/** One notification per discarded batch, without the records (K-48). */
export const snsDestination = async (
  target: AwsTarget,
  endpoint: string,
  origin: FailureOrigin,
  now: () => number,
): Promise<FailureDestination> => {
  const sdk = await loadClient('@aws-sdk/client-sns', () => import('@aws-sdk/client-sns'));
  const client = new sdk.SNSClient(clientConfig(endpoint, target.region, process.env));
  return {
    name: target.arn,
    send: (discarded) => {
      const Message = JSON.stringify(failureRecord(origin, discarded, now(), false));
      return delivering(target.arn, () => client.send(new sdk.PublishCommand({ TopicArn: target.arn, Message })));
    },
    close: () => Promise.resolve(client.destroy()),
  };
};
