import { Kafka, logLevel, type KafkaConfig, type LogEntry } from 'kafkajs';
import { createSocket } from 'kafka-records';
import type { Config } from '../../config/variables.ts';
import type { Logger } from '../../log.ts';

/** TLS and SASL options for `KAFKA_AUTH`. An IAM token is valid for minutes, so each login gets a new one. */
export const credentials = (config: Config): Pick<KafkaConfig, 'ssl' | 'sasl'> => {
  switch (config.KAFKA_AUTH) {
    case 'none':
      return {};
    case 'scram':
      return {
        ssl: true,
        sasl: {
          mechanism: 'scram-sha-512',
          username: config.KAFKA_USERNAME ?? '',
          password: config.KAFKA_PASSWORD ?? '',
        },
      };
    case 'iam':
      return { ssl: true, sasl: { mechanism: 'oauthbearer', oauthBearerProvider: iamToken } };
  }
};

const iamToken = async () => {
  const { generateAuthToken } = await import('aws-msk-iam-sasl-signer-js');
  const { token } = await generateAuthToken({ region: process.env.AWS_REGION ?? '' });
  return { value: token };
};

const forward =
  (log: Logger) =>
  () =>
  ({ level, log: { message, ...fields } }: LogEntry) => {
    // kafkajs logs every error response, also of requests that it retries. Unresolved ones are thrown and logged there.
    if (message.startsWith('Response ')) return;
    const { broker, error, groupId } = fields as Record<string, unknown>;
    log[level === logLevel.ERROR ? 'error' : 'warn'](`kafka: ${message}`, { broker, error, groupId });
  };

/** A kafkajs client for the configured brokers. It connects when first used and keeps trying with short pauses. */
export const createKafka = (config: Config, log: Logger): Kafka =>
  new Kafka({
    clientId: 'emoji-streaming-platform',
    brokers: [...config.KAFKA_BROKERS],
    connectionTimeout: 2000,
    authenticationTimeout: 5000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 5 },
    // Otherwise Node.js prints a MaxListenersExceededWarning while a broker is down.
    socketFactory: createSocket,
    logLevel: logLevel.ERROR,
    logCreator: forward(log),
    ...credentials(config),
  });
