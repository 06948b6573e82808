import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { REPO } from '../../infra/local/data-dir.ts';
import { type LocalInfra, startLocalInfra } from '../../infra/local/index.ts';
import { type ApiServer, startServer } from '../e2e/api-server.ts';
import { sum, tapFor } from '../e2e/crowd.ts';
import { live, liveTotals } from '../e2e/live.ts';
import { post } from '../e2e/viewer.ts';
import { listen, largestCounts } from '../support/tcp-client.ts';
import { scripts } from '../support/scripts.ts';
import { until } from '../support/until.ts';

// `npm run serve -- --with-triggers` is a whole platform without the Serverless Framework.

const { run } = scripts();
let dataDir: string;
let infra: LocalInfra;
let server: ApiServer;

const start = (program?: readonly string[]) => {
  const servers = { KAFKA_BROKERS: infra.kafkaBrokers, REDIS_URL: infra.redisUrl };
  const env = { ...servers, CLUSTERS: '1', SUBSCRIBERS_PER_CLUSTER: '1', WATERMARK_SECONDS: '1' };
  return startServer(['--with-triggers', '--workers', '1'], env, program);
};
/** Builds the program of the container image. */
const build = (folder: string) =>
  promisify(execFile)(process.execPath, [join(REPO, 'infra/server/build.js'), folder], { cwd: REPO });

beforeAll(async () => {
  // Its own broker, because no other function may read the topics.
  dataDir = mkdtempSync(join(tmpdir(), 'emoji-streaming-triggers-'));
  const starting = startLocalInfra({ dataDir, kafkaPort: 0, redisPort: 0, env: {} });
  [infra] = await Promise.all([starting, build(join(dataDir, 'image'))]);
  server = await start();
});
afterAll(async () => {
  await server?.stop();
  await infra?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test('taps are counted, delivered to a client and made final', async () => {
  const client = await listen();
  expect((await post(`${server.url}/register`, { client_id: 'c', port: client.port, room_id: 'r' })).status).toBe(200);
  const taps = await tapFor(server.url, { ms: 500, perSecond: 100, rooms: ['r'] });
  await until('GET /live shows them', async () => sum(await liveTotals(server.url, ['r'])) >= sum(taps.answered));
  expect(await liveTotals(server.url, ['r'])).toEqual(taps.answered);
  await until('the client has them', () => sum(largestCounts(client.lines())) === sum(taps.answered));
  await until('all windows are final', async () => (await live(server.url, 'r')).windows.every(({ final }) => final));
  await client.close();
});

test('after SIGTERM it ends with 0, and the program of the image then counts what was accepted last, once', async () => {
  const taps = await tapFor(server.url, { ms: 500, perSecond: 200, rooms: ['s'] });
  expect(await server.stop()).toBe(0);
  server = await start([join(dataDir, 'image/serve.mjs')]);
  await until('all are counted', async () => sum(await liveTotals(server.url, ['s'])) >= sum(taps.answered));
  expect(await liveTotals(server.url, ['s'])).toEqual(taps.answered);
  expect(await (await fetch(server.metricsUrl)).text()).toMatch(
    /^emoji_trigger_lag_records\{function="aggregate",topic="emoji_topic"\} \d+$/m,
  );
});

test.each([
  [{ KAFKA_BROKERS: '' }, '--with-triggers needs KAFKA_BROKERS and REDIS_URL'],
  [{ KAFKA_AUTH: 'iam', AWS_REGION: 'eu-west-1' }, '--with-triggers can not use KAFKA_AUTH=iam'],
])('%o is refused', async (env, message) => {
  const given = { KAFKA_BROKERS: infra.kafkaBrokers, REDIS_URL: infra.redisUrl, ...env };
  expect(await run('serve', ['--with-triggers'], given)).toMatchObject({
    ...{ code: 2, stderr: expect.stringContaining(message) },
  });
});
