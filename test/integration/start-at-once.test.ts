import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { claimDataDir, type DataDir } from '../../infra/local/data-dir.ts';
import { functionsService } from '../../infra/local/functions.ts';
import { type LocalInfra, startLocalInfra } from '../../infra/local/index.ts';
import { ensureJars, kafkaVersion } from '../../infra/local/jars.ts';
import { kafkaService } from '../../infra/local/kafka.ts';
import { anyFreePort } from '../../infra/local/ports.ts';
import { findRedis, redisService } from '../../infra/local/redis.ts';
import { temporaryFolders } from '../support/folder.ts';
import { kafkaFor, withAdmin } from '../support/kafka.ts';
import { setupErrorOf } from '../support/setup-error.ts';

const folder = temporaryFolders();
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const act of undo.splice(0).reverse()) await act();
});

const start = async (kafkaPort: number, redisPort: number): Promise<LocalInfra> => {
  const infra = await startLocalInfra({ dataDir: folder(), kafkaPort, redisPort, env: {} });
  undo.push(() => infra.stop());
  return infra;
};
const claimed = async (): Promise<DataDir> => {
  const dir = await claimDataDir(folder());
  undo.push(() => dir.release());
  return dir;
};

test('of two simultaneous starts with the same ports, one succeeds, and its services are not used by others', async () => {
  const [kafkaPort, redisPort] = [await anyFreePort(), await anyFreePort()];
  const [first, second] = await Promise.allSettled([start(kafkaPort, redisPort), start(kafkaPort, redisPort)]);
  const outcomes = [first, second].map(({ status }) => status).sort();
  expect(outcomes).toEqual(['fulfilled', 'rejected']);
  const reason = (first.status === 'rejected' ? first : (second as PromiseRejectedResult)).reason as Error;
  expect(reason.message).toBe(
    `Port ${kafkaPort} is taken by another start of the platform (pid ${process.pid}): stop that program, or use another port for the broker.`,
  );
  // A broker or a Redis with another data folder that answers on the port is not taken for our own.
  const dir = await claimed();
  const lib = await ensureJars(() => {});
  const taken = (port: number) => new RegExp(`^.* ended while starting: port ${port} is taken by another program`);
  expect(await setupErrorOf(redisService(dir, await findRedis(lib), redisPort).start())).toMatch(taken(redisPort));
  expect(await setupErrorOf(kafkaService(dir, lib, kafkaPort, kafkaVersion()).start())).toMatch(taken(kafkaPort));
});

/** Each of these starts more brokers or the framework once more: `npm run test:long`. */
const long = process.env.LONG_TESTS ? test : test.skip;

long('two simultaneous starts on free ports are two separate platforms', async () => {
  const [first, second] = await Promise.all([start(0, 0), start(0, 0)]);
  const cluster = (infra: LocalInfra) =>
    withAdmin(kafkaFor(infra.kafkaBrokers), async (admin) => (await admin.describeCluster()).clusterId);
  expect(await cluster(first)).not.toBe(await cluster(second));
  expect(first.redisUrl).not.toBe(second.redisUrl);
});

test.each(process.env.LONG_TESTS ? (['httpPort', 'lambdaPort', 'websocketPort'] as const) : (['httpPort'] as const))(
  'start fails if another program answers 200 on the %s',
  async (which) => {
    const other = createServer((_request, response) => response.end('{"status":"ok"}')).listen(0, 'localhost');
    await once(other, 'listening');
    undo.push(() => other.close());
    const taken = (other.address() as AddressInfo).port;
    const [httpPort, lambdaPort, websocketPort] = [await anyFreePort(), await anyFreePort(), await anyFreePort()];
    const ports = { ...{ httpPort, lambdaPort, websocketPort }, [which]: taken };
    const { KAFKA_BROKERS, REDIS_URL } = process.env;
    const functions = functionsService({
      dir: await claimed(),
      ...ports,
      env: { ...process.env, KAFKA_BROKERS, REDIS_URL },
      output: () => {},
    });
    expect(await setupErrorOf(functions.start())).toMatch(
      new RegExp(`^serverless offline .*: port ${taken} is taken by another program`),
    );
  },
);
