import { randomBytes } from 'node:crypto';
import { SetupError } from '../infra/local/errors.ts';
import { DEFAULT_ROOM, MAX_EVENTS } from '../lib/domain/reaction.ts';
import {
  httpUrl,
  type Io,
  networkReason,
  positiveNumber,
  readArgs,
  runScript,
  waitUntil,
  wholeNumber,
} from './lib/cli.ts';
import { parseWeights } from './lib/emoji-weights.ts';
import { screen } from './lib/screen.ts';
import {
  type Progress,
  progressJson,
  progressLine,
  progressTable,
  summaryJson,
  summaryLines,
} from './lib/simulate-output.ts';
import { Statistics } from './lib/statistics.ts';
import { bearer } from './lib/token.ts';
import { startTapper, type TapperOptions } from './lib/tapper.ts';
import { count } from './lib/table.ts';

const HELP = `npm run simulate [-- options]     simulates clients that tap emojis

  --clients N       how many clients tap at the same time (4)
  --rate N          taps a second of each client (100)
  --seconds N       how long; without it, until Ctrl-C
  --room ROOM       the room (${DEFAULT_ROOM}); given several times, taps go to each room in turn
  --batch N         taps in one request, 1 to ${MAX_EVENTS} (1)
  --emoji LIST      emojis and how often each is tapped (🔥=5,❤️=3,👏=2)
  --users N         users of each client, who tap in turn (half of --rate or of --batch, whichever is larger)
  --in-flight N     maximum number of unanswered requests of each client (32)
  --retries N       how often a request is sent again after 429, 503 or no answer (5; 0 = never)
  --url URL         URL of the API (http://localhost:5013)
  --token TOKEN     token of scope admin, for a platform with AUTH_MODE=jwt (EMOJI_TOKEN)
  --json            prints a line of JSON each second, and {"summary": …} at the end
  --help

Taps are sent at their scheduled times, whether or not earlier ones were answered (an open loop); latency is measured from
the scheduled time. When a client has --in-flight unanswered requests, its next taps wait; a tap that has waited for a
second is "missed" and never sent. "rate" is the share of the scheduled taps that was answered 200.
Every tap has its own event_id. A request is sent again unchanged, so each tap counts once. It waits for Retry-After plus a
random time, whose bound doubles with each try, and counts as in flight meanwhile.

Exit code 1 when any tap was not answered 200, 2 for wrong usage.`;

function readOptions(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = readArgs({
    args,
    options: {
      clients: { ...text, default: '4' },
      rate: { ...text, default: '100' },
      seconds: text,
      room: { ...text, multiple: true, default: [DEFAULT_ROOM] },
      batch: { ...text, default: '1' },
      emoji: { ...text, default: '🔥=5,❤️=3,👏=2' },
      users: text,
      'in-flight': { ...text, default: '32' },
      retries: { ...text, default: '5' },
      url: { ...text, default: 'http://localhost:5013' },
      token: text,
      json: flag,
      help: flag,
    },
  });
  return values;
}

/** Any answer is accepted, because it shows that a server is listening. */
async function assertAnswers(url: URL): Promise<void> {
  try {
    const answer = await fetch(new URL('health', url), { signal: AbortSignal.timeout(10_000) });
    await answer.text();
  } catch (error) {
    throw new SetupError(
      `No server answers at ${url.origin} (${networkReason(error)}): start the platform with "npm start", or use another --url.`,
    );
  }
}

export async function main(args: string[], io: Io): Promise<number> {
  const values = readOptions(args);
  if (values.help) {
    io.print(HELP);
    return 0;
  }
  const clients = wholeNumber('--clients', values.clients, { from: 1, to: 10_000 });
  const rate = positiveNumber('--rate', values.rate, 1_000_000);
  const url = httpUrl('--url', values.url);
  const batch = wholeNumber('--batch', values.batch, { from: 1, to: MAX_EVENTS });
  const options: TapperOptions = {
    url: new URL('emoji', url),
    headers: bearer(values.token || io.env.EMOJI_TOKEN),
    rate,
    batch,
    users: values.users
      ? wholeNumber('--users', values.users, { from: 1, to: 10_000_000 })
      : Math.ceil(Math.max(rate, batch) / 2),
    rooms: values.room,
    weights: parseWeights(values.emoji),
    maxInFlight: wholeNumber('--in-flight', values['in-flight'], { from: 1, to: 10_000 }),
    retries: wholeNumber('--retries', values.retries, { from: 0, to: 100 }),
    seconds: values.seconds ? positiveNumber('--seconds', values.seconds, 1_000_000) : undefined,
  };
  const stop = io.stopSignal();
  await assertAnswers(url);

  const run = randomBytes(3).toString('hex'); // so that two simulators use different users
  const began = performance.now();
  const tappers = Array.from({ length: clients }, (_, n) => startTapper(`sim-${run}-${n}`, n / clients, options));
  const statistics = new Statistics(tappers.map((tapper) => tapper.statistics));
  const print = printer(io, values.json, `${count(clients)} clients × ${count(rate)} taps/s → ${url.origin}`);
  let lastReport = began;
  const report = () => {
    for (const tapper of tappers) tapper.refresh();
    const now = performance.now();
    const intervalMs = now - lastReport;
    lastReport = now;
    const inFlight = tappers.reduce((sum, tapper) => sum + tapper.inFlight, 0);
    print({ elapsedMs: now - began, intervalMs, inFlight, errors: statistics.errors(), ...statistics.read() });
  };
  const everySecond = setInterval(report, 1000);
  await waitUntil(stop, options.seconds);
  const elapsedMs = Math.min(performance.now() - began, (options.seconds ?? Infinity) * 1000);
  await Promise.all(tappers.map((tapper) => tapper.finish()));
  clearInterval(everySecond);
  if (performance.now() - lastReport > 500) report();

  const { all, clients: rows } = statistics.read();
  const summary = {
    elapsedMs,
    total: all.total,
    clients: rows.map(({ total }) => total),
    latency: statistics.latency(),
    errors: statistics.errors(),
    answered: statistics.answered(),
  };
  io.print(values.json ? summaryJson(summary) : summaryLines(summary).join('\n'));
  return all.total.refused + all.total.failed > 0 ? 1 : 0;
}

function printer({ print, terminal }: Io, json: boolean | undefined, title: string): (progress: Progress) => void {
  if (json) return (progress) => print(progressJson(progress));
  if (!terminal) return (progress) => print(progressLine(progress));
  const draw = screen(terminal);
  return (progress) => draw(progressTable(title, progress));
}

await runScript(import.meta, 'simulate', main);
