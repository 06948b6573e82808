import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { kafkaLib } from '../../packages/serverless-offline-kafka-events/test/own-kafka.ts';
import { anyFreePort } from '../../infra/local/ports.ts';
import { printed, scriptProcesses } from '../support/scripts.ts';
import { until } from '../support/until.ts';
import { sum, tapFor } from './crowd.ts';
import { liveTotals } from './live.ts';
import { newDataDir, removeDataDir, startPlatform, type Platform } from './platform.ts';
import { startSecuredServices, type SecuredServices } from './secured-services.ts';
import { post, startViewer } from './viewer.ts';

const lib = kafkaLib();
const dataDirs = [newDataDir(), newDataDir()] as const;
const { start, run } = scriptProcesses();
let services: SecuredServices;
let platform: Platform;

/** Checks that the text contains no password. */
const expectNoSecretIn = (text: string, ...more: string[]) => {
  expect(text.length).toBeGreaterThan(0);
  for (const secret of [...services.passwords, ...more]) expect(text).not.toContain(secret);
};

(lib === undefined ? describe.skip : describe)('broker and Redis over TLS, with passwords', () => {
  beforeAll(async () => {
    services = await startSecuredServices(lib as string);
    platform = await startPlatform(dataDirs[0], {
      ...services.env(),
      DELIVERY_HANDSHAKE: 'nonce',
      DELIVERY_GIVE_UP_SECONDS: '1',
      RATE_LIVE_PER_SECOND: '5',
    });
  });
  afterAll(async () => {
    await platform?.stop();
    await services?.stop();
    for (const dir of dataDirs) removeDataDir(dir);
  });

  test('taps by HTTP are counted once and reach the client', async () => {
    const viewer = await startViewer(platform.url, 'secured', { room_id: 'secured' });
    const taps = await tapFor(platform.url, { ms: 3000, perSecond: 50, rooms: ['secured'], again: true });
    expect(sum(taps.unknown)).toBe(0);
    expect(sum(taps.answered)).toBeGreaterThan(100);
    await until('the client has received all counts', () => viewer.total() >= sum(taps.answered));
    expect(viewer.total()).toBe(sum(taps.answered));
    expect(await liveTotals(platform.url, ['secured'])).toEqual(taps.answered);
    await viewer.close();
  });

  test('the scripts work with the same configuration', async () => {
    const env = services.env();
    const client = start('client', ['--url', platform.url, '--port', '0', '--room', 'scripts', '--json'], env);
    await printed(client, 'stderr', 'is registered for room scripts');
    const taps = await tapFor(platform.url, { ms: 1000, perSecond: 20, rooms: ['scripts'] });
    expect(sum(taps.answered)).toBeGreaterThan(0);
    await printed(client, 'stdout', '"room_id":"scripts"'); // the client has answered the challenge
    const endpoint = ['--endpoint', `http://localhost:${platform.lambdaPort}`];
    const ended = await Promise.all([
      run('topics', ['describe', 'emoji_topic'], env),
      run('topics', ['list'], env),
      run('subscribers', ['list'], env),
      run('invoke', ['ingest', 'test/events/http-post-emoji.json', ...endpoint], env),
    ]);
    client.kill('SIGINT');
    ended.push(await client.ended);
    for (const { code, stderr } of ended) expect([code, code === 0 || stderr]).toEqual([0, true]);
    expect(ended[0]?.stdout).toContain('lag of aggregate');
    expectNoSecretIn(ended.map(({ stdout, stderr }) => stdout + stderr).join());
  });

  test('another service that is registered as a client gets a challenge but no frame', async () => {
    let received = '';
    const server = createServer((_request, answer) => answer.end()).on('connection', (socket) =>
      socket.on('data', (data) => (received += data.toString())),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const body = { client_id: 'http-server', host: '127.0.0.1', port, room_id: 'victims' };
    expect((await post(`${platform.url}/register`, body)).status).toBe(200);
    await tapFor(platform.url, { ms: 4000, perSecond: 10, rooms: ['victims'] });
    await until('the service is unregistered', () => platform.output().includes('"client":"http-server"'));
    expect(received).toContain('{"type":"challenge"');
    expect(received).not.toContain('raw_count');
    server.close();
  });

  test('the ports of the broker, Redis and the API cannot be registered', async () => {
    const { REDIS_URL = '', KAFKA_BROKERS = '' } = services.env();
    for (const url of [
      REDIS_URL,
      `kafka://${KAFKA_BROKERS}`,
      platform.url,
      `http://localhost:${platform.lambdaPort}`,
    ]) {
      const answer = await post(`${platform.url}/register`, { client_id: 'c', port: Number(new URL(url).port) });
      expect([answer.status, await answer.json()]).toMatchObject([400, { details: [{ path: 'port' }] }]);
    }
  });

  test('calls of GET /live beyond the limit of an address are answered 429 with Retry-After', async () => {
    const view = (n: number) => fetch(`${platform.url}/live?room_id=unknown-${n}`);
    const refused = await until('a call is refused', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => view(n)));
      return answers.find(({ status }) => status !== 200);
    });
    expect([refused.status, await refused.json()]).toMatchObject([429, { error: 'Too many requests' }]);
    expect(refused.headers.get('retry-after')).toMatch(/^[12]$/);
    expect(refused.headers.get('ratelimit-policy')).toBe('"live";q=10;w=2');
    await until('a later call is answered', async () => (await view(0)).status === 200);
  });

  test('no log contains a password', () => {
    expect(platform.output()).toContain('//…@localhost');
    expectNoSecretIn(platform.output());
    expectNoSecretIn(services.log());
  });

  test('a server whose certificate is not trusted gets no password', async () => {
    const env = { ...services.env(), NODE_EXTRA_CA_CERTS: '' };
    const ended = await Promise.all([run('topics', ['list'], env), run('subscribers', ['list'], env)]);
    for (const { code, stderr } of ended)
      expect([code, stderr]).toEqual([1, expect.stringMatching(/self-signed certificate|unable to verify/)]);
  });

  describe('with wrong passwords', () => {
    const wrong = { kafka: 'guessed-broker', redis: 'guessed-cache' };
    const broker = 'SASL SCRAM SHA512 authentication failed';

    // Starts the platform once more: `npm run test:long`.
    (process.env.LONG_TESTS ? test : test.skip)(
      '/health answers 503, and a log line names the cause but not the password',
      async () => {
        const httpPort = await anyFreePort();
        const ports = [
          '--http-port',
          String(httpPort),
          ...['page', 'lambda', 'websocket'].flatMap((name) => [`--${name}-port`, '0']),
        ];
        const platform = start('start', [...ports, '--data-dir', dataDirs[1]], services.env(wrong));
        const ask = async () => {
          const answer = await fetch(`http://localhost:${httpPort}/health`);
          return [answer.status, await answer.json()] as const;
        };
        const health = await until('/health answers', () => ask().catch(() => undefined));
        expect(health).toMatchObject([503, { error: 'Does not answer: broker, redis', broker: 'down', redis: 'down' }]);
        await printed(platform, 'stdout', `"message":"kafka: ${broker}`);
        await printed(platform, 'stdout', '"message":"redis: connection failed".*WRONGPASS');
        await printed(platform, 'stdout', `kafka-events: waits for Kafka at .*${broker}`);
        platform.kill('SIGINT');
        const { stdout, stderr } = await platform.ended;
        expectNoSecretIn(stdout + stderr, wrong.kafka, wrong.redis);
      },
    );

    test('the scripts end with an error that names the cause', async () => {
      const env = services.env(wrong);
      const [topics, subscribers] = await Promise.all([
        run('topics', ['list'], env),
        run('subscribers', ['list'], env),
      ]);
      expect(topics).toMatchObject({ code: 1, stderr: expect.stringContaining(broker) });
      expect(subscribers).toMatchObject({ code: 1, stderr: expect.stringContaining('WRONGPASS') });
      for (const { stdout, stderr } of [topics, subscribers])
        expectNoSecretIn(stdout + stderr, wrong.kafka, wrong.redis);
    });
  });
});
