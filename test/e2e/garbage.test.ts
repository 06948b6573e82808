import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { localEndpoints } from '../../infra/local/endpoints.ts';
import { clusterTopic, DEAD_LETTER_TOPIC, REACTION_TOPIC, UPDATE_TOPIC } from '../../lib/config/topics.ts';
import { kafkaFor, readTopic } from '../support/kafka.ts';
import { exchange, openSocket } from '../support/raw-http.ts';
import { until } from '../support/until.ts';
import { platformForTests } from './fixture.ts';
import { garbageRecords } from './garbage-records.ts';
import { badRequests } from './garbage-requests.ts';
import { liveTotals } from './live.ts';
import type { SharedPlatform } from './shared-platform.ts';
import { post, startViewer } from './viewer.ts';

let platform: SharedPlatform;
let pid: number;
const sockets: Socket[] = [];

platformForTests((started) => (platform = started));
beforeAll(async () => {
  pid = await platform.pid('functions');
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
});

/** Opens a connection that stays open, and sends these pieces. */
const held = async (...pieces: string[]): Promise<Socket> => {
  const socket = await openSocket(platform.url);
  socket.on('error', () => {}).on('data', () => {});
  sockets.push(socket);
  for (const piece of pieces) socket.write(piece);
  return socket;
};

const tap = (room_id: string, n = 0) =>
  post(`${platform.url}/emoji`, {
    user_id: `u${n}`,
    emoji_type: '🔥',
    timestamp: new Date().toISOString(),
    room_id,
  });
