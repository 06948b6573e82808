import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { claimDataDir } from '../../infra/local/data-dir.ts';
import { announce, localEndpoints, runningDataDirs, writeEndpoints } from '../../infra/local/endpoints.ts';
import { anyFreePort } from '../../infra/local/ports.ts';
import { createTopics } from 'kafka-records/topics';
import { clusterTopic } from '../../lib/config/topics.ts';
import type { RedisClient } from '../../lib/adapters/redis/client.ts';
import { RedisRegistry } from '../../lib/adapters/redis/registry.ts';
import { registrationSchema } from '../../lib/domain/registration.ts';
import { type HttpServer, type Received, serveHttp } from '../support/http-server.ts';
import { commitOffsets, kafkaFor, withAdmin } from '../support/kafka.ts';
import { scriptProcesses, scripts } from '../support/scripts.ts';
import { databaseUrl, emptyRedis } from '../support/services.ts';
import { until } from '../support/until.ts';

const { run } = scripts();
/** For rebuild, which changes the environment variables of its process. */
const { run: runProcess } = scriptProcesses();

/** Clusters that no other test uses. */
const LAYOUT = { clusters: 7, subscribersPerCluster: 2, clientTtl: 600 };
const env = { CLUSTERS: '7', SUBSCRIBERS_PER_CLUSTER: '2' };
const TOPIC = clusterTopic(5);
const OTHER = clusterTopic(6);

describe('topics and subscribers', () => {
  const kafka = kafkaFor();
  let redis: RedisClient;
  let redisUrl: string;

  beforeAll(async () => {
    redis = await emptyRedis('scripts-operate');
    redisUrl = databaseUrl('scripts-operate').href;
    await withAdmin(kafka, async (admin) => {
      const existing = (await admin.listTopics()).filter((topic) => [TOPIC, OTHER].includes(topic));
      if (existing.length > 0) await admin.deleteTopics({ topics: existing });
      await until(
        'the topics are deleted',
        async () => !(await admin.listTopics()).some((topic) => existing.includes(topic)),
      );
      await createTopics(admin, [{ topic: OTHER, numPartitions: 2 }]);
    });
  });
  afterAll(() => redis.quit());

  const partitions = (topic: string) =>
    withAdmin(kafka, async (admin) => (await admin.fetchTopicOffsets(topic)).length);
  const row = (stdout: string, topic: string) => stdout.split('\n').find((line) => line.startsWith(topic));

  test('create creates missing topics and changes nothing the second time; describe prints the lag of a group', async () => {
    const first = await run('topics', ['create'], env);
    expect(first.code).toBe(0);
    expect(row(first.stdout, TOPIC)).toMatch(/ 2 +created$/);
    expect(await partitions(TOPIC)).toBe(2);

    const groupId = `lag-${randomUUID()}`;
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({
      topic: TOPIC,
      messages: ['a', 'b', 'c', 'd', 'e'].map((value) => ({ value, partition: 1 })),
    });
    await producer.disconnect();
    await commitOffsets(kafka, groupId, TOPIC, [{ partition: 1, offset: '2' }]);
    const [second, list, described] = await Promise.all([
      run('topics', ['create'], env),
      run('topics', ['list'], env),
      run('topics', ['describe', TOPIC], env),
    ]);
    expect(row(second.stdout, TOPIC)).toMatch(/ 2 +exists$/);
    expect(row(list.stdout, TOPIC)).toMatch(/ 2 +5$/);
    expect(described.stdout).toContain(`lag of ${groupId}`);
    expect(row(described.stdout, '0')).toMatch(/^0 +0 +0 +0$/);
    expect(row(described.stdout, '1')).toMatch(/^1 +0 +5 +3$/);
  });

  test('add creates missing partitions for a new subscriber; remove moves its clients to the others', async () => {
    const registry = new RedisRegistry(redis, LAYOUT);
    const both = { ...env, REDIS_URL: redisUrl };
    for (let n = 0; n < 6; n++) {
      const registration = registrationSchema.parse({ client_id: `c${n}`, port: 6000, cluster_id: 6 });
      await registry.register(registration, Date.now());
    }
    const added = await run('subscribers', ['add', '6', '3'], both);
    expect(added.code).toBe(0);
    expect(added.stdout).toContain(`${OTHER} had 2 partitions and has 4 now`);
    expect(added.stdout).toMatch(/^6 +3 +0$/m);
    expect(await partitions(OTHER)).toBe(4);

    const removed = await run('subscribers', ['remove', '6', '0'], both);
    expect(removed.code).toBe(0);
    expect(removed.stdout).toContain(
      'Subscriber 0 is removed from cluster 6; its clients (3) were moved to the others.',
    );
    const [again, gone, cluster] = await Promise.all([
      run('subscribers', ['add', '6', '3'], both),
      run('subscribers', ['remove', '6', '0'], both),
      run('subscribers', ['add', '7', '0'], both),
    ]);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('was already in cluster 6') });
    expect(again.stdout).toMatch(/^6 +1 +3\n6 +3 +3$/m);
    expect(gone).toMatchObject({ code: 1, stderr: 'Cluster 6 has no subscriber 0\n' });
    expect(cluster).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^CLUSTER should be .* from 0 to 6, not "7"/),
    });
  });

  test('a missing topic, broker or Redis: the error says what to do', async () => {
    const port = await anyFreePort();
    const [unknown, topics, subscribers] = await Promise.all([
      run('topics', ['describe', 'nope'], env),
      run('topics', ['list'], { KAFKA_BROKERS: `127.0.0.1:${port}` }),
      run('subscribers', ['list'], { REDIS_URL: `redis://u:secret@127.0.0.1:${port}` }),
    ]);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringMatching(/^There is no topic nope: /) });
    expect(topics).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^No broker answers at .*set KAFKA_BROKERS\.$/m),
    });
    expect(subscribers).toMatchObject({
      code: 1,
      stderr: `No Redis answers at redis://…@127.0.0.1:${port} (connect ECONNREFUSED 127.0.0.1:${port}): start the platform with "npm start", or set REDIS_URL.\n`,
    });
  });
});

