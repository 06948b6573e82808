import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { until } from '../../../test/support/until.ts';
import { frame } from '../../../test/support/frames.ts';
import { TcpDelivery } from './delivery.ts';
import { answerTo, handshake } from './handshake.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0).reverse()) each.close();
});

const portOf = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return (server.address() as AddressInfo).port;
};

/** A TCP server that stores what it receives and calls `onText` for each piece. */
const listener = async (onText: (socket: Socket, text: string) => void) => {
  const seen = { text: '', connections: 0 };
  const port = await portOf(
    createServer((socket) => {
      seen.connections++;
      open.push({ close: () => socket.destroy() });
      socket.on('error', () => undefined);
      socket.setEncoding('utf8').on('data', (text) => {
        seen.text += String(text);
        onText(socket, String(text));
      });
    }),
  );
  return { port, seen };
};

const deliveryTo = (ports: readonly number[], connectTimeoutMs = 1000, waitMs = 3000) => {
  const clients = ports.map((port, n) => ({ transport: 'tcp' as const, id: `c${n}`, host: '127.0.0.1', port }));
  const dead: string[] = [];
  const delivery = new TcpDelivery({
    addressesOf: async (host) => [host],
    connectTimeoutMs,
    connectsPerAddress: 1000,
    handshake,
    stallMs: 5000,
    giveUpMs: 0,
    waitMs,
    onDead: (id) => dead.push(id),
  });
  open.push(delivery);
  const publish = (count: number) => delivery.send(clients, frame(count));
  return { dead, publish };
};

const nonceIn = (text: string): string => /^\{"type":"challenge","nonce":"([\w-]{22})"\}\n$/.exec(text)?.[1] ?? '';
const response = (nonce: string) => `{"type":"response","nonce":"${nonce}"}\n`;

describe('a client that answers the challenge', () => {
  test.each<[string, (socket: Socket, answer: string) => void]>([
    ['at once', (socket, answer) => socket.write(answer)],
    ['in two pieces', (socket, answer) => socket.write(answer.slice(0, 9), () => socket.write(answer.slice(9)))],
    ['and sends more data', (socket, answer) => socket.write(`${answer}${'x'.repeat(1_000_000)}`)],
  ])('%s gets its frames, and one challenge per connection', async (_how, respond) => {
    const { port, seen } = await listener((socket, text) => {
      if (nonceIn(text)) respond(socket, response(nonceIn(text)));
    });
    const { publish, dead } = deliveryTo([port]);
    await publish(1);
    await publish(2);
    await until('both frames have arrived', () => seen.text.split('\n').length === 4);
    expect(seen.text.match(/challenge/g)).toHaveLength(1);
    expect(seen).toMatchObject({ connections: 1, text: expect.stringContaining('"raw_count":2') });
    expect(dead).toEqual([]);
  });

  test('and takes a connection per message gets a new nonce on each connection', async () => {
    const nonces = new Set<string>();
    const { port, seen } = await listener((socket, text) => {
      const nonce = nonceIn(text);
      if (nonce) socket.write(response(nonces.add(nonce) && nonce));
      else socket.end();
    });
    const { publish, dead } = deliveryTo([port]);
    for (let n = 1; n <= 4; n++) {
      await publish(n);
      await until(`count ${n} has arrived`, () => seen.text.includes(`"raw_count":${n},`));
    }
    expect(nonces.size).toBe(seen.connections);
    expect(seen.connections).toBeGreaterThanOrEqual(3);
    expect(dead).toEqual([]);
  });
});

describe('a client that does not answer it gets no frame, and is given up after three attempts', () => {
  const echo = (socket: Socket, text: string) => socket.write(text);
  test.each<[string, (socket: Socket, text: string) => void]>([
    ['an echo', echo],
    ['another nonce', (socket) => socket.write(response('AAAAAAAAAAAAAAAAAAAAAA'))],
    ['no nonce', (socket) => socket.write('{"type":"response"}\n')],
    ['null', (socket) => socket.write('null\n')],
    ['invalid JSON', (socket) => socket.write('hello\n')],
    ['the answer on its second line', (socket, text) => socket.write(`hello\n${response(nonceIn(text))}`)],
    ['an answer in its error message', (socket, text) => socket.write(`-ERR ${response(nonceIn(text))}`)],
    ['an error of Redis', (socket, text) => socket.write(`-ERR unknown command \`${text.trim()}\`, with args\r\n`)],
    ['a closed connection', (socket) => socket.end()],
    ['RST', (socket) => socket.resetAndDestroy()],
    ['nothing', () => undefined],
  ])('%s', async (_what, behave) => {
    const { port, seen } = await listener(behave);
    const { publish, dead } = deliveryTo([port], 200);
    for (let n = 1; n <= 3; n++) await publish(n);
    expect(dead).toEqual(['c0']);
    expect(seen.text).not.toContain('raw_count');
    expect(seen.connections).toBe(3);
  });

  test('an answer without a line break is cut off', async () => {
    const closedAfter: number[] = [];
    const { port } = await listener((socket) => {
      socket.once('close', () => closedAfter.push(socket.bytesWritten));
      const more = (): void => void (socket.destroyed || socket.write('x'.repeat(65_536), more));
      more();
    });
    const { publish, dead } = deliveryTo([port], 5000);
    for (let n = 1; n <= 3; n++) await publish(n);
    expect(dead).toEqual(['c0']);
    await until('all three connections are closed', () => closedAfter.length === 3);
  });

  test('an HTTP server', async () => {
    const seen: string[] = [];
    const server = createHttpServer((request, answer) => {
      seen.push(String(request.url));
      answer.end();
    });
    server.on('connection', (socket: Socket) => socket.on('data', (data) => seen.push(data.toString())));
    const { publish, dead } = deliveryTo([await portOf(server)]);
    for (let n = 1; n <= 3; n++) await publish(n);
    expect(dead).toEqual(['c0']);
    expect(seen.join()).not.toContain('raw_count');
  });
});

test('a client that does not answer does not delay other clients', async () => {
  const slow = await listener(() => undefined);
  const quick = await listener((socket, text) => socket.write(answerTo(text.trim()) ?? ''));
  const { publish } = deliveryTo([slow.port, quick.port], 60_000, 100);
  await publish(1);
  await publish(2);
  await until('the quick client has both frames', () => quick.seen.text.includes('"raw_count":2'), 20_000);
  expect(slow.seen.text).not.toContain('raw_count');
});

test('answerTo answers challenges and nothing else', () => {
  expect(answerTo('{"type":"challenge","nonce":"n1"}')).toBe('{"type":"response","nonce":"n1"}\n');
  for (const line of [
    '',
    'null',
    '7',
    '{"type":"challenge"}',
    '{"type":"response","nonce":"n"}',
    '{"room_id":"global"}',
  ])
    expect(answerTo(line)).toBeUndefined();
});
