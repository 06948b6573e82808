import type { Platform } from './platform.ts';

/** A platform that several test files use, one after the other. */
export interface SharedPlatform extends Pick<Platform, 'url' | 'lambdaPort' | 'pid'> {
  dataDir: string;
}

/** Limits that the test of limits reaches quickly, and other tests don't reach. */
export const SHARED_SETTINGS = {
  ...{ MAX_ROOMS: '100', NEW_ROOMS_PER_USER: '80', MAX_CLIENTS_PER_ADDRESS: '50' },
  RATE_DESTINATION_PER_MINUTE: '200',
};
