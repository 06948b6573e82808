import type { Broker } from '../broker/port.ts';
import { endpointOf } from './endpoint.ts';
import type { FailureOrigin } from './failure-record.ts';
import { folderDestination } from './folder.ts';
import { kafkaDestination } from './kafka.ts';
import type { FailureDestination } from './port.ts';
import { s3Destination } from './s3.ts';
import { snsDestination } from './sns.ts';
import { sqsDestination } from './sqs.ts';
import type { Target } from './target.ts';

export interface DestinationDeps {
  readonly broker: Pick<Broker, 'send'>;
  readonly origin: FailureOrigin;
  /** Part of the keys of S3 objects. AWS uses the mapping's UUID; here it is the consumer group. */
  readonly mappingId: string;
  /** Used for SQS, SNS and S3 if the environment names no endpoint. */
  readonly failureFolder: string;
  readonly now: () => number;
}

/** @throws KafkaEventsError PEER_MISSING if the AWS client that the destination needs is not installed */
export const failureDestination = async (target: Target, deps: DestinationDeps): Promise<FailureDestination> => {
  const { broker, origin, mappingId, failureFolder, now } = deps;
  if (target.service === 'kafka') return kafkaDestination(target.topic, broker, origin, now);
  const endpoint = endpointOf(target.service, process.env);
  if (endpoint === undefined) return folderDestination(failureFolder, target, origin, mappingId, now);
  switch (target.service) {
    case 'sqs':
      return sqsDestination(target, endpoint, origin, now);
    case 'sns':
      return snsDestination(target, endpoint, origin, now);
    case 's3':
      return s3Destination(target, endpoint, origin, mappingId, now);
  }
};
