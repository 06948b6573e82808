import type { Broker } from '../broker/port.ts';

/** Returns the broker with consumers that call `failed` when they stop with an error. */
export const watchFailures = (broker: Broker, failed: () => void): Broker => ({
  ...broker,
  consumer: (options) => {
    const consumer = broker.consumer(options);
    return {
      start: (listener) =>
        consumer.start({
          ...listener,
          failed: (error) => {
            listener.failed(error);
            failed();
          },
        }),
      pause: (partition) => consumer.pause(partition),
      resume: (partition) => consumer.resume(partition),
      commit: (offsets) => consumer.commit(offsets),
      stop: () => consumer.stop(),
    };
  },
});
