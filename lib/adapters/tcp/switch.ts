import type { Config } from '../../config/variables.ts';
import { LOCAL_STAGE } from '../../config/stages.ts';
import { PlatformError } from '../../errors.ts';

/**
 * Whether this stage delivers over TCP. AWS Lambda can't keep connections to many clients (few descriptors, frozen
 * between invocations, NAT), so it is off on a deployed stage unless it is set.
 */
export const deliversOverTcp = ({ DELIVERY_TCP, STAGE }: Pick<Config, 'DELIVERY_TCP' | 'STAGE'>): boolean =>
  (DELIVERY_TCP ?? (STAGE === LOCAL_STAGE ? 'on' : 'off')) === 'on';

/** The answer to registrations while it is off. */
export const tcpIsOff = (): PlatformError =>
  new PlatformError('host_refused', 'Delivery over TCP is off on this stage (DELIVERY_TCP)', {
    details: [{ path: 'host', message: 'can not be delivered to: use GET /live, or set DELIVERY_TCP=on' }],
  });
