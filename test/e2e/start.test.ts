import { expect, test } from '@jest/globals';
import { scripts } from '../support/scripts.ts';
import { until } from '../support/until.ts';
import { platformForTests, tap } from './fixture.ts';
import { liveTotals } from './live.ts';
import type { SharedPlatform } from './shared-platform.ts';
import { connectSocket } from './socket-client.ts';
import { post } from './viewer.ts';

const { run } = scripts();
let platform: SharedPlatform;
platformForTests((started) => (platform = started));

test('npm start works with settings for Java, npm and the framework in the environment, and any folder name', async () => {
  const { url } = platform;
  expect((await post(`${url}/emoji`, tap({ room_id: 'start' }))).status).toBe(200);
  await until('the tap is counted', async () => (await liveTotals(url, ['start'])).get('start 🔥') === 1);
  const found = await run('topics', ['list', '--data-dir', platform.dataDir], { KAFKA_BROKERS: '', REDIS_URL: '' });
  expect(found).toMatchObject({ code: 0, stdout: expect.stringMatching(/^emoji_topic +4 /m) });
});

test('the page gets the addresses of the platform, which lets it in', async () => {
  const { url, socketUrl, pageUrl } = platform;
  const config = await fetch(`${pageUrl}/config.json`);
  expect(await config.json()).toMatchObject({ url, socketUrl, rooms: ['global'] });
  for (const origin of [pageUrl, pageUrl.replace('localhost', '127.0.0.1'), 'http://localhost:5173']) {
    const answer = await fetch(`${url}/live?room_id=global`, { headers: { origin } });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    const viewer = await connectSocket(socketUrl, { origin });
    await viewer.close();
  }
});

test('npm start prints only what a user needs', () => {
  // Apart from warnings that a busy machine may cause.
  const printed = platform.printedAtStart.replace(/^(kafka-events: .* waits: |\{"level":"warn").*\n/gm, '');
  expect(printed).toMatch(
    /^broker: .+\nRedis: .+\n\nReady in .+\n\n(Open .+\nOverlay .+|The page is not built yet.+)\nHTTP API: .+\n(API documents: .+\n)?\nIn two more terminals:\n {2}npm run simulate.*\n {2}npm run client.*\n\n$/,
  );
});
