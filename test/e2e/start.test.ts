import { expect, test } from '@jest/globals';
import { scripts } from '../support/scripts.ts';
import { until } from '../support/until.ts';
import { platformForTests, tap } from './fixture.ts';
import { liveTotals } from './live.ts';
import type { SharedPlatform } from './shared-platform.ts';
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

test('npm start prints only what a user needs', () => {
  // Apart from warnings that a busy machine may cause.
  const printed = platform.printedAtStart.replace(/^(kafka-events: .* waits: |\{"level":"warn").*\n/gm, '');
  expect(printed).toMatch(
    /^broker: .+\nRedis: .+\n\nReady in .+\nViewers connect to ws:.+\n\nIn two more terminals:\n {2}npm run simulate.*\n {2}npm run client.*\n\n$/,
  );
});
