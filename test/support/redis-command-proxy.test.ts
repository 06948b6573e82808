import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { atCommand, redisCommandProxy, type RedisCommandProxy } from './redis-command-proxy.ts';
import { startRedisNode, type RedisNode } from './redis-node.ts';

let node: RedisNode;
let proxy: RedisCommandProxy;
let client: Redis;

beforeAll(async () => {
  node = await startRedisNode();
});
afterAll(() => node?.remove(), 30_000);
beforeEach(async () => {
  await node.redis.flushall();
  proxy = await redisCommandProxy(node.port);
  client = new Redis(proxy.port, '127.0.0.1', { retryStrategy: () => 50 });
  client.on('error', () => undefined);
});
afterEach(async () => {
  client.disconnect();
  await proxy.close();
});

test('forwards replies of every type and size in order', async () => {
  const large = 'ü'.repeat(300_000);
  const replies = await client
    .pipeline()
    .set('large', large)
    .get('large')
    .get('none')
    .incr('n')
    .rpush('list', 'a', '', 'b')
    .lrange('list', 0, -1)
    .call('EVAL', "return {1, {'x', {}, false}}", '0')
    .call('NOTHING')
    .exec();
  expect(replies?.map(([error, value]) => (error ? 'error' : value))).toEqual([
    'OK',
    large,
    null,
    1,
    3,
    ['a', '', 'b'],
    [1, ['x', [], null]],
    'error',
  ]);
});

test('calls the hooks before and after each command of a pipeline', async () => {
  const seen: string[] = [];
  const stored = async () => Number((await node.redis.get('n')) ?? 0);
  const note =
    (when: string) =>
    async ({ name, args }: { name: string; args: readonly string[] }) => {
      if (name === 'INCR') seen.push(`${when} ${name} ${args.join()}: ${await stored()}`);
    };
  proxy.before(note('before'));
  proxy.after(note('after'));
  await client.pipeline().incr('n').incr('n').exec();
  expect(seen).toEqual(['before INCR n: 0', 'after INCR n: 1', 'before INCR n: 1', 'after INCR n: 2']);
});

test('atCommand acts at the n-th matching command; an error of a hook cuts the connection before the reply', async () => {
  const lua = "return redis.call('INCR', KEYS[1])";
  const sha = String(await client.script('LOAD', lua));
  proxy.after(
    atCommand(
      2,
      ({ name }) => name === 'EVALSHA',
      () => {
        throw new Error('cut');
      },
    ),
  );
  await client.evalsha(sha, 1, 'n');
  const again = client.evalsha(sha, 1, 'n'); // the client sends it again after the cut
  expect(await again).toBe(3);
  expect(await node.redis.get('n')).toBe('3');
});
