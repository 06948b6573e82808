import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { clusterTopic, DEAD_LETTER_TOPIC, REACTION_TOPIC } from '../../lib/config/topics.ts';
import { createKafka } from '../../lib/adapters/kafka/client.ts';
import { recordsOf } from '../../lib/adapters/kafka/event.ts';
import { decodeRecords, type Rejected } from '../../lib/domain/decode.ts';
import type { StreamRecord } from '../../lib/domain/stream.ts';
import { loadConfig } from '../../lib/config/variables.ts';
import { setAside } from '../../lib/usecases/dead-letters.ts';
import { reactionSchemas } from '../../lib/domain/reaction.ts';
import { javaProduce } from '../../packages/serverless-offline-kafka-events/test/java-producer.ts';
import { kafkaLib } from '../../packages/serverless-offline-kafka-events/test/own-kafka.ts';
import { kafkaEvent } from '../support/events.ts';
import { frame } from '../support/frames.ts';
import { temporaryFolders } from '../support/folder.ts';
import { createTopic, kafkaFor, openRecords, readTopic } from '../support/kafka.ts';
import { scripts } from '../support/scripts.ts';
import { kafkaBrokers, quiet } from '../support/services.ts';

const { run } = scripts();
const folder = temporaryFolders();
const lib = kafkaLib();

const kafka = kafkaFor();
const { log: records, close } = openRecords(createKafka(loadConfig({ KAFKA_BROKERS: kafkaBrokers() }), quiet), 10_000);
beforeAll(async () => {
  expect(await run('topics', ['create'])).toMatchObject({ code: 0, stderr: '' });
});
afterAll(close);

/** Other tests may set records aside, too: ours have unique reasons and offsets. */
let nextOffset = 1_000_000_000 + Math.floor(Math.random() * 1e9) * 1000;
const rejected = (reason: string, value: string | Buffer, more: Partial<StreamRecord> = {}): Rejected => ({
  reason,
  record: {
    ...{ topic: REACTION_TOPIC, partition: 1, offset: nextOffset++, timestamp: Date.now(), isAppendTime: true },
    ...{ value: Buffer.from(value), ...more },
  },
});
const goal = (room: string, more: object = {}) =>
  JSON.stringify({ user_id: 'u', emoji_type: ':goal:', timestamp: new Date().toISOString(), room_id: room, ...more });
const GOAL = { EMOJI_SHORT_CODES: ':goal:' };

interface Listed {
  id: string;
  place: { offset: number };
  replayed_at?: string;
}
const listed = async (reason: string): Promise<Listed[]> => {
  const { stdout, stderr } = await run('dlq', ['list', '--all', '--json', '--reason', reason]);
  expect(stderr).toBe('');
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Listed);
};
const reactionsOf = async (room: string) =>
  (await readTopic(kafka, REACTION_TOPIC))
    .filter(({ value }) => value.includes(room))
    .map(({ value }) => JSON.parse(value) as Record<string, unknown>);

test('list shows each record once, also after a redelivery, with position and reason, and can filter', async () => {
  const reason = randomUUID();
  const [a, b] = [rejected(`${reason} first`, 'a'), rejected(`${reason} second`, 'bb', { topic: clusterTopic(0) })];
  await setAside(records, quiet, [a, b]);
  await setAside(records, quiet, [a]);
  const { code, stdout } = await run('dlq', ['list', '--reason', reason.toUpperCase()]);
  expect(code).toBe(0);
  const rows = stdout.trimEnd().split('\n').slice(1);
  expect(rows).toEqual([
    expect.stringMatching(
      new RegExp(`^\\d+@\\d+ +${REACTION_TOPIC}-1@${a.record.offset} +20\\S+Z +1 +${reason} first$`),
    ),
    expect.stringMatching(
      new RegExp(`^\\d+@\\d+ +${clusterTopic(0)}-1@${b.record.offset} +20\\S+Z +2 +${reason} second$`),
    ),
  ]);
  const filtered = await run('dlq', ['list', '--reason', reason, '--topic', clusterTopic(0), '--json']);
  expect(JSON.parse(filtered.stdout)).toMatchObject({ place: { topic: clusterTopic(0) }, size: 2, truncated: false });
});

test('show prints the value as text or in hexadecimal, and escapes control characters', async () => {
  const reason = randomUUID();
  await setAside(records, quiet, [
    rejected(reason, '{"emoji": "🔥\u001b[2J\u202e"}\n', { key: Buffer.from('room') }),
    rejected(reason, Buffer.from([0xff, 0x00])),
  ]);
  const [text, bytes] = await listed(reason);
  const shown = await run('dlq', ['show', text?.id ?? '']);
  expect(shown.stdout).toContain('\n\n{"emoji": "🔥\\u{1b}[2J\\u{202e}"}\n');
  expect(shown.stdout).toMatch(/^key: +room$/m);
  expect(JSON.parse((await run('dlq', ['show', bytes?.id ?? '', '--json'])).stdout)).toMatchObject({
    hex: 'ff00',
    reason,
  });
});

