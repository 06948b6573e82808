import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { listen, largestCounts, type Behaviour, type TcpClient } from '../../../test/support/tcp-client.ts';
import { until } from '../../../test/support/until.ts';
import { frame } from '../../../test/support/frames.ts';
import type { ClientOf } from '../../domain/registration.ts';
import { mergeFrames, type Frame } from '../../domain/frame.ts';
import { toLines } from '../../domain/update-line.ts';
import { TcpDelivery } from './delivery.ts';

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

/** A delivery to the clients at these ports. */
const deliveryTo = (ports: readonly number[], options: Partial<ConstructorParameters<typeof TcpDelivery>[0]> = {}) => {
  let clients: ClientOf<'tcp'>[] = ports.map((port, n) => ({ transport: 'tcp', id: `c${n}`, host: '127.0.0.1', port }));
  const dead: string[] = [];
  const delivery = new TcpDelivery({
    addressesOf: async (host) => [host],
    connectTimeoutMs: 1000,
    connectsPerAddress: 1000,
    stallMs: 5000,
    giveUpMs: 0,
    onDead: (id) => dead.push(id),
    ...options,
  });
  open.push(delivery);
  return {
    dead,
    register: (...now: ClientOf<'tcp'>[]) => (clients = now),
    publish: (...frames: [Frame, ...Frame[]]) => delivery.send(clients, frames.reduce(mergeFrames)),
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

/** A port whose program does not accept connections, with a full backlog: connection attempts get no answer. */
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

const counts = (from: TcpClient) => [...largestCounts(from.lines()).values()];
/** A frame of 1,500 windows. */
const large = (count: number, rounds = 1): Frame => ({
  ...frame(count),
  windows: Array.from({ length: 1500 }, (_, n) => frame(count, { start: (rounds * 1500 + n) * 2000 }).windows).flat(),
});

describe('a client that keeps its connection', () => {
  test('gets every frame over that connection, in order, as lines of JSON', async () => {
    const viewer = await client();
    const { publish, dead } = deliveryTo([viewer.port]);
    for (let n = 1; n <= 5; n++) await publish(frame(n), frame(n, { emoji: '❤️' }));
    await until('all counts have arrived', () => viewer.lines().length === 10);
    expect(viewer.lines().map(({ raw_count }) => raw_count)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    expect(viewer.lines()[0]).toEqual(toLines(frame(1))[0]);
    expect(viewer.connections).toBe(1);
    expect(dead).toEqual([]);
  });

  test('may send data, which is ignored', async () => {
    const viewer = await client({ data: (socket) => socket.write('x'.repeat(1_000_000)) });
    const { publish } = deliveryTo([viewer.port]);
    for (let n = 1; n <= 3; n++) await publish(frame(n));
    await until('all counts have arrived', () => counts(viewer)[0] === 3);
  });

  test('and moves to another port gets the next frame there', async () => {
    const [before, after] = [await client(), await client()];
    const { publish, register } = deliveryTo([before.port]);
    await publish(frame(1));
    await until('the first count has arrived', () => counts(before)[0] === 1);
    register({ transport: 'tcp', id: 'c0', host: '127.0.0.1', port: after.port });
    await publish(frame(2));
    await until('the second count has arrived', () => counts(after)[0] === 2);
    await until('the old connection is closed', () => before.sockets.size === 0);
  });

  test('is closed when nothing was sent to it for two minutes', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setTimeout', 'clearTimeout'] });
    const viewer = await client();
    const { publish } = deliveryTo([viewer.port]);
    await publish(frame(1));
    await until('the count has arrived', () => counts(viewer)[0] === 1);
    jest.advanceTimersByTime(119_000);
    expect(viewer.sockets.size).toBe(1);
    jest.advanceTimersByTime(61_000);
    jest.useRealTimers();
    await until('the connection is closed', () => viewer.sockets.size === 0);
    await publish(frame(2));
    await until('a new connection is opened', () => counts(viewer)[0] === 2);
  });
});

describe('a client that takes a connection per message', () => {
  test('gets every frame', async () => {
    const viewer = await client({ data: (socket) => socket.end() });
    const { publish, dead } = deliveryTo([viewer.port]);
    for (let n = 1; n <= 5; n++) {
      await publish(frame(n));
      await until(`count ${n} has arrived`, () => counts(viewer)[0] === n);
      await until('the client has closed', () => viewer.sockets.size === 0);
    }
    expect(viewer.lines()).toHaveLength(5); // none twice
    expect(viewer.connections).toBe(5);
    expect(dead).toEqual([]);
  });

  test('gets a frame that was written just before it closed the connection', async () => {
    // The second frame is written to the first connection, which the client closes without reading it.
    const viewer: TcpClient = await client({
      data: (socket) => {
        if (viewer.connections > 1) return;
        socket.pause();
        setTimeout(() => socket.end(), 100);
      },
    });
    const { publish, dead } = deliveryTo([viewer.port]);
    await publish(frame(1));
    await until('the first count has arrived', () => counts(viewer)[0] === 1);
    await publish(frame(2, { start: 2000 }));
    await until('the second count has arrived', () => largestCounts(viewer.lines()).size === 2);
    expect(dead).toEqual([]);
  });
});

describe('a client that resets connections', () => {
  test('after it has read a frame gets the next frames', async () => {
    const viewer = await client();
    const { publish, dead } = deliveryTo([viewer.port]);
    for (let n = 1; n <= 4; n++) {
      await publish(frame(n));
      await until(`count ${n} has arrived`, () => counts(viewer)[0] === n);
      if (n === 2) for (const socket of viewer.sockets) socket.resetAndDestroy();
    }
    expect(dead).toEqual([]);
  });

  test.each<[string, number, Behaviour]>([
    ['at once', 1, { connected: (socket) => socket.resetAndDestroy() }],
    ['after each frame', 2, { data: (socket) => socket.resetAndDestroy() }],
  ])('%s gets at most two connections per frame, and is given up after three failures', async (_when, tries, how) => {
    const viewer = await client(how);
    const { publish, dead } = deliveryTo([viewer.port]);
    let frames = 0;
    while (dead.length === 0 && frames < 10) {
      const before = viewer.connections;
      await publish(frame(++frames));
      // A frame that is published before the last attempt of the previous one would be merged into it.
      await until('every attempt was made', () => dead.length > 0 || viewer.connections >= before + tries);
      await until('no further attempt follows', async () => {
        const seen = viewer.connections;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return viewer.connections === seen && viewer.sockets.size === 0;
      });
    }
    expect(dead).toEqual(['c0']);
    expect(frames).toBeLessThanOrEqual(4);
    expect(viewer.connections).toBeLessThanOrEqual(2 * frames);
  });
});

describe('a client that does not listen', () => {
  test('is given up once, after three failures in a row', async () => {
    const { publish, dead } = deliveryTo([await deadPort()]);
    await publish(frame(1));
    await publish(frame(2));
    expect(dead).toEqual([]);
    await publish(frame(3));
    expect(dead).toEqual(['c0']);
  });

  test('gets all counts when it listens again, and its failures are reset', async () => {
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
    await until('all counts have arrived', () => viewer.lines.split('\n').length === 5);
    for (const count of [1, 2, 3, 4]) expect(viewer.lines).toContain(`"raw_count":${count}`);
    expect(dead).toEqual([]);
  });

  test('gets its counts when it listens again, even without new frames', async () => {
    const port = await deadPort();
    const { publish, dead } = deliveryTo([port]);
    await publish(frame(7));
    let lines = '';
    const server = createServer((socket) => socket.on('data', (data) => (lines += data.toString())));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    open.push({ close: () => server.close() });
    await until('the count has arrived', () => lines.includes('"raw_count":7'));
    expect(dead).toEqual([]);
  });

  test('is given up as well when its host is no longer allowed', async () => {
    const viewer = await client();
    const { publish, dead } = deliveryTo([viewer.port], { addressesOf: () => Promise.reject(new Error('refused')) });
    for (let n = 0; n < 3; n++) await publish(frame(n));
    expect(dead).toEqual(['c0']);
    expect(viewer.connections).toBe(0);
  });

  test('does not affect a client that has registered with the same id since', async () => {
    const here = await client();
    const release: (() => void)[] = [];
    const slowly = (host: string) => new Promise<string[]>((resolve) => release.push(() => resolve([host])));
    const { publish, register, dead } = deliveryTo([await deadPort()], {
      addressesOf: (host) => (release.length < 3 ? slowly(host) : Promise.resolve([host])),
      waitMs: 10,
    });
    for (let n = 0; n < 3; n++) {
      await publish(frame(n)); // the third failure follows below
      if (n < 2) release[n]?.();
      if (n < 2) await until('the delivery has failed', () => publish(frame(n)).then(() => release.length > n + 1));
    }
    register({ transport: 'tcp', id: 'c0', host: '127.0.0.1', port: here.port });
    await publish(frame(9)); // the client has a new port by now
    release[2]?.();
    await until('the frame has arrived', () => counts(here)[0] === 9);
    await publish(frame(10));
    await until('the next frame has arrived', () => counts(here)[0] === 10);
    expect(here.connections).toBe(1);
    expect(dead).toEqual([]);
  });
});

describe('a client that does not read', () => {
  test('does not delay other clients, and gets the newest counts once it reads', async () => {
    const [slow, fast] = [await client({ connected: (socket) => socket.pause() }), await client()];
    const { publish, dead } = deliveryTo([slow.port, fast.port], { waitMs: 20 });
    const ROUNDS = 50;
    for (let n = 1; n <= ROUNDS; n++) await publish(large(n));
    const newest = (from: TcpClient) => counts(from).filter((count) => count === ROUNDS).length === 1500;
    await until('the fast client has the newest count of each window', () => newest(fast));
    expect(dead).toEqual([]);
    for (const socket of slow.sockets) socket.resume();
    await until('the slow client has them too', () => newest(slow));
    // It gets the merged counts, not every frame that it missed.
    expect(slow.lines().length).toBeLessThan(ROUNDS * 1500);
    expect(slow.connections).toBe(1);
  });

  test('for a long time is given up, and its connection is closed', async () => {
    const slow = await client({ connected: (socket) => socket.pause() });
    const { publish, dead } = deliveryTo([slow.port], { waitMs: 10, stallMs: 50 });
    await until('the client is given up', async () => {
      await publish(large(1), large(1, 2));
      return dead.length > 0;
    });
    expect(dead).toEqual(['c0']);
  });
});

/** Blocks the event loop, as on an overloaded machine. */
const blockEventLoop = (ms: number) => {
  for (const until = performance.now() + ms; performance.now() < until;);
};

describe('a process whose event loop was blocked', () => {
  test('does not give up a client that listens: sockets are read before timeouts are applied', async () => {
    const viewer = await client({ data: (socket) => socket.end() }); // a connection per message
    const { publish, dead } = deliveryTo([viewer.port], { connectTimeoutMs: 150, waitMs: 10 });
    for (let n = 1; n <= 4; n++) {
      const published = publish(frame(n));
      await new Promise((resolve) => process.nextTick(resolve));
      blockEventLoop(500); // meanwhile the connection has opened and its timer has expired
      await published;
      await until(`count ${n} has arrived`, () => counts(viewer)[0] === n);
      await until('the client has closed', () => viewer.sockets.size === 0);
    }
    expect(dead).toEqual([]);
    expect(viewer.connections).toBe(4);
  });

  test('does not count the blocked time towards the time after which a client is given up', async () => {
    const { publish, dead } = deliveryTo([await deadPort()], { giveUpMs: 3000 });
    for (let n = 0; n < 4; n++) {
      await publish(frame(n));
      blockEventLoop(1000);
    }
    await publish(frame(5));
    expect(dead).toEqual([]);
    await until('the client is given up when it has failed for long enough', async () => {
      await publish(frame(6));
      return dead.length > 0;
    });
  });
});

test('a client is not given up for many failures in a short time', async () => {
  const { publish, dead } = deliveryTo([await deadPort()], { giveUpMs: 30_000 });
  for (let n = 0; n < 10; n++) await publish(frame(n));
  expect(dead).toEqual([]);
});

test('connects to one address are limited per second, whatever names and ports its clients have', async () => {
  const begun: number[] = [];
  const connected = () => void begun.push(performance.now());
  const viewers = await Promise.all(Array.from({ length: 6 }, () => client({ connected })));
  const options = { connectsPerAddress: 2, addressesOf: async () => ['127.0.0.1'] };
  const { publish, register, dead } = deliveryTo([], options);
  register(
    ...viewers.map(({ port }, n) => ({
      transport: 'tcp' as const,
      id: `c${n}`,
      host: `viewer-${n}.example.com`,
      port,
    })),
  );
  await publish(frame(1));
  await until('every client has the count', () => viewers.every((viewer) => counts(viewer)[0] === 1));
  begun.sort((a, b) => a - b);
  for (const n of [0, 1, 2, 3]) expect((begun[n + 2] ?? 0) - (begun[n] ?? 0)).toBeGreaterThan(900);
  expect(dead).toEqual([]);
});

test('a connection that does not open in time is a failed delivery', async () => {
  const port = await unacceptingPort();
  const { publish, dead } = deliveryTo([port], { connectTimeoutMs: 50, waitMs: 5000 });
  for (let n = 0; n < 3; n++) await publish(frame(n));
  expect(dead).toEqual(['c0']);
});

test('the connection goes to the checked address, and the name is not resolved again', async () => {
  const viewer = await client();
  const { publish, register } = deliveryTo([], { addressesOf: async () => ['127.0.0.1'] });
  register({ transport: 'tcp', id: 'c0', host: 'viewer.example.com', port: viewer.port });
  await publish(frame(1));
  await until('the count has arrived', () => counts(viewer)[0] === 1);
});