/** Checks that the functions work, in the same process as before. */
const expectSound = async (room: string) => {
  expect((await fetch(`${platform.url}/health`)).status).toBe(200);
  expect((await tap(room)).status).toBe(200);
  await until('a later tap is counted', async () => (await liveTotals(platform.url, [room])).get(`${room} 🔥`) === 1);
  expect(await platform.pid('functions')).toBe(pid);
};
/** Resident memory in MB; 0 where it can't be read. */
const memoryMb = (): number => {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return 0;
  }
};
/** Stack traces and file names, which an answer must not contain. */
const INTERNALS = /\bat [\w.<>]+ \(|node_modules|file:\/\/|\.[cm]?[jt]s:\d|\/(home|root|tmp|usr|work)\//;

describe('invalid and nearly invalid HTTP requests', () => {
  test.each(badRequests().map((row) => [row[0], row] as const))('%s', async (_what, [, pieces, outcome, options]) => {
    const response = await exchange(platform.url, pieces(), options);
    expect(/^HTTP\/1\.1 (\d{3}) /.exec(response)?.[1] ?? 'closed').toBe(String(outcome));
    if (outcome === 'closed') expect(response).toBe('');
    expect(response).not.toMatch(INTERNALS);
  });

  test('afterwards the functions work, in the same process', () => expectSound('after-garbage'));

  test('pipelined requests on one connection are all answered', async () => {
    const one = 'GET /health HTTP/1.1\r\nHost: localhost\r\n';
    const response = await exchange(platform.url, [`${one}\r\n`.repeat(20), `${one}Connection: close\r\n\r\n`]);
    expect(response.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(21);
  });

  test('connections that are slow, stall or end in the middle of a request do not delay others', async () => {
    const head = 'POST /emoji HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\n';
    const trickling = await Promise.all(Array.from({ length: 30 }, () => held('GET /health HTTP/1.1\r\nHost: lo')));
    await Promise.all(Array.from({ length: 30 }, () => held(`${head}Content-Length: 1000\r\n\r\n{"user_id":`)));
    await Promise.all(Array.from({ length: 30 }, () => held()));
    for (let n = 0; n < 30; n++) (await held(`${head}Content-Length: 1000\r\n\r\n{"user_id":`)).resetAndDestroy();
    for (let n = 0; n < 30; n++) (await held(`${head}Content-Length: 1000\r\n\r\n{"user_id":`)).end();
    const timer = setInterval(() => {
      for (const socket of trickling) if (socket.writable) socket.write('x');
    }, 50);
    try {
      for (let n = 0; n < 10; n++) {
        const began = performance.now();
        expect((await tap('beside-slow', n)).status).toBe(200);
        expect(performance.now() - began).toBeLessThan(10_000);
      }
    } finally {
      clearInterval(timer);
    }
    await until('all taps are counted', async () => {
      return (await liveTotals(platform.url, ['beside-slow'])).get('beside-slow 🔥') === 10;
    });
    await expectSound('after-slow');
  });

  test('bodies that are too large are not kept in memory', async () => {
    const head = `POST /emoji HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\n`;
    const large = Buffer.alloc(9 * 1024 * 1024, 'x');
    const round = () =>
      exchange(platform.url, [`${head}Content-Length: ${large.length}\r\nConnection: close\r\n\r\n`, large]);
    for (let n = 0; n < 5; n++) expect(await round()).toMatch(/^HTTP\/1\.1 413/);
    const before = memoryMb();
    for (let n = 0; n < 40; n++) await round();
    // 40 bodies of 9 MB are 360 MB. Garbage collection may take a while.
    const grown = async () => {
      await round();
      return memoryMb() - before;
    };
    await until('memory has grown by less than 150 MB', async () => (await grown()) < 150);
    await expectSound('after-large');
  });
});

test('a web page cannot invoke functions, so forged taps are not counted', async () => {
  const forged = {
    eventSource: 'aws:kafka',
    records: { 'emoji_topic-0': [{ topic: 'emoji_topic', partition: 0, offset: 0, value: 'e30=' }] },
  };
  const path = '/2015-03-31/functions/emoji-streaming-local-aggregate/invocations';
  const answer = await fetch(`http://localhost:${platform.lambdaPort}${path}`, {
    method: 'POST',
    headers: { origin: 'https://evil.example', 'content-type': 'text/plain' },
    body: JSON.stringify(forged),
  });
  expect(answer.status).toBe(403);
  const body = JSON.stringify(forged);
  const head = `POST ${path} HTTP/1.1\r\nHost: evil.example\r\nContent-Length: ${body.length}\r\nConnection: close`;
  expect(await exchange(`http://localhost:${platform.lambdaPort}`, [`${head}\r\n\r\n${body}`])).toMatch(
    /^HTTP\/1\.1 403/,
  );
  await expectSound('after-forged');
});

describe('unreadable records', () => {
  test('in every topic become dead letters with position and reason, and all taps between them count', async () => {
    const viewer = await startViewer(platform.url, 'watcher', { room_id: 'records' });
    const kafka = kafkaFor(localEndpoints(platform.dataDir)?.KAFKA_BROKERS);
    const producer = kafka.producer();
    await producer.connect();
    const written = new Set<string>();
    let answered = 0;
    const tapSome = async () => {
      for (let n = 0; n < 10; n++) {
        expect((await tap('records', n)).status).toBe(200);
        answered++;
      }
    };
    const partitions = { [REACTION_TOPIC]: 4, [UPDATE_TOPIC]: 4, [clusterTopic(0)]: 3, [DEAD_LETTER_TOPIC]: 1 };
    try {
      await tapSome();
      for (const [topic, count] of Object.entries(partitions)) {
        const records = garbageRecords(topic);
        for (let partition = 0; partition < count; partition++)
          for (const messages of records) {
            const [at] = await producer.send({ topic, messages: messages.map((each) => ({ ...each, partition })) });
            for (let n = 0; n < messages.length; n++)
              written.add(`${topic} ${partition} ${Number(at?.baseOffset) + n}`);
          }
        await tapSome();
      }
    } finally {
      await producer.disconnect();
    }
    await tapSome();
    await until('all taps are counted', async () => {
      return (await liveTotals(platform.url, ['records'])).get('records 🔥') === answered;
    });
    await until('the viewer has received all counts', () => viewer.total() === answered);

    const expected = [...written].filter((position) => !position.startsWith(DEAD_LETTER_TOPIC)).sort();
    const positions = await until('every unreadable record is a dead letter', async () => {
      const letters = (await readTopic(kafka, DEAD_LETTER_TOPIC)).flatMap(({ value }) => lettersIn(value));
      const found = new Set(letters.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`));
      for (const { reason } of letters) expect(reason.length).toBeGreaterThan(5);
      return expected.every((position) => found.has(position)) && [...found].sort();
    });
    // No valid record is a dead letter.
    expect(positions).toEqual(expected);
    expect(viewer.total()).toBe(answered);
    await viewer.close();
    await expectSound('after-records');
  });
});

/** The dead letter in the text; none for the random records that this test has written to the topic. */
const lettersIn = (text: string): { topic: string; partition: number; offset: number; reason: string }[] => {
  try {
    const letter = JSON.parse(text) as Record<string, unknown> | null;
    return typeof letter?.reason === 'string' ? [letter as ReturnType<typeof lettersIn>[number]] : [];
  } catch {
    return [];
  }
};