test('replay puts valid records back once, with event_id and original time, and refuses the rest with a reason', async () => {
  const [reason, room] = [randomUUID(), randomUUID()];
  const own = goal(room, { event_id: 'own', received_at: '2026-05-01T20:45:00.000Z' });
  const letters = [goal(room), own, '{"room_id": ', Buffer.from([0xff])].map((value) => rejected(reason, value));
  await setAside(records, quiet, letters);

  const replay = (...args: string[]) => run('dlq', ['replay', '--reason', reason, ...args], GOAL);
  const dry = await replay('--dry-run');
  expect(dry.stdout).toContain('2 would be put back, 0 already put back, 2 refused');
  expect(await reactionsOf(room)).toEqual([]);

  const first = await replay();
  expect(first).toMatchObject({ code: 1, stderr: '' });
  expect(first.stdout).toMatch(/refused: not JSON$/m);
  expect(first.stdout).toMatch(/refused: it is not UTF-8/);
  expect(first.stdout).toContain('2 put back, 0 already put back, 2 refused');
  const back = await reactionsOf(room);
  const [plain, kept] = [
    back.find(({ event_id }) => event_id !== 'own'),
    back.find(({ event_id }) => event_id === 'own'),
  ];
  expect(back).toHaveLength(2);
  expect(plain).toEqual({
    ...(JSON.parse(goal(room)) as object),
    timestamp: expect.any(String),
    event_id: `dlq-${REACTION_TOPIC}-1-${letters[0]?.record.offset}`,
    received_at: new Date(letters[0]?.record.timestamp ?? 0).toISOString(),
  });
  expect(kept).toEqual(JSON.parse(own));

  expect((await replay()).stdout).toContain('0 put back, 2 already put back, 2 refused');
  expect(await reactionsOf(room)).toHaveLength(2);
  expect((await listed(reason)).map(({ replayed_at }) => replayed_at !== undefined)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('replay refuses a tap with an unknown short code, unless --force or a corrected --value is given', async () => {
  const [reason, room] = [randomUUID(), randomUUID()];
  await setAside(records, quiet, [rejected(reason, goal(room)), rejected(reason, goal(room))]);
  const [a, b] = await listed(reason);
  const refused = await run('dlq', ['replay', a?.id ?? '', b?.id ?? '']);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toMatch(/refused: emoji_type must be exactly one emoji or a configured short code/);

  const file = join(folder(), 'tap.json');
  writeFileSync(file, goal(room).replace(':goal:', '⚽'));
  expect((await run('dlq', ['replay', a?.id ?? '', '--value', file])).code).toBe(0);
  expect((await run('dlq', ['replay', b?.id ?? '', '--force'])).code).toBe(0);
  expect((await reactionsOf(room)).map(({ emoji_type }) => emoji_type).sort()).toEqual([':goal:', '⚽']);
});

test('replay puts a frame back into its original partition with its key', async () => {
  const [reason, room] = [randomUUID(), randomUUID()];
  const value = JSON.stringify(frame(7, { room }));
  const key = Buffer.from(room);
  await setAside(records, quiet, [rejected(reason, value, { topic: clusterTopic(1), partition: 2, key })]);
  expect((await run('dlq', ['replay', '--reason', reason])).code).toBe(0);
  const back = (await readTopic(kafka, clusterTopic(1))).filter((record) => record.key === room);
  expect(back).toMatchObject([{ partition: 2, value }]);
});

test('an interrupted replay is repeated soon afterwards with the same event_id, later only with --force', async () => {
  const [reason, room] = [randomUUID(), randomUUID()];
  const [soon, later] = [rejected(reason, goal(room)), rejected(reason, goal(room))];
  await setAside(records, quiet, [soon, later]);
  const begun = ({ record: { topic, partition, offset, timestamp } }: Rejected) =>
    JSON.stringify({ replay: 'begun', of: { topic, partition, offset, timestamp } });
  const producer = kafka.producer();
  await producer.connect();
  const messages = [{ value: begun(soon) }, { value: begun(later), timestamp: String(Date.now() - 3_600_000) }];
  await producer.send({ topic: DEAD_LETTER_TOPIC, messages });
  await producer.disconnect();
  const { code, stdout } = await run('dlq', ['replay', '--reason', reason], GOAL);
  expect(code).toBe(1);
  expect(stdout).toMatch(new RegExp(`-1@${later.record.offset} +refused: a replay that began at .* was interrupted`));
  expect((await reactionsOf(room)).map(({ event_id }) => event_id)).toEqual([
    `dlq-${REACTION_TOPIC}-1-${soon.record.offset}`,
  ]);
  expect((await run('dlq', ['replay', '--reason', reason, '--force'], GOAL)).stdout).toContain(
    '1 put back, 1 already put back',
  );
});

test('many records of almost 1 MiB are set aside and listed; replay reads the full value from the topic', async () => {
  const [reason, room] = [randomUUID(), randomUUID()];
  const large = goal(room, { padding: 'x'.repeat(1_040_000) });
  const producer = kafka.producer();
  await producer.connect();
  const [written] = await producer.send({ topic: REACTION_TOPIC, messages: [{ value: large, partition: 1 }] });
  await producer.disconnect();
  const from = Number(written?.baseOffset);
  const event = kafkaEvent(
    Array.from({ length: 30 }, () => large),
    { partition: 1, from, timestamp: Date.now() },
  );
  const unreadable = decodeRecords(recordsOf(event), reactionSchemas([]).reaction).rejected;
  expect(unreadable).toHaveLength(30);
  await setAside(
    records,
    quiet,
    // Only the first record is in the topic.
    unreadable.map(({ record }, n) => ({ reason, record: { ...record, offset: n === 0 ? from : nextOffset++ } })),
  );
  expect(await listed(reason)).toHaveLength(30);
  const { stdout } = await run('dlq', ['replay', '--reason', reason], GOAL);
  expect(stdout).toContain('1 put back, 0 already put back, 29 refused');
  expect(stdout).toContain(`only a part of it was kept, and ${REACTION_TOPIC} no longer has it`);
  const back = (await reactionsOf(room)).filter(({ event_id }) => event_id === `dlq-${REACTION_TOPIC}-1-${from}`);
  expect(back).toHaveLength(1);
  expect(back[0]?.padding).toHaveLength(1_040_000);
});

(lib === undefined ? test.skip : test)(
  'records that a Java client compressed are listed, and shown whole',
  async () => {
    const [reason, room] = [randomUUID(), randomUUID()];
    const value = goal(room, { padding: 'x'.repeat(100_000) });
    const topic = await createTopic(kafka, 1);
    const place = { topic, partition: 0, offset: 0, timestamp: Date.now() };
    const letter = { ...place, reason, value: Buffer.from(value.slice(0, 90)).toString('base64'), truncated: true };
    await Promise.all([
      javaProduce(lib as string, kafkaBrokers(), topic, 'lz4', [value]),
      javaProduce(lib as string, kafkaBrokers(), DEAD_LETTER_TOPIC, 'zstd', [JSON.stringify(letter)]),
    ]);
    const [entry] = await listed(reason);
    expect(entry).toMatchObject({ place: { topic, offset: 0 } });
    const shown = await run('dlq', ['show', entry?.id ?? '', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ truncated: false, text: value });
  },
);

test('dead letters of an aborted transaction are not listed', async () => {
  const [committed, aborted] = [randomUUID(), randomUUID()];
  const producer = kafka.producer({ transactionalId: randomUUID(), idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (const [reason, end] of [
    [aborted, 'abort'],
    [committed, 'commit'],
  ] as const) {
    const transaction = await producer.transaction();
    const letter = { topic: REACTION_TOPIC, partition: 0, offset: nextOffset++, reason, value: '' };
    await transaction.send({ topic: DEAD_LETTER_TOPIC, messages: [{ value: JSON.stringify(letter) }] });
    await transaction[end]();
  }
  await producer.disconnect();
  expect(await listed(committed)).toHaveLength(1);
  expect(await listed(aborted)).toEqual([]);
});

test('wrong usage prints what is expected and exits with code 2', async () => {
  const wrong = async (...args: string[]) => {
    const { code, stderr } = await run('dlq', args);
    expect(code).toBe(2);
    return stderr;
  };
  const [none, id, neither, both, flag, file, twice] = await Promise.all([
    wrong('drop'),
    wrong('show', 'x'),
    wrong('replay'),
    wrong('replay', '1', '--all'),
    wrong('list', '--force'),
    wrong('replay', '1', '--value', '/nowhere'),
    wrong('show', '1', '2'),
  ]);
  expect(none).toMatch(/^The command should be list, show or replay, not "drop"\. See: npm run dlq -- --help$/m);
  expect(id).toMatch(/^ID should be PARTITION@OFFSET or an offset, as in the list, not "x"\./);
  expect(neither).toMatch(/^replay needs either IDs, or --topic and --reason, or --all\./);
  expect(both).toBe(neither);
  expect(flag).toMatch(/^list takes no --force\./);
  expect(file).toMatch(/^--value should be a file that can be read/);
  expect(twice).toMatch(/^show needs the ID of one dead letter\./);
  const { code, stderr } = await run('dlq', ['show', '999999999']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^There is no dead letter 0@999999999: "npm run dlq -- list --all" lists them all\.$/m);
});
