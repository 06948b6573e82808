import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHandler as createAggregate } from '../../functions/aggregate.ts';
import { REACTION_TOPIC } from '../../lib/config/topics.ts';
import { recordsOf } from '../../lib/adapters/kafka/event.ts';
import { decodeRecords } from '../../lib/domain/decode.ts';
import { frameRecordSchema, frameSchema, mergeFrames, toFrames } from '../../lib/domain/frame.ts';
import { toLines, updateLineSchema } from '../../lib/domain/update-line.ts';
import { createCounter } from '../../lib/usecases/count-taps.ts';
import { MemoryCountStore } from '../doubles/count-store.ts';
import { MAX_EVENTS, reactionSchemas } from '../../lib/domain/reaction.ts';
import { HeldRecords, RecordedLog, recordedLogger } from '../support/doubles.ts';
import { httpEvent, kafkaEvent } from '../support/events.ts';
import { httpFunctions, NOW, SHORT_CODES } from './functions.ts';

const { reaction, tap: tapSchema } = reactionSchemas(SHORT_CODES);

/** Problematic Unicode: lone surrogates, NUL, direction marks, zero-width characters, byte order marks. */
const odd = fc.constantFrom(
  ...[
    '\ud800',
    '\udfff',
    '\0',
    '\u200f',
    '\u202e',
    '\u200b',
    '\u200d',
    '\ufeff',
    '\ufe0f',
    '\ufffd',
    '\u3164',
    '\u2028',
  ],
  ...[
    '\n',
    ' ',
    '{',
    '}',
    '"',
    '\\',
    '🔥',
    '👨‍👩‍👧',
    '❤',
    '🇩🇪',
    '1\ufe0f\u20e3',
    '𐀀',
    'é',
    'a',
    '0',
    '__proto__',
    'constructor',
  ],
);
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(odd, { maxLength: 12 }).map((parts) => parts.join('')),
);
const number = fc.oneof(
  fc.constantFrom(-0, 0, 1, 100, 101, 1.5, 1e21, 1e300, -1e300, 5e-324, 2 ** 53, 2 ** 53 - 1, 1024, 65_535, 65_536),
  fc.double(),
  fc.integer(),
);
const value = fc.oneof(
  text,
  number,
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }),
);
const time = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom('2026-05-01T20:45:00', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', '2026-02-30T00:00:00Z'),
);
const emoji = fc.constantFrom('🔥', '❤', '❤️', '👍🏽', '1\u20e3', ':goal:', '\ufe0f🔥', '🏳‍🌈');
const visible = fc.string({ unit: fc.constantFrom(...'aZ0-_.:~é日م'), minLength: 1, maxLength: 20 });

/** Taps that are mostly valid, so that many are accepted; sometimes a field has a random value. */
const tap = fc.record(
  {
    user_id: fc.oneof({ weight: 12, arbitrary: visible }, fc.integer(), value),
    emoji_type: fc.oneof({ weight: 12, arbitrary: emoji }, value),
    timestamp: fc.oneof({ weight: 12, arbitrary: time }, value),
    room_id: fc.oneof({ weight: 12, arbitrary: visible }, value),
    event_id: fc.oneof({ weight: 12, arbitrary: fc.uuid() }, value),
    count: fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 1, max: 100 }) }, value),
    ['__proto__']: value,
    constructor: value,
  },
  { requiredKeys: ['user_id', 'emoji_type', 'timestamp'] },
);
const registration = fc.record(
  {
    client_id: fc.oneof({ weight: 12, arbitrary: visible }, value),
    port: fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 1024, max: 65_535 }) }, value),
    host: fc.oneof(fc.constantFrom('localhost', '127.0.0.1', '::1', '0177.1'), value),
    room_id: fc.oneof({ weight: 12, arbitrary: visible }, value),
    cluster_id: fc.oneof(fc.constantFrom(0, 1, '1', -0, 9, '0x1'), value),
  },
  { requiredKeys: ['client_id', 'port'] },
);
const json = (body: fc.Arbitrary<unknown>) => body.map((each) => httpEvent({ body: JSON.stringify(each) }));
const bytes = (body: fc.Arbitrary<unknown>) =>
  body.map((each) => httpEvent({ bytes: Buffer.from(JSON.stringify(each)) }));
/** Bodies that are JSON, nearly JSON or no JSON; as text and as base64, with a random `isBase64Encoded`. */
const rawBody = fc
  .record({
    body: fc.oneof(
      text,
      fc.json({ stringUnit: 'binary' }),
      fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each).toString('base64')),
      tap.map((each) => JSON.stringify(each).slice(0, -1)),
      fc.constantFrom('{"count":1e400}', '{"user_id":-0}', '\ufeff{}', 'null', undefined),
    ),
    isBase64Encoded: fc.boolean(),
    headers: fc.dictionary(fc.constantFrom('content-type', 'content-encoding', '__proto__'), fc.string()),
  })
  .map((fields) => ({ ...httpEvent(), ...fields }) as ReturnType<typeof httpEvent>);

