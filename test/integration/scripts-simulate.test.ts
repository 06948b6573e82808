import { afterEach, describe, expect, test } from '@jest/globals';
import type { Counts } from '../../scripts/lib/statistics.ts';
import { groupBy } from '../../lib/domain/group-by.ts';
import { anyFreePort } from '../../infra/local/ports.ts';
import { type HttpServer, serveHttp } from '../support/http-server.ts';
import { printed, scripts } from '../support/scripts.ts';

interface Tap {
  room_id: string;
  emoji_type: string;
  event_id: string;
  user_id: string;
}

const { start, run } = scripts();
let server: HttpServer | undefined;
afterEach(() => server?.close());

/** A platform that answers with the status of `outcome`. It counts, by room and emoji, the taps that it answers 200. */
const platform = async (outcome: (request: number) => number | 'cut' = () => 200) => {
  const taken = new Map<string, number>();
  const taps: Tap[] = [];
  let requests = 0;
  server = await serveHttp(({ path, body }) => {
    if (path === '/health') return { status: 200 };
    const status = outcome(++requests);
    if (status === 'cut') return undefined;
    const parsed = JSON.parse(body) as Tap | { events: Tap[] };
    const events = 'events' in parsed ? parsed.events : [parsed];
    taps.push(...events);
    if (status === 200)
      for (const { room_id, emoji_type } of events) {
        const key = `${room_id} ${emoji_type}`;
        taken.set(key, (taken.get(key) ?? 0) + 1);
      }
    return { status };
  });
  return { url: server.url, taken, taps, maxConcurrent: server.maxConcurrent };
};

interface Summary extends Counts {
  errors: Record<string, number>;
  taps: Record<string, Record<string, number>>;
}

const jsonLines = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const summaryOf = (stdout: string) => jsonLines(stdout).at(-1)?.summary as Summary;
const flat = (taps: Summary['taps']) =>
  new Map(
    Object.entries(taps).flatMap(([room, emojis]) => Object.entries(emojis).map(([e, n]) => [`${room} ${e}`, n])),
  );

test('the summary has the exact counts of taps answered 200, by room and emoji', async () => {
  const { url, taken, taps } = await platform();
  const { code, stdout } = await run(
    'simulate',
    `--url ${url} --json --seconds 1 --clients 2 --rate 200 --batch 5 --room a --room b --emoji 🔥=2,❤`.split(' '),
  );
  expect(code).toBe(0);
  const { due, sent, answered, refused, failed, missed } = summaryOf(stdout);
  expect({ due, refused, failed }).toEqual({ due: 400, refused: 0, failed: 0 });
  expect([sent + missed, answered]).toEqual([400, sent]); // on a busy machine some taps are missed
  expect(flat(summaryOf(stdout).taps)).toEqual(taken);
  const tapsOf = (room: string) => taps.filter(({ room_id }) => room_id === room).length;
  expect(Math.abs(tapsOf('a') - tapsOf('b'))).toBeLessThanOrEqual(2 + missed);
  expect(new Set(taps.map(({ event_id }) => event_id)).size).toBe(sent);
  expect(new Set(taps.map(({ emoji_type }) => emoji_type))).toEqual(new Set(['🔥', '❤️']));
  // No user taps more than twice a second.
  const perUser = [...groupBy(taps, ({ user_id }) => user_id).values()].map(({ length }) => length);
  expect(Math.max(...perUser)).toBeLessThanOrEqual(2);
  expect(jsonLines(stdout).at(-2)).toMatchObject({ total: { refused: 0 }, clients: [{ client: 1 }, { client: 2 }] });
});

test('keeps the stage of a deployed API in the paths of its calls', async () => {
  const paths = new Set<string>();
  server = await serveHttp(({ path }) => {
    paths.add(path);
    return { status: 200 };
  });
  const options = '--json --seconds 1 --rate 10 --clients 1'.split(' ');
  expect(await run('simulate', ['--url', `${server.url}/prod`, ...options])).toMatchObject({ code: 0 });
  expect(paths).toEqual(new Set(['/prod/health', '/prod/emoji']));
});

test('counts rejected and unanswered taps separately, not in the sums, and exits with code 1', async () => {
  const { url, taken } = await platform((n) => (n % 5 === 0 ? 503 : n % 7 === 0 ? 'cut' : 200));
  const { code, stdout } = await run('simulate', [
    '--url',
    url,
    ...'--json --seconds 1 --rate 50 --retries 0'.split(' '),
  ]);
  expect(code).toBe(1);
  const { sent, answered, refused, failed, missed, errors, taps } = summaryOf(stdout);
  expect(sent + missed).toBe(200);
  expect(answered + refused + failed).toBe(sent);
  expect(errors['503']).toBe(refused);
  expect(errors.ECONNRESET).toBe(failed);
  expect(Math.min(answered, refused, failed)).toBeGreaterThan(0);
  expect(flat(taps)).toEqual(taken);
});

