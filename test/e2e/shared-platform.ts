import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform, startPlatform } from './platform.ts';

/** A platform that several test files use, one after the other. */
export interface SharedPlatform extends Pick<Platform, 'url' | 'socketUrl' | 'pageUrl' | 'lambdaPort' | 'pid'> {
  dataDir: string;
  /** What it had printed when it was ready. */
  printedAtStart: string;
}

/** Limits that the test of limits reaches quickly, and other tests don't reach. */
export const SHARED_SETTINGS = {
  ...{ MAX_ROOMS: '100', NEW_ROOMS_PER_USER: '80', MAX_CLIENTS_PER_ADDRESS: '50' },
  RATE_DESTINATION_PER_MINUTE: '200',
};

/** What users set for other programs, each of which has broken a start. */
const USERS_ENVIRONMENT = {
  LANG: 'C',
  LC_ALL: 'POSIX',
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

/** Starts the platform that test files share, in an environment and a folder of which every part has broken a start. */
export async function startSharedPlatform(): Promise<Platform & { dataDir: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'emoji-streaming-shared-'));
  const homeThatIsAFile = join(folder, 'home');
  writeFileSync(homeThatIsAFile, '');
  const dataDir = join(folder, 'übung, 日本 100% #1');
  mkdirSync(dataDir);
  const platform = await startPlatform(dataDir, { ...USERS_ENVIRONMENT, HOME: homeThatIsAFile, ...SHARED_SETTINGS });
  const { stop } = platform;
  return Object.assign(platform, {
    dataDir,
    stop: async () => {
      const end = await stop();
      rmSync(folder, { recursive: true, force: true });
      return end;
    },
  });
}
