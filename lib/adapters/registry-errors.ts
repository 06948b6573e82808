import { PlatformError } from '../errors.ts';

export const unknownCluster = (clusters: number): PlatformError =>
  new PlatformError('invalid_request', 'Unknown cluster', {
    details: [{ path: 'cluster_id', message: `must be a number from 0 to ${clusters - 1}` }],
  });

/** Another client can register when one unregisters or expires, which may take a while. */
const RETRY_AFTER_SECONDS = 60;

export const tooManyClients = (max: number, address?: string): PlatformError =>
  new PlatformError(
    'rate_limited',
    `Too many clients are registered${address === undefined ? '' : ` from ${address}`}`,
    {
      details: [{ path: 'client_id', message: `must be one of the ${max} clients that are already registered` }],
      headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
    },
  );