test('a temporarily rejected or unanswered tap is sent again unchanged, and counts once', async () => {
  const seen = new Map<string, string[]>();
  server = await serveHttp(({ path, body }) => {
    if (path === '/health') return { status: 200 };
    const { event_id } = JSON.parse(body) as Tap;
    const attempts = seen.get(event_id) ?? [];
    seen.set(event_id, [...attempts, body]);
    const status = [503, 429, 'cut', 200][attempts.length];
    if (typeof status !== 'number') return undefined;
    return { status, ...(status === 429 ? { headers: { 'retry-after': '1' } } : {}) };
  });
  const options = '--json --seconds 1 --clients 1 --rate 20 --in-flight 20'.split(' ');
  const began = performance.now();
  const { code, stdout } = await run('simulate', ['--url', server.url, ...options]);
  const { sent, missed, ...rest } = summaryOf(stdout);
  expect(sent + missed).toBe(20);
  expect(rest).toMatchObject({ due: 20, answered: sent, retried: 3 * sent, refused: 0, failed: 0, errors: {} });
  expect(code).toBe(0);
  expect(performance.now() - began).toBeGreaterThan(1000); // because of Retry-After
  for (const attempts of seen.values()) expect(attempts).toEqual(Array.from({ length: 4 }, () => attempts[0]));
});

test('retries are limited, and a permanently rejected tap is not retried', async () => {
  const attempts = new Map<string, number>();
  server = await serveHttp(({ path, body }) => {
    if (path === '/health') return { status: 200 };
    const { event_id, emoji_type } = JSON.parse(body) as Tap;
    attempts.set(event_id, (attempts.get(event_id) ?? 0) + 1);
    return { status: emoji_type === '🔥' ? 503 : 400 };
  });
  const options = '--json --seconds 1 --clients 1 --rate 20 --retries 2'.split(' ');
  const { code, stdout } = await run('simulate', ['--url', server.url, ...options]);
  const { errors, sent, missed, refused, retried } = summaryOf(stdout);
  expect(code).toBe(1);
  expect([sent + missed, refused]).toEqual([20, sent]);
  expect(Object.keys(errors).sort()).toEqual(['400', '503']);
  expect(retried).toBe(2 * (errors['503'] ?? 0));
  expect(new Set(attempts.values())).toEqual(new Set([1, 3]));
});

test('a stalled platform gets at most --in-flight requests per client; overdue taps count as missed', async () => {
  let release: () => void = () => undefined;
  const stall = new Promise<void>((resolve) => (release = resolve));
  let taps = 0;
  server = await serveHttp(async ({ path }) => {
    if (path !== '/health' && ++taps <= 6) await stall;
    return { status: 200 };
  });
  const options = '--json --seconds 2 --clients 2 --rate 40 --in-flight 3'.split(' ');
  const script = start('simulate', ['--url', server.url, ...options]);
  await printed(script, 'stdout', '"missed":[1-9]');
  expect(taps).toBe(6);
  release();
  const { code, stdout } = await script.ended;
  expect(code).toBe(0);
  const { due, answered, missed } = summaryOf(stdout);
  expect(server.maxConcurrent()).toBe(6);
  expect(due).toBe(160);
  expect(answered + missed).toBe(160);
});

test('Ctrl-C prints the summary; without a terminal there is one plain line per second', async () => {
  const { url, taken } = await platform();
  const script = start('simulate', ['--url', url]);
  await printed(script, 'stdout', 'answered \\d+/s');
  script.kill('SIGINT');
  const { code, stdout } = await script.ended;
  expect(code).toBe(0);
  expect(stdout).not.toContain('\x1b');
  const sum = [...taken.values()].reduce((total, taps) => total + taps);
  expect(stdout).toContain(`: ${sum.toLocaleString('en')} taps sent, ${sum.toLocaleString('en')} answered 200`);
});

describe('error message and exit code', () => {
  test('no server answers: 1', async () => {
    const url = `http://127.0.0.1:${await anyFreePort()}`;
    const { code, stderr } = await run('simulate', ['--url', url]);
    expect(stderr).toBe(
      `No server answers at ${url} (ECONNREFUSED): start the platform with "npm start", or use another --url.\n`,
    );
    expect(code).toBe(1);
  });

  test('wrong usage: 2; --help: 0', async () => {
    const [wrong, help] = await Promise.all([run('simulate', ['--batch', '501']), run('simulate', ['--help'])]);
    expect(wrong).toMatchObject({
      code: 2,
      stderr: '--batch should be a whole number from 1 to 500, not "501". See: npm run simulate -- --help\n',
    });
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('--in-flight');
  });
});
