import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { listen, told, type Behaviour, type TcpClient } from '../../../test/support/tcp-client.ts';
import { until } from '../../../test/support/until.ts';
import { frame } from '../../../test/support/frames.ts';
import type { Client } from '../../domain/registration.ts';
import { mergeFrames, type Frame } from '../../domain/frame.ts';
import { toLines } from '../../domain/update-line.ts';
import { TcpDelivery } from './delivery.ts';

const SUBSCRIBER = { cluster: 0, subscriber: 0 };
const open: { close(): unknown }[] = [];
afterEach(async () => {
  jest.useRealTimers();
  for (const each of open.splice(0).reverse()) await each.close();
});

const client = async (behaviour?: Behaviour): Promise<TcpClient> => {
  const made = await listen(behaviour);
  open.push(made);
  return made;
};

/** A delivery to the clients at these ports, all of them in every room. */
const deliveryTo = (ports: readonly number[], options: Partial<ConstructorParameters<typeof TcpDelivery>[0]> = {}) => {
  let clients: Client[] = ports.map((port, n) => ({ id: `c${n}`, host: '127.0.0.1', port }));
  const dead: string[] = [];
  const delivery = new TcpDelivery({
    registry: { clients: async (_subscriber, rooms) => new Map(rooms.map((room) => [room, clients])) },
    addressesOf: async (host) => [host],
    connectTimeoutMs: 1000,
    stallMs: 5000,
    giveUpMs: 0,
    onDead: (id) => dead.push(id),
    ...options,
  });
  open.push(delivery);
  return {
    dead,
    register: (...now: Client[]) => (clients = now),
    publish: (...frames: [Frame, ...Frame[]]) => delivery.of(SUBSCRIBER).publish('global', frames.reduce(mergeFrames)),
  };
};

