import { expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { createTopics } from './create-topics.ts';

const protocolError = (type: string) =>
  new kafkajs.KafkaJSProtocolError(Object.assign(new Error(type), { type, code: 3 }));
/** The error of a kafkajs client whose retries are used up. */
const retriesExceeded = (type: string) => {
  const cause = protocolError(type);
  return new kafkajs.KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 1, retryTime: 100 });
};

/** An admin whose offset requests fail with these errors, one after the other, before they succeed. */
const admin = (...errors: Error[]) => {
  const asked: string[] = [];
  return {
    asked,
    createTopics: () => Promise.resolve(true),
    fetchTopicOffsets: (topic: string) => {
      asked.push(topic);
      const error = errors.shift();
      return error ? Promise.reject(error) : Promise.resolve([]);
    },
  };
};

test.each(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION'])(
  'waits while a partition reports %s, also after the retries of kafkajs',
  async (type) => {
    const broker = admin(protocolError(type), retriesExceeded(type));
    await createTopics(broker, [{ topic: 'a' }, { topic: 'b' }]);
    expect(broker.asked).toEqual(['a', 'a', 'a', 'b']);
  },
);

test('rejects with other errors at once', async () => {
  const error = retriesExceeded('TOPIC_AUTHORIZATION_FAILED');
  await expect(createTopics(admin(error), [{ topic: 'a' }])).rejects.toBe(error);
});

test('rejects after the time limit when a partition is still not ready', async () => {
  const broker = admin(...Array.from({ length: 100 }, () => protocolError('LEADER_NOT_AVAILABLE')));
  await expect(createTopics(broker, [{ topic: 'a' }], 10)).rejects.toThrow('topic a accepts no records yet');
});