const details = expect.arrayContaining([{ path: expect.any(String), message: expect.stringMatching(/^(must|is) /) }]);

test('POST /emoji answers 200 and queues all taps as aggregate reads them, or 400 and queues nothing', async () => {
  const answered = new Map<number, number>();
  const { records, call } = httpFunctions();
  const event = fc.oneof(
    // Most random requests are rejected: the weight makes sure that enough are accepted.
    { arbitrary: json(tap), weight: 3 },
    bytes(tap),
    json(fc.record({ events: fc.array(tap, { maxLength: 5 }) })),
    json(fc.record({ events: value })),
    json(value),
    rawBody,
  );
  await fc.assert(
    fc.asyncProperty(event, async (request) => {
      const before = records.records(REACTION_TOPIC).length;
      const { status, body } = await call('ingest', request);
      answered.set(status, (answered.get(status) ?? 0) + 1);
      const queued = records
        .records(REACTION_TOPIC)
        .slice(before)
        .map(({ value: each }) => each);
      if (status !== 200) {
        expect(status).toBe(400);
        expect(queued).toEqual([]);
        if (body.error !== 'Missing required fields') expect(body.details).toEqual(details);
        return;
      }
      expect(queued.length).toBeGreaterThan(0);
      const { decoded: read, rejected } = decodeRecords(recordsOf(kafkaEvent(queued)), reaction);
      expect(rejected).toEqual([]);
      expect(read.map((each) => JSON.parse(JSON.stringify(each.value)) as unknown)).toEqual(
        queued.map((each) => JSON.parse(each) as unknown),
      );
      // Parsing a parsed tap again does not change it.
      for (const { value: each } of read) expect(tapSchema.parse(each)).toEqual({ ...each, received_at: undefined });
      if (body.accepted !== undefined)
        expect(body.accepted).toBe(read.reduce((sum, each) => sum + each.value.count, 0));
    }),
    { numRuns: 3000 },
  );
  // Both answers must occur often.
  for (const status of [200, 400]) expect(answered.get(status)).toBeGreaterThan(300);
  expect({}).not.toHaveProperty('user_id');
});

test('POST /register registers exactly the clients that it answers 200, and DELETE removes them', async () => {
  const answered = new Set<number>();
  const { registry, call } = httpFunctions();
  await fc.assert(
    fc.asyncProperty(fc.oneof(json(registration), bytes(registration), json(value), rawBody), async (request) => {
      const { status, body } = await call('register', request);
      answered.add(status);
      const clients = [...((await registry.loads()).values() ?? [])].flatMap((loads) => [...loads.values()]);
      expect(clients.reduce((sum, each) => sum + each, 0)).toBe(status === 200 ? 1 : 0);
      if (status === 200) {
        const { client_id } = JSON.parse(
          Buffer.from(request.body ?? '', request.isBase64Encoded ? 'base64' : 'utf8').toString(),
        ) as { client_id: string };
        expect((await call('register', httpEvent({ method: 'DELETE', path: { client_id } }))).status).toBe(200);
      } else {
        expect(status).toBe(400);
        if (!body.error?.endsWith('are required')) expect(body.details).toEqual(details);
      }
    }),
    { numRuns: 2000 },
  );
  expect([...answered].sort()).toEqual([200, 400]);
});

test('DELETE /register/… with a random id answers 404 or 400, GET /live with a random room 200 or 400', async () => {
  const parameter = fc.oneof(text, visible, fc.constant(undefined));
  const { call } = httpFunctions();
  await fc.assert(
    fc.asyncProperty(parameter, async (given) => {
      const fields = given === undefined ? {} : { client_id: given, room_id: given };
      const removed = await call('register', httpEvent({ method: 'DELETE', path: fields }));
      const live = await call('live', httpEvent({ method: 'GET', query: fields }));
      expect([404, 400]).toContain(removed.status);
      expect([200, 400]).toContain(live.status);
      // Both accept the same identifiers, except for the length limit and the default room.
      if (given !== undefined && given.length <= 64) expect(live.status === 200).toBe(removed.status === 404);
    }),
    { numRuns: 2000 },
  );
});

const record = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each)),
  text,
  fc.json({ stringUnit: 'binary' }),
  fc.constantFrom(null, '', 'null', '[]', '{}', '{"__proto__":{}}', '\ufeff{}', '['.repeat(100_000)),
  tap,
  fc.record({ received_at: fc.oneof(time, value) }).chain((more) => tap.map((each) => ({ ...each, ...more }))),
);
const partition = fc.record({
  values: fc.array(record, { maxLength: 15 }),
  options: fc.record({
    from: fc.nat(),
    timestamp: fc.oneof(
      fc.integer({ min: NOW, max: 2 ** 52 }),
      fc.constantFrom(-1, 0, NaN, 8.64e15, 8.64e15 + 1, 2 ** 63, undefined as never),
    ),
  }),
});
/** Producers may set any key, and Lambda leaves out a `value` that is null. */
const withOddFields = (event: ReturnType<typeof kafkaEvent>, key: unknown) => {
  for (const entries of Object.values(event.records))
    for (const entry of entries) {
      Object.assign(entry, { key });
      if (entry.value === null) delete (entry as Partial<typeof entry>).value;
    }
  return event;
};

