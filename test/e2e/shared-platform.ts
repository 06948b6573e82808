import type { Platform } from './platform.ts';

/** What a test file may do with a platform that others use after it. */
export interface SharedPlatform extends Pick<Platform, 'url' | 'lambdaPort' | 'pid'> {
  dataDir: string;
}

/** Bounds that a test reaches within a moment, and that the others don't reach. */
export const SHARED_SETTINGS = {
  ...{ MAX_ROOMS: '100', NEW_ROOMS_PER_USER: '80', MAX_CLIENTS_PER_ADDRESS: '50' },
  RATE_DESTINATION_PER_MINUTE: '200',
};