/** A port on which nobody listens, until `listen` is called. */
const deadPort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** A port whose program has hung: the system answers its callers until its queue is full, then nobody does. */
const unacceptingPort = async (): Promise<number> => {
  const program = `
    const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(program, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const callers = Array.from({ length: 4 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => undefined));
  open.push({ close: () => Promise.all([worker.terminate(), ...callers.map((caller) => caller.destroy())]) });
  await Promise.race(callers.map((caller) => once(caller, 'connect')));
  return port;
};

const counts = (from: TcpClient) => [...told(from.lines()).values()];
/** A frame of 1,500 windows. */
const large = (count: number, rounds = 1): Frame => ({
  ...frame(count),
  windows: Array.from({ length: 1500 }, (_, n) => frame(count, { start: (rounds * 1500 + n) * 2000 }).windows).flat(),
});

describe('a client that keeps its connection', () => {
  test('gets every frame over the same one, in order, as lines of JSON', async () => {
    const viewer = await client();
    const { publish, dead } = deliveryTo([viewer.port]);
    for (let n = 1; n <= 5; n++) await publish(frame(n), frame(n, { emoji: '❤️' }));
    await until('all has come', () => viewer.lines().length === 10);
    expect(viewer.lines().map(({ raw_count }) => raw_count)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    expect(viewer.lines()[0]).toEqual(toLines(frame(1))[0]);
    expect(viewer.connections).toBe(1);
    expect(dead).toEqual([]);
  });

  test('may talk, and nobody minds', async () => {
    const viewer = await client({ data: (socket) => socket.write('x'.repeat(1_000_000)) });
    const { publish } = deliveryTo([viewer.port]);
    for (let n = 1; n <= 3; n++) await publish(frame(n));
    await until('all has come', () => counts(viewer)[0] === 3);
  });

  test('and moves to another port gets the next frame there', async () => {
    const [before, after] = [await client(), await client()];
    const { publish, register } = deliveryTo([before.port]);
    await publish(frame(1));
    await until('the first has come', () => counts(before)[0] === 1);
    register({ id: 'c0', host: '127.0.0.1', port: after.port });
    await publish(frame(2));
    await until('the second has come', () => counts(after)[0] === 2);
    await until('the old connection is closed', () => before.sockets.size === 0);
  });

  test('is closed when nothing was sent to it for two minutes', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setTimeout', 'clearTimeout'] });
    const viewer = await client();
    const { publish } = deliveryTo([viewer.port]);
    await publish(frame(1));
    await until('it has come', () => counts(viewer)[0] === 1);
    jest.advanceTimersByTime(119_000);
    expect(viewer.sockets.size).toBe(1);
    jest.advanceTimersByTime(61_000);
    jest.useRealTimers();
    await until('it is closed', () => viewer.sockets.size === 0);
    await publish(frame(2));
    await until('a new one is opened', () => counts(viewer)[0] === 2);
  });
});

describe('a client that takes a connection per message', () => {
  test('gets every frame', async () => {
    const viewer = await client({ data: (socket) => socket.end() });
    const { publish, dead } = deliveryTo([viewer.port]);
    for (let n = 1; n <= 5; n++) {
      await publish(frame(n));
      await until(`count ${n} has come`, () => counts(viewer)[0] === n);
      await until('it has closed', () => viewer.sockets.size === 0);
    }
    expect(viewer.lines()).toHaveLength(5); // and none twice
    expect(viewer.connections).toBe(5);
    expect(dead).toEqual([]);
  });

  test('gets a frame too that was written into the connection that it was about to close', async () => {
    // The second frame goes over the first connection and is never read there: the client closes it in order.
    const viewer: TcpClient = await client({
      data: (socket) => {
        if (viewer.connections > 1) return;
        socket.pause();
        setTimeout(() => socket.end(), 100);
      },
    });
    const { publish, dead } = deliveryTo([viewer.port]);
    await publish(frame(1));
    await until('the first has come', () => counts(viewer)[0] === 1);
    await publish(frame(2, { start: 2000 }));
    await until('the second has come', () => told(viewer.lines()).size === 2);
    expect(dead).toEqual([]);
  });
});

describe('a client that answers RST', () => {
  test('after it has read a frame gets the next ones all the same', async () => {
    const viewer = await client();
    const { publish, dead } = deliveryTo([viewer.port]);
    for (let n = 1; n <= 4; n++) {
      await publish(frame(n));
      await until(`count ${n} has come`, () => counts(viewer)[0] === n);
      if (n === 2) for (const socket of viewer.sockets) socket.resetAndDestroy();
    }
    expect(dead).toEqual([]);
  });

  test.each<[string, number, Behaviour]>([
    ['at once', 1, { connected: (socket) => socket.resetAndDestroy() }],
    ['after each frame', 2, { data: (socket) => socket.resetAndDestroy() }],
  ])(
    'to every connection, %s, is told each frame twice, not for ever, and is dead after three',
    async (_when, tries, how) => {
      const viewer = await client(how);
      const { publish, dead } = deliveryTo([viewer.port]);
      let frames = 0;
      while (dead.length === 0 && frames < 10) {
        const before = viewer.connections;
        await publish(frame(++frames));
        // A frame that is published before the last try of the one before it would join that one.
        await until('every try was made', () => dead.length > 0 || viewer.connections >= before + tries);
        await until('and has settled', async () => {
          const seen = viewer.connections;
          await new Promise((resolve) => setTimeout(resolve, 20));
          return viewer.connections === seen && viewer.sockets.size === 0;
        });
      }
      expect(dead).toEqual(['c0']);
      expect(frames).toBeLessThanOrEqual(4);
      expect(viewer.connections).toBeLessThanOrEqual(2 * frames);
    },
  );
});

describe('a client that is not there', () => {
  test('is dead after three failures in a row, once', async () => {
    const { publish, dead } = deliveryTo([await deadPort()]);
    await publish(frame(1));
    await publish(frame(2));
    expect(dead).toEqual([]);
    await publish(frame(3));
    expect(dead).toEqual(['c0']);
  });

  test('gets all counts when it comes back, and its failures are forgotten', async () => {
    const port = await deadPort();
    const { publish, dead } = deliveryTo([port]);
    const viewer: { lines: string; server?: ReturnType<typeof createServer> } = { lines: '' };
    const start = () =>
      new Promise<void>((resolve) => {
        viewer.server = createServer((socket) => socket.on('data', (data) => (viewer.lines += data.toString())));
        viewer.server.listen(port, '127.0.0.1', resolve);
      });
    await publish(frame(1, { start: 0 }));
    await publish(frame(2, { start: 2000 }));
    await start();
    open.push({ close: () => viewer.server?.close() });
    await publish(frame(3, { start: 4000 }));
    await publish(frame(4, { start: 4000 }));
    await until('all has come', () => viewer.lines.split('\n').length === 5);
    for (const count of [1, 2, 3, 4]) expect(viewer.lines).toContain(`"raw_count":${count}`);
    expect(dead).toEqual([]);
  });

  test('gets its counts when it comes back though its room has fallen silent', async () => {
    const port = await deadPort();
    const { publish, dead } = deliveryTo([port]);
    await publish(frame(7));
    let lines = '';
    const server = createServer((socket) => socket.on('data', (data) => (lines += data.toString())));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    open.push({ close: () => server.close() });
    await until('the count has come', () => lines.includes('"raw_count":7'));
    expect(dead).toEqual([]);
  });

  test('and whose host is no longer allowed fails as well', async () => {
    const viewer = await client();
    const { publish, dead } = deliveryTo([viewer.port], { addressesOf: () => Promise.reject(new Error('refused')) });
    for (let n = 0; n < 3; n++) await publish(frame(n));
    expect(dead).toEqual(['c0']);
    expect(viewer.connections).toBe(0);
  });

  test('says nothing about the one that registered under its name since', async () => {
    const here = await client();
    const release: (() => void)[] = [];
    const slowly = (host: string) => new Promise<string[]>((resolve) => release.push(() => resolve([host])));
    const { publish, register, dead } = deliveryTo([await deadPort()], {
      addressesOf: (host) => (release.length < 3 ? slowly(host) : Promise.resolve([host])),
      waitMs: 10,
    });
    for (let n = 0; n < 3; n++) {
      await publish(frame(n)); // the third failure is still to come …
      if (n < 2) release[n]?.();
      if (n < 2) await until('it failed', () => publish(frame(n)).then(() => release.length > n + 1));
    }
    register({ id: 'c0', host: '127.0.0.1', port: here.port });
    await publish(frame(9)); // … when the client is elsewhere already
    release[2]?.();
    await until('the frame has come', () => counts(here)[0] === 9);
    await publish(frame(10));
    await until('the next has come', () => counts(here)[0] === 10);
    expect(here.connections).toBe(1);
    expect(dead).toEqual([]);
  });
});

describe('a client that reads nothing', () => {
  test('delays nobody, and gets the newest counts once it reads', async () => {
    const [slow, fast] = [await client({ connected: (socket) => socket.pause() }), await client()];
    const { publish, dead } = deliveryTo([slow.port, fast.port], { waitMs: 20 });
    const ROUNDS = 50;
    for (let n = 1; n <= ROUNDS; n++) await publish(large(n));
    const newest = (from: TcpClient) => counts(from).filter((count) => count === ROUNDS).length === 1500;
    await until('the fast one has the newest of each window', () => newest(fast));
    expect(dead).toEqual([]);
    for (const socket of slow.sockets) socket.resume();
    await until('the slow one has them too', () => newest(slow));
    // It is told where things stand, not all that it missed.
    expect(slow.lines().length).toBeLessThan(ROUNDS * 1500);
    expect(slow.connections).toBe(1);
  });

  test('for long is dead, and its connection is closed', async () => {
    const slow = await client({ connected: (socket) => socket.pause() });
    const { publish, dead } = deliveryTo([slow.port], { waitMs: 10, stallMs: 50 });
    await until('it is given up', async () => {
      await publish(large(1), large(1, 2));
      return dead.length > 0;
    });
    expect(dead).toEqual(['c0']);
  });
});

/** This process does nothing else for so long, as on a machine with too much work. */
const standStill = (ms: number) => {
  for (const until = performance.now() + ms; performance.now() < until;);
};

describe('a process that stood still', () => {
  test('takes no client that is there for dead: its connections are looked at before their time is over', async () => {
    const viewer = await client({ data: (socket) => socket.end() }); // a connection per message
    const { publish, dead } = deliveryTo([viewer.port], { connectTimeoutMs: 150, waitMs: 10 });
    for (let n = 1; n <= 4; n++) {
      const published = publish(frame(n));
      await new Promise((resolve) => process.nextTick(resolve));
      standStill(500); // the connection was opened meanwhile, and its timer is overdue
      await published;
      await until(`count ${n} has come`, () => counts(viewer)[0] === n);
      await until('it has closed', () => viewer.sockets.size === 0);
    }
    expect(dead).toEqual([]);
    expect(viewer.connections).toBe(4);
  });

  test('does not count that time: three failures, but not for as long as a client is given', async () => {
    const { publish, dead } = deliveryTo([await deadPort()], { giveUpMs: 3000 });
    for (let n = 0; n < 4; n++) {
      await publish(frame(n));
      standStill(1000);
    }
    await publish(frame(5));
    expect(dead).toEqual([]);
    await until('it is given up when it has failed for long enough', async () => {
      await publish(frame(6));
      return dead.length > 0;
    });
  });
});

test('three failures at once are not enough', async () => {
  const { publish, dead } = deliveryTo([await deadPort()], { giveUpMs: 30_000 });
  for (let n = 0; n < 10; n++) await publish(frame(n));
  expect(dead).toEqual([]);
});

test('a connection that does not open in time is a failed delivery', async () => {
  const port = await unacceptingPort();
  const { publish, dead } = deliveryTo([port], { connectTimeoutMs: 50, waitMs: 5000 });
  for (let n = 0; n < 3; n++) await publish(frame(n));
  expect(dead).toEqual(['c0']);
});

test('the connection goes to the checked address, whatever the name says', async () => {
  const viewer = await client();
  const { publish, register } = deliveryTo([], { addressesOf: async () => ['127.0.0.1'] });
  register({ id: 'c0', host: 'viewer.example.com', port: viewer.port });
  await publish(frame(1));
  await until('it has come', () => counts(viewer)[0] === 1);
});