/** A key as in a Lambda event: base64 of any bytes, or none. */
const anyKey = fc.option(fc.uint8Array({ maxLength: 50 }).map((each) => Buffer.from(each).toString('base64')));

test('decodeRecords returns each record as decoded or rejected and never throws, with any schema', () => {
  const schemas = fc.constantFrom(reaction, frameRecordSchema);
  fc.assert(
    fc.property(partition, anyKey, schemas, ({ values, options }, key, schema) => {
      const event = withOddFields(kafkaEvent(values, options), key);
      const { decoded, rejected } = decodeRecords(recordsOf(event), schema);
      const offsets = [...decoded, ...rejected].map(({ record: { offset } }) => offset).sort((a, b) => a - b);
      expect(offsets).toEqual(values.map((_, n) => options.from + n));
      for (const { record: each, reason } of rejected) {
        expect(reason.length).toBeLessThan(1000);
        // The rejected record keeps its original bytes.
        const original = Object.values(event.records).flat()[each.offset - options.from];
        const base64 = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('base64');
        expect([base64(each.key), base64(each.value)]).toEqual([key ?? undefined, original?.value]);
      }
    }),
    { numRuns: 300 },
  );
});

test('aggregate sets the malformed records of a batch aside and counts all others', async () => {
  await fc.assert(
    fc.asyncProperty(partition, async ({ values, options }) => {
      const records = new RecordedLog();
      const settings = { windowMs: 2000, watermarkMs: 10_000, ratio: 1000 };
      const store = new MemoryCountStore(settings);
      const log = recordedLogger();
      const clock = () => NOW;
      const ports = { store, records, reader: new HeldRecords(), clock, log };
      const counter = createCounter({ ...ports, settings, shortCodes: SHORT_CODES });
      const aggregate = createAggregate({ counter });
      const received_at = new Date(NOW).toISOString();
      const good = { user_id: 'u', emoji_type: '🔥', timestamp: received_at, room_id: 'the-good', received_at };
      await aggregate(kafkaEvent([good, ...values.flatMap((each) => [each, good])], options));
      const { totals } = await store.snapshot('the-good');
      expect(totals.get('🔥')).toBe(values.length + 1);
    }),
    { numRuns: 150 },
  );
});

describe('published frames and lines match the schemas of their readers', () => {
  const room = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 64 })
    .filter((each) => tapSchema.shape.room_id.safeParse(each).success);
  const windowStart = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }).map(Number);
  const counts = fc.uniqueArray(fc.tuple(emoji, fc.nat()), { selector: ([each]) => each }).map((each) => new Map(each));
  const windows = fc.array(fc.record({ start: windowStart, final: fc.boolean(), counts }), { maxLength: 5 });
  const roomCounts = fc.record({ room, windows, totals: counts, late: fc.nat() });
  const settings = { windowMs: 2000, ratio: 1000 };

  test('frames, merged frames, and their update lines pass their schemas unchanged', () => {
    fc.assert(
      fc.property(roomCounts, (given) => {
        const frames = toFrames(given, settings, NOW);
        for (const each of [...frames, frames.reduce(mergeFrames)]) {
          expect(frameRecordSchema.parse(JSON.parse(JSON.stringify(each)))).toEqual(each);
          for (const line of toLines(each))
            expect(updateLineSchema.parse(JSON.parse(JSON.stringify(line)))).toEqual(line);
        }
      }),
    );
  });

  test('a frame with one random field is rejected, or is small and can be merged and split into lines', () => {
    const [good] = toFrames(
      { room: 'r', windows: [{ start: 0, final: true, counts: new Map([['🔥', 1]]) }], totals: new Map(), late: 0 },
      settings,
      NOW,
    );
    const field = fc.constantFrom(...Object.keys(good ?? {}));
    fc.assert(
      fc.property(field, value, fc.boolean(), (name, given, isInWindow) => {
        const window = { start: '2026-05-01T20:45:00Z', counts: { '🔥': 1 }, [name]: given, final: given };
        const changed = isInWindow ? { ...good, windows: [window] } : { ...good, [name]: given, extra: given };
        const parsed = frameSchema.safeParse(JSON.parse(JSON.stringify(changed)));
        if (!parsed.success) return;
        expect(JSON.stringify(parsed.data).length).toBeLessThan(1000);
        expect(toLines(mergeFrames(parsed.data, parsed.data)).length).toBeLessThan(100);
      }),
      { numRuns: 1000 },
    );
  });
});

test(`about ${MAX_EVENTS} taps with random fields are all queued or all rejected`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(tap, { minLength: 495, maxLength: 505, size: 'max' }), async (events) => {
      const { records, call } = httpFunctions();
      const { status } = await call('ingest', httpEvent({ body: JSON.stringify({ events }) }));
      expect([
        [200, events.length],
        [400, 0],
      ]).toContainEqual([status, records.records(REACTION_TOPIC).length]);
    }),
    { numRuns: 10 },
  );
});
