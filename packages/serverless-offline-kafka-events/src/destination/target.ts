import { KafkaEventsError } from '../errors.ts';

export interface AwsTarget {
  readonly service: 'sqs' | 'sns' | 's3';
  readonly arn: string;
  readonly region: string;
  readonly account: string;
  /** Name of the queue, topic or bucket. */
  readonly name: string;
}

export type Target = AwsTarget | { readonly service: 'kafka'; readonly topic: string };

/** Resources of the service, by logical id; a destination may be a reference to one. */
export type Resources = Readonly<
  Record<string, { readonly Type?: string; readonly Properties?: Record<string, unknown> }>
>;

const ACCOUNT = '000000000000';
const SERVICES: Record<string, { service: AwsTarget['service']; nameKey: string }> = {
  'AWS::SQS::Queue': { service: 'sqs', nameKey: 'QueueName' },
  'AWS::SNS::Topic': { service: 'sns', nameKey: 'TopicName' },
  'AWS::S3::Bucket': { service: 's3', nameKey: 'BucketName' },
};

/**
 * Reads `OnFailure.Destination`: an ARN, `kafka://<topic>`, or a reference to a resource of this service.
 * @returns `undefined` if the mapping has no destination; an empty string means none (K-48)
 * @throws KafkaEventsError CONFIG_INVALID for a reference to anything else
 */
export const destinationTarget = (
  value: unknown,
  where: string,
  region: string,
  resources: Resources = {},
): Target | undefined => {
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') return fromString(value, region);
  const id = logicalId(value);
  const resource = resources[id];
  const known = SERVICES[resource?.Type ?? ''];
  if (known === undefined) {
    throw new KafkaEventsError(
      'CONFIG_INVALID',
      `${where}: DestinationConfig.OnFailure.Destination is ${JSON.stringify(value)}: must be an ARN, ` +
        'kafka://<topic>, or a reference to an SQS queue, SNS topic or S3 bucket of this service',
    );
  }
  const given = resource?.Properties?.[known.nameKey];
  const name = typeof given === 'string' ? given : id;
  const regionAndAccount = known.service === 's3' ? ':' : `${region}:${ACCOUNT}`;
  return fromString(`arn:aws:${known.service}:${regionAndAccount}:${name}`, region);
};

const fromString = (value: string, region: string): Target => {
  if (value.startsWith('kafka://')) return { service: 'kafka', topic: value.slice('kafka://'.length) };
  const [, , service, arnRegion, account, ...name] = value.split(':');
  return {
    service: service as AwsTarget['service'],
    arn: value,
    region: arnRegion || region,
    account: account || ACCOUNT,
    name: name.join(':'),
  };
};

/** The X of `{Ref: X}`, `{Fn::GetAtt: [X, Arn]}` or `{Fn::GetAtt: 'X.Arn'}`. */
const logicalId = (value: unknown): string => {
  const [inner] = Object.values(value as Record<string, unknown>);
  const first: unknown = Array.isArray(inner) ? inner[0] : inner;
  return typeof first === 'string' ? (first.split('.')[0] ?? '') : '';
};
