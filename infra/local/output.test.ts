import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lineFilter, readyTriggers } from './output.ts';

const filter = () => {
  const printed: string[] = [];
  return { printed, ...lineFilter((line) => printed.push(line), { remember: 3 }) };
};

test('lines that are printed per request are dropped, and all others kept', () => {
  const { printed, write } = filter();
  write(
    'POST /emoji (λ: ingest)\n(λ: ingest) RequestId: 1  Duration: 2 ms\n\nWarning: x\n  ✖ TypeError: POST /emoji\n',
  );
  expect(printed).toEqual(['Warning: x', '  ✖ TypeError: POST /emoji']);
});

test('the last lines are remembered for an error message', () => {
  const { write, last } = filter();
  write('a\nb\nc\nd\ne');
  expect(last()).toEqual(['b', 'c', 'd']);
});

test('lines are complete, however the output is divided into chunks', () => {
  const text = 'first\nGET /health (λ: health)\n\nsecond\nthird\n';
  fc.assert(
    fc.property(fc.array(fc.nat({ max: text.length })), (cuts) => {
      const { printed, write } = filter();
      let from = 0;
      for (const to of [...cuts.sort((a, b) => a - b), text.length]) {
        write(text.slice(from, to));
        from = to;
      }
      expect(printed).toEqual(['first', 'second', 'third']);
    }),
  );
});

/** Output of serverless-offline and the Kafka triggers in normal operation. */
const CHATTER = `Starting Offline at stage local (eu-west-1)
Offline [http for lambda] listening on http://localhost:3002
Function names exposed for local invocation by aws-sdk:
   * ingest: emoji-streaming-local-ingest
Scheduling [finalize] cron: [*/1 * * * *]
┌──────────┐
│   POST   | http://localhost:5013/emoji │
└──────────┘
Server ready: http://localhost:5013 🚀
kafka-events: aggregate ← emoji_topic (group aggregate, 4 partitions, batch 10000 / 1 s) ready
Successfully invoked scheduled function: [finalize]
`;
const ATTENTION = `kafka-events: waits for Kafka at 127.0.0.1:9092: ECONNREFUSED
kafka-events: aggregate ← emoji_topic waits: topic emoji_topic does not exist yet
{"level":"error","message":"request failed"}
Warning: something is deprecated
`;

test.each([
  ['plain', (text: string) => text],
  ['in colour', (text: string) => text.replaceAll(/^./gm, (first) => `\x1b[32m${first}\x1b[39m`)],
])('normal output is printed only with `verbose` (%s)', (_how, dress) => {
  const brief: string[] = [];
  const verbose: string[] = [];
  lineFilter((line) => brief.push(line)).write(dress(CHATTER + ATTENTION));
  lineFilter((line) => verbose.push(line), { verbose: true }).write(dress(CHATTER + ATTENTION));
  expect(`${brief.join('\n')}\n`).toBe(dress(ATTENTION));
  expect(`${verbose.join('\n')}\n`).toBe(dress(CHATTER + ATTENTION));
});

test('every ready trigger is counted once', () => {
  const triggers = readyTriggers();
  const { write } = lineFilter(() => {}, { onLine: triggers.onLine });
  for (let n = 0; n < 2; n++) write(CHATTER + ATTENTION);
  write('kafka-events: subscriber-fanout ← cluster_0_emoji (group g, 3 partitions, batch 1 / 0 s) ready\n');
  expect(triggers.count()).toBe(2);
});
