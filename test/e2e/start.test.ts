import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, jest, test } from '@jest/globals';
import { scripts } from '../support/scripts.ts';
import { liveTotals } from './live.ts';
import { newDataDir, removeDataDir, startPlatform, type Platform } from './platform.ts';
import { post } from './viewer.ts';
import { tap } from './fixture.ts';
import { until } from '../support/until.ts';

jest.setTimeout(300_000);
const { run } = scripts();
const folder = newDataDir();
let platform: Platform | undefined;
afterAll(async () => {
  await platform?.stop();
  removeDataDir(folder);
});

/** Settings for other programs, each of which has broken a start. */
const homeThatIsAFile = join(folder, 'home');
writeFileSync(homeThatIsAFile, '');
const ENVIRONMENT = {
  LANG: 'C',
  LC_ALL: 'POSIX',
  HOME: homeThatIsAFile,
  JDK_JAVA_OPTIONS: '-XX:+UseG1GC',
  JAVA_TOOL_OPTIONS: '-XX:+NoSuchOption',
  _JAVA_OPTIONS: '-XX:+UseParallelGC',
  CLASSPATH: '/nowhere',
  MAVEN_OPTS: '-XX:+NoSuchOption',
  JAVA_HOME: '/nowhere',
  AWS_PROFILE: 'missing',
  AWS_REGION: 'moon-1',
  SLS_DEPRECATION_NOTIFICATION_MODE: 'error',
  SLS_LOG_LEVEL: 'error',
  npm_config_ignore_scripts: 'true',
  HTTP_PROXY: 'http://localhost:1',
  https_proxy: 'localhost:1',
  NODE_ENV: 'production',
  NODE_OPTIONS: '--pending-deprecation',
  FORCE_COLOR: '1',
};

test('npm start works with settings for Java, npm and the framework in the environment, and any folder name', async () => {
  const dataDir = join(folder, 'übung, 日本 100% #1');
  mkdirSync(dataDir);
  platform = await startPlatform(dataDir, ENVIRONMENT);
  expect((await post(`${platform.url}/emoji`, tap({ room_id: 'start' }))).status).toBe(200);
  const { url } = platform;
  await until('the tap is counted', async () => (await liveTotals(url, ['start'])).get('start 🔥') === 1);

  // Only what a user needs, apart from warnings that a busy machine may cause.
  const said = platform.output().replace(/^(kafka-events: .* waits: |\{"level":"warn").*\n/gm, '');
  expect(said).toMatch(
    /^broker: .+\nRedis: .+\n\nReady in .+\n\nIn two more terminals:\n {2}npm run simulate.*\n {2}npm run client.*\n\n$/,
  );
  const found = await run('topics', ['list', '--data-dir', dataDir], { KAFKA_BROKERS: '', REDIS_URL: '' });
  expect(found).toMatchObject({ code: 0, stdout: expect.stringMatching(/^emoji_topic +4 /m) });
});
