import { readFileSync } from 'node:fs';
import { afterAll, beforeAll } from '@jest/globals';
import { until } from '../support/until.ts';
import { servicePid } from './platform.ts';
import { type SharedPlatform, startSharedPlatform } from './shared-platform.ts';

/**
 * Provides a platform for the tests of a file: the one that `npm test` has started for all such files, which run
 * sequentially, or a new one when a file is run alone.
 * @param use called with the platform when it is ready
 */
export function platformForTests(use: (platform: SharedPlatform) => void): void {
  const { SHARED_PLATFORM: shared } = process.env;
  if (shared) return waitFor(shared, use);
  let stop: (() => Promise<unknown>) | undefined;
  beforeAll(async () => {
    const platform = await startSharedPlatform();
    stop = platform.stop;
    const { url, socketUrl, pageUrl, lambdaPort, dataDir, pid } = platform;
    use({ url, socketUrl, pageUrl, lambdaPort, dataDir, pid, printedAtStart: platform.output() });
  });
  afterAll(() => stop?.());
}

/** @param file exists once the platform is ready */
const waitFor = (file: string, use: (platform: SharedPlatform) => void): void =>
  beforeAll(async () => {
    const shared = await until('the shared platform is ready', () => read(file), 150_000);
    use({ ...shared, pid: (service) => servicePid(shared.dataDir, service) });
  });

const read = (file: string) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Omit<SharedPlatform, 'pid'>;
  } catch {
    return undefined;
  }
};

/** A tap of `u1` with the present time. */
export const tap = (fields: Record<string, unknown> = {}) => ({
  user_id: 'u1',
  emoji_type: '🔥',
  timestamp: new Date().toISOString(),
  ...fields,
});
