import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { createHandler } from '../../../functions/register.ts';
import { recordedLogger, unlimited } from '../../../test/support/doubles.ts';
import { openAuthenticator } from '../../usecases/authorization.ts';
import { httpEvent } from '../../../test/support/events.ts';
import { listen, type Behaviour } from '../../../test/support/tcp-client.ts';
import { until } from '../../../test/support/until.ts';
import { frame } from '../../../test/support/frames.ts';
import { MemoryRegistry } from '../../../test/doubles/registry.ts';
import { AddressPolicy } from './address-policy.ts';
import { createDeliverToClients } from '../../usecases/deliver-to-clients.ts';
import { TcpDelivery } from './delivery.ts';

const HOST = 'viewer.example.com';
const PUBLIC = '203.0.114.7';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** Registration and delivery with a name server that gives these answers in turn, and then repeats the last one. */
const platform = (allowed: readonly string[], answers: (string[] | Promise<string[]>)[]) => {
  const asked: string[] = [];
  const resolve = async (host: string) => {
    asked.push(host);
    return answers[Math.min(asked.length, answers.length) - 1] ?? [];
  };
  const policy = new AddressPolicy(allowed, resolve, { resolveWithinMs: 50 });
  const registry = new MemoryRegistry({ clusters: 1, subscribersPerCluster: 1, clientTtl: 60 });
  const addressesOf = (host: string, port: number) => policy.addressesOf(host, port);
  const handler = createHandler({
    auth: openAuthenticator,
    admission: unlimited,
    registry,
    checkHost: addressesOf,
    clock: Date.now,
    log: recordedLogger(),
  });
  const dead: string[] = [];
  const delivery = new TcpDelivery({
    addressesOf,
    connectTimeoutMs: 200,
    connectsPerAddress: 1000,
    stallMs: 5000,
    giveUpMs: 0,
    waitMs: 2000,
    onDead: (id) => dead.push(id),
  });
  open.push(delivery);
  const deliveryOf = createDeliverToClients({ registry, transports: { tcp: delivery } });
  return {
    asked,
    dead,
    register: async (port: number) =>
      (await handler(httpEvent({ body: { client_id: 'c1', host: HOST, port } }))).statusCode,
    publish: (count: number) => deliveryOf({ cluster: 0, subscriber: 0 }).publish('global', frame(count)),
  };
};

const client = async (behaviour?: Behaviour) => {
  const made = await listen(behaviour);
  open.push(made);
  return made;
};

test.each<[string, string[]]>([
  ['this machine', ['127.0.0.1']],
  ['the metadata address', ['169.254.169.254']],
  ['this machine, mapped', ['::ffff:127.0.0.1']],
  ['a public address and this machine', [PUBLIC, '127.0.0.1']],
  ['nothing', []],
])(
  'a name that was public at its registration and then resolves to %s: no connection, given up after three attempts',
  async (_to, then) => {
    const victim = await client();
    const { asked, dead, register, publish } = platform(['public'], [[PUBLIC], then]);
    expect(await register(victim.port)).toBe(200);
    for (let n = 1; n <= 3; n++) await publish(n);
    expect(dead).toEqual(['c1']);
    expect(victim.connections).toBe(0);
    expect(asked).toEqual([HOST, HOST, HOST, HOST]); // once for the registration and for each attempt
  },
);

test('the connection goes to the checked address: the name is not resolved again in between', async () => {
  const checked = await client();
  // Same port at another address, to which the name resolves after the check.
  const other = createServer(() => others++).listen(checked.port, '127.0.0.2');
  let others = 0;
  await once(other, 'listening');
  open.push({ close: () => other.close() });
  const { asked, register, publish } = platform([HOST, '127.0.0.1'], [['127.0.0.1'], ['127.0.0.1'], ['127.0.0.2']]);
  expect(await register(checked.port)).toBe(200);
  await publish(1);
  await until('the frame has arrived', () => checked.lines().length === 1);
  expect(asked).toHaveLength(2); // once for the registration, once for the connection
  expect(others).toBe(0);
});

test('every new connection is checked, also to a client that has received frames before', async () => {
  const viewer = await client({ data: (socket) => socket.end() });
  const here = ['127.0.0.1'];
  const { dead, register, publish } = platform([HOST, '127.0.0.1'], [here, here, here, ['127.0.0.2']]);
  expect(await register(viewer.port)).toBe(200);
  for (let n = 1; n <= 2; n++) {
    await publish(n);
    await until(
      `count ${n} has arrived and the client has closed`,
      () => viewer.lines().length === n && viewer.sockets.size === 0,
    );
  }
  for (let n = 3; n <= 5; n++) await publish(n);
  expect(dead).toEqual(['c1']);
  expect(viewer.connections).toBe(2);
});

test('while the name server does not answer, registrations are refused and deliveries fail', async () => {
  const never = new Promise<string[]>(() => undefined);
  expect(await platform(['public'], [never]).register(6000)).toBe(400);
  const { dead, register, publish } = platform(['public'], [[PUBLIC], never]);
  expect(await register(6000)).toBe(200);
  for (let n = 1; n <= 3; n++) await publish(n);
  expect(dead).toEqual(['c1']);
});
