import { createSocket } from '#kafka-records';
import kafkajs from '#kafkajs';
import type { Admin, KafkaConfig, Producer } from 'kafkajs';
import { decodeFetchResponses } from './kafkajs-fetch.ts';
import { createTopics } from './kafkajs-topics.ts';
import { KafkajsConsumer } from './kafkajs-consumer.ts';
import type { Broker, Security } from './port.ts';
import type { Log } from '../log.ts';

/** Set explicitly, because kafkajs warns about its changed default otherwise. */
const { DefaultPartitioner } = kafkajs.Partitioners;

export interface KafkajsOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly log: Log;
  readonly security?: Security;
}

/** Implements `Broker` with kafkajs. The admin and the producer connect when they are first used. */
export const kafkajsBroker = ({ brokers, clientId, log, security = {} }: KafkajsOptions): Broker => {
  decodeFetchResponses();
  const client = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    ...toConfig(security),
    connectionTimeout: 3_000,
    socketFactory: createSocket,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 },
    logLevel: kafkajs.logLevel.WARN,
    // The events of kafkajs carry the same information, so its own log lines are shown with --verbose only.
    logCreator:
      () =>
      ({ namespace, log: entry }) =>
        log.debug(`kafkajs ${namespace}: ${entry.message}`),
  });
  let admin: Promise<Admin> | undefined;
  let producer: Promise<Producer> | undefined;

  const connectedAdmin = (): Promise<Admin> => {
    admin ??= connect(client.admin()).catch((error: unknown) => {
      admin = undefined;
      throw error;
    });
    return admin;
  };
  const connectedProducer = (): Promise<Producer> => {
    producer ??= connect(
      client.producer({ allowAutoTopicCreation: false, createPartitioner: DefaultPartitioner }),
    ).catch((error: unknown) => {
      producer = undefined;
      throw error;
    });
    return producer;
  };

  return {
    bootstrapServers: brokers.join(','),
    consumer: (options) => new KafkajsConsumer(client, connectedAdmin, options),
    createTopics: async (topics) => createTopics(await connectedAdmin(), topics),
    send: async (topic, records) => {
      const connected = await connectedProducer();
      await connected.send({
        topic,
        acks: -1,
        messages: records.map(({ key, value }) => ({
          key: key === null ? null : Buffer.from(key),
          value: Buffer.from(value),
          timestamp: String(Date.now()),
        })),
      });
    },
    close: async () => {
      const open = await Promise.allSettled([admin, producer]);
      await Promise.all(open.map((it) => (it.status === 'fulfilled' ? it.value?.disconnect() : undefined)));
      admin = producer = undefined;
    },
  };
};

const toConfig = ({ tls, sasl }: Security): Pick<KafkaConfig, 'ssl' | 'sasl'> => ({
  ...(tls === undefined ? {} : { ssl: Object.keys(tls).length > 0 ? { ...tls } : true }),
  ...(sasl === undefined ? {} : { sasl: { ...sasl } as NonNullable<KafkaConfig['sasl']> }),
});

const connect = async <T extends { connect(): Promise<void> }>(it: T): Promise<T> => {
  await it.connect();
  return it;
};
