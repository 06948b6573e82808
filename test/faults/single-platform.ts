import { join } from 'node:path';
import { startRedisPair } from '../support/redis-pair.ts';
import { clocksFor } from './clock.ts';
import { startIngestHost } from './ingest-host.ts';
import { assemble, LIMITS, startBroker, startFunctions, type FaultPlatform } from './platform.ts';

/** The platform with one broker and a Redis with one replica, each behind a proxy. */
export const startSinglePlatform = (log: (line: string) => void = () => {}): Promise<FaultPlatform> =>
  assemble(async (undo) => {
    const clocks = await clocksFor(['functions', 'redis', 'ingest']);
    if (clocks) undo(clocks.remove);
    const broker = await startBroker(undo, log);
    const pair = await startRedisPair(clocks ? { wrap: clocks.wrap('redis') } : {});
    undo(pair.stop);
    const services = { KAFKA_BROKERS: `127.0.0.1:${broker.link.port}`, REDIS_URL: pair.url };
    const functions = await startFunctions(undo, { ...services, ...clocks?.env('functions') }, [
      broker.service.start(),
    ]);
    const ingest = clocks && (await startIngestHost({ ...LIMITS, ...services, ...clocks.env('ingest') }));
    if (ingest) undo(ingest.stop);
    return {
      ...functions,
      broker: broker.service,
      ...(broker.disk ? { disk: broker.disk } : {}),
      ...(clocks ? { clocks: clocks.of } : {}),
      ...(ingest ? { ingest } : {}),
      links: { kafka: broker.link, redis: pair.entrance },
      pair,
      redisServer: {
        kill: (signal) => pair.primary.service.kill(signal),
        start: () => pair.primary.service.start(),
      },
      get appendOnlyFile() {
        return join(pair.primary.folder, 'appendonly.aof');
      },
      get redis() {
        return pair.primary.redis;
      },
      kafkaBrokers: broker.brokers,
      output: () => `${functions.output()}\n${broker.output()}`,
    };
  });