describe('invoke', () => {
  let server: HttpServer;
  afterEach(() => server.close());

  const lambda = async (answer: (request: Received) => ReturnType<Parameters<typeof serveHttp>[0]>) => {
    const requests: Received[] = [];
    server = await serveHttp((request) => {
      requests.push(request);
      return answer(request);
    });
    return { requests, invoke: (...args: string[]) => run('invoke', [...args, '--endpoint', server.url]) };
  };

  test('sends the file as the event and prints the metadata and the answer', async () => {
    const { requests, invoke } = await lambda(() => ({ status: 200, body: { statusCode: 200, body: '{}' } }));
    const { code, stdout, stderr } = await invoke('live', 'test/events/http-get-live.json');
    expect(stderr).toBe('');
    expect(stdout).toBe('{\n    "StatusCode": 200\n}\n{"statusCode":200,"body":"{}"}\n');
    expect(code).toBe(0);
    expect(requests[0]?.path).toBe('/2015-03-31/functions/emoji-streaming-local-live/invocations');
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({ rawPath: '/live' });
  });

  test('a function that fails: prints its error and exits with code 1', async () => {
    const body = { errorType: 'PlatformError', errorMessage: 'Redis does not answer' };
    const { requests, invoke } = await lambda(() => ({
      status: 200,
      headers: { 'x-amz-function-error': 'Unhandled' },
      body,
    }));
    const { code, stdout } = await invoke('finalize', '--stage', 'test');
    expect(stdout).toBe(`{\n    "StatusCode": 200,\n    "FunctionError": "Unhandled"\n}\n${JSON.stringify(body)}\n`);
    expect(code).toBe(1);
    expect(requests).toMatchObject([{ path: expect.stringContaining('emoji-streaming-test-finalize'), body: '{}' }]);
  });

  test('a failed invocation is not repeated, since the function may have run', async () => {
    const { requests, invoke } = await lambda(() => ({ status: 500, body: { message: 'broken' } }));
    expect((await invoke('live')).code).toBe(1);
    expect(requests).toHaveLength(1);
  });

  test('a function that does not exist, or an invalid event file: the error names it', async () => {
    const { invoke } = await lambda(() => ({
      status: 404,
      headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
      body: { message: 'Function not found' },
    }));
    const [missing, noJson, noFile] = await Promise.all([
      invoke('nope'),
      invoke('live', 'LICENSE'),
      invoke('live', 'nowhere.json'),
    ]);
    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/rejected .*-nope: ResourceNotFoundException/),
    });
    expect(noJson).toMatchObject({ code: 2, stderr: expect.stringMatching(/^LICENSE should be JSON: /) });
    expect(noFile).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^EVENT should be a file that can be read/),
    });
  });
});

