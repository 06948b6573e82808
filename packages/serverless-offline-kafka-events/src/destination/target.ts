import { KafkaEventsError } from '../errors.ts';

export interface AwsTarget {
  readonly service: 'sqs' | 'sns' | 's3';
  readonly arn: string;
  readonly region: string;
  readonly account: string;
  /** Of the queue, the topic or the bucket. */
  readonly name: string;
}

export type Target = AwsTarget | { readonly service: 'kafka'; readonly topic: string };

/** Resources of the service, for destinations that are references to them. */
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
 * What `OnFailure.Destination` names: an ARN, `kafka://<topic>`, or a reference to a resource of this service.
 * `undefined` when there is none; an empty string removes it (K-48).
 * @throws KafkaEventsError CONFIG_INVALID for a reference to something else
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
      `${where}: DestinationConfig.OnFailure.Destination is ${JSON.stringify(value)}: must be an ARN, kafka://<topic>, ` +
        'or a reference to a queue, a topic or a bucket of this service',
    );
  }
  const given = resource?.Properties?.[known.nameKey];
  const name = typeof given === 'string' ? given : id;
  const place = known.service === 's3' ? ':' : `${region}:${ACCOUNT}`;
  return fromString(`arn:aws:${known.service}:${place}:${name}`, region);
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

/** Of `{Ref: X}`, `{Fn::GetAtt: [X, Arn]}` or `{Fn::GetAtt: 'X.Arn'}`. */
const logicalId = (value: unknown): string => {
  const [inner] = Object.values(value as Record<string, unknown>);
  const first: unknown = Array.isArray(inner) ? inner[0] : inner;
  return typeof first === 'string' ? (first.split('.')[0] ?? '') : '';
};
