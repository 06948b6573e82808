import type { Kafka } from 'kafkajs';

const WITHIN_MS = 2000;

/** Resolves when a broker answers a request for its metadata, over a connection of its own that tells the truth. */
export const brokerCheck = (kafka: Kafka) => async (): Promise<void> => {
  const admin = kafka.admin({ retry: { retries: 0 } });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${WITHIN_MS} ms`)), WITHIN_MS);
  });
  const asked = admin.connect().then(() => admin.describeCluster());
  try {
    await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
    // Whatever is left of the question must not end the process, nor keep its connection.
    asked.catch(() => undefined).finally(() => admin.disconnect().catch(() => undefined));
  }
};
