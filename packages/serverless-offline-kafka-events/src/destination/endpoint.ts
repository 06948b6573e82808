import { describeError, KafkaEventsError } from '../errors.ts';
import type { AwsTarget } from './target.ts';

/** `AWS_ENDPOINT_URL_SQS`, `_SNS` and `_S3` take precedence over `AWS_ENDPOINT_URL`, as in the SDK. */
export const endpointOf = (service: AwsTarget['service'], env: NodeJS.ProcessEnv): string | undefined =>
  env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? env['AWS_ENDPOINT_URL'];

/** Emulators require a signature but do not verify it, so without credentials in the environment, any are used. */
export const clientConfig = (
  endpoint: string,
  region: string,
  env: NodeJS.ProcessEnv,
): { endpoint: string; region: string; credentials?: { accessKeyId: string; secretAccessKey: string } } => ({
  endpoint,
  region,
  ...(env['AWS_ACCESS_KEY_ID'] ? {} : { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
});

/** @throws KafkaEventsError PEER_MISSING with the command that installs the client */
export const loadClient = async <T>(name: string, load: () => Promise<T>): Promise<T> => {
  try {
    return await load();
  } catch (cause) {
    throw new KafkaEventsError('PEER_MISSING', `the on-failure destination needs \`npm install ${name}\``, { cause });
  }
};

/** @throws KafkaEventsError DESTINATION_FAILED */
export const delivering = async (arn: string, send: () => Promise<unknown>): Promise<void> => {
  try {
    await send();
  } catch (cause) {
    throw new KafkaEventsError('DESTINATION_FAILED', `${arn}: ${describeError(cause)}`, { cause });
  }
};
