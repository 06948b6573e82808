import { afterAll, beforeAll } from '@jest/globals';
import { newDataDir, removeDataDir, startPlatform, type Platform } from './platform.ts';

/**
 * A platform for the tests of a file, with a data folder of its own.
 * @param use is given it when it is ready
 */
export function platformForTests(use: (platform: Platform) => void, env: Record<string, string> = {}): void {
  const dataDir = newDataDir();
  let platform: Platform | undefined;
  beforeAll(async () => {
    platform = await startPlatform(dataDir, env);
    use(platform);
  });
  afterAll(async () => {
    await platform?.stop();
    removeDataDir(dataDir);
  });
}

/** A tap of `u1`, made now. */
export const tap = (fields: Record<string, unknown> = {}) => ({
  user_id: 'u1',
  emoji_type: '🔥',
  timestamp: new Date().toISOString(),
  ...fields,
});