describe('reset', () => {
  let folder: string;
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A data folder of a start, or another folder with files of the same names. */
  const folderWithData = async (of: 'ours' | 'others') => {
    folder = mkdtempSync(join(tmpdir(), 'emoji-streaming-reset-'));
    if (of === 'ours') (await claimDataDir(folder)).release();
    for (const name of ['kafka', 'redis', 'logs', 'lib', 'notes']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'file'), '');
    }
    writeFileSync(join(folder, 'version.json'), '{}');
    return folder;
  };

  test('removes the data that a start created, and nothing else', async () => {
    const dir = await folderWithData('ours');
    const { code, stdout } = await run('reset', ['--data-dir', dir]);
    expect(stdout).toContain(`the data in ${dir} is removed`);
    expect(code).toBe(0);
    expect(readdirSync(dir).sort()).toEqual(['emoji-streaming.json', 'lib', 'notes']);
    expect((await run('reset', ['--data-dir', dir])).stdout).toContain(`there is no data in ${dir}`);
  });

  test('a folder that no start created is not changed', async () => {
    const dir = await folderWithData('others');
    const before = readdirSync(dir, { recursive: true }).sort();
    expect(await run('reset', ['--data-dir', dir])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `${dir} is not a data folder of "npm start": nothing is removed.\n`,
    });
    expect(readdirSync(dir, { recursive: true }).sort()).toEqual(before);
    const nowhere = join(dir, 'nowhere');
    expect(await run('reset', ['--data-dir', nowhere])).toMatchObject({
      code: 1,
      stderr: `${nowhere} does not exist: nothing is removed.\n`,
    });
    expect(existsSync(nowhere)).toBe(false);
  });

  test('--all can’t be combined with --data-dir', async () => {
    const dir = await folderWithData('ours');
    const { code, stderr } = await run('reset', ['--data-dir', dir, '--all']);
    expect(stderr).toMatch(
      /^--all removes the programs that all data folders share, so it cannot be combined with --data-dir\./,
    );
    expect(code).toBe(2);
    expect(existsSync(join(dir, 'kafka', 'file'))).toBe(true);
  });

  test('fails while a platform runs in the folder, and removes nothing', async () => {
    const dir = await folderWithData('ours');
    const { release } = await claimDataDir(dir);
    const { code, stderr } = await run('reset', ['--data-dir', dir]);
    release();
    expect(stderr).toMatch(new RegExp(`^already running \\(pid ${process.pid}\\)`));
    expect(code).toBe(1);
    expect(existsSync(join(dir, 'kafka', 'file'))).toBe(true);
  });
});

describe('a running platform with its own data folder', () => {
  let folder: string;
  let forget: () => void;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'emoji-streaming-running-'));
    const { KAFKA_BROKERS = '' } = process.env;
    forget = writeEndpoints(folder, { KAFKA_BROKERS, REDIS_URL: databaseUrl('scripts-operate').href });
  });
  afterEach(() => {
    forget();
    rmSync(folder, { recursive: true });
  });

  const runOf = (name: string) => (name === 'rebuild' ? runProcess : run);
  const COMMANDS = [['topics', 'list'], ['subscribers', 'list'], ['dlq', 'list'], ['rebuild']] as const;

  test.each(COMMANDS)('%s finds it by --data-dir, whatever the environment variables are', async (name, ...args) => {
    const nowhere = `127.0.0.1:${await anyFreePort()}`;
    // LOG_LEVEL: a rebuild logs warnings about taps of other tests in the topic.
    const elsewhere = { KAFKA_BROKERS: nowhere, REDIS_URL: `redis://${nowhere}`, LOG_LEVEL: 'error' };
    const { code, stderr } = await runOf(name)(name, [...args, '--data-dir', folder], elsewhere);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.each(COMMANDS)('%s reports when no platform runs with that folder', async (name, ...args) => {
    forget();
    const { code, stderr } = await run(name, [...args, '--data-dir', folder]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `No platform is running with the data folder ${folder}: start it with "npm start -- --data-dir ${folder}".\n`,
    });
  });

  test('without --data-dir, the only running platform is found; if there are several, the error lists them', async () => {
    // A developer may run another platform of this clone at the same time.
    const others = () => runningDataDirs().length + (localEndpoints() ? 1 : 0);
    const before = others();
    const withdraw = announce(folder);
    const { code, stderr } = await run('topics', ['list'], { KAFKA_BROKERS: '', REDIS_URL: '' });
    withdraw();
    const after = others();
    if (before === 0 && after === 0) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    else if (before > 0 && after > 0 && !localEndpoints()) expect(stderr).toContain(`  --data-dir ${folder}\n`);
  });
});
