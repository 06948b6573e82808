import type { Config } from '../../config/variables.ts';
import { LOCAL_STAGE } from '../../config/stages.ts';
import { PlatformError } from '../../errors.ts';

/**
 * Whether this stage delivers over TCP. A function on AWS Lambda has few descriptors, is frozen between invocations and
 * calls through NAT: connections to many clients can't be kept there, so a deployed stage must ask for it.
 */
export const deliversOverTcp = ({ DELIVERY_TCP, STAGE }: Pick<Config, 'DELIVERY_TCP' | 'STAGE'>): boolean =>
  (DELIVERY_TCP ?? (STAGE === LOCAL_STAGE ? 'on' : 'off')) === 'on';

/** What a registration is answered where it is off. */
export const tcpIsOff = (): PlatformError =>
  new PlatformError('host_refused', 'Delivery over TCP is off on this stage (DELIVERY_TCP)', {
    details: [{ path: 'host', message: 'can not be delivered to: use GET /live, or set DELIVERY_TCP=on' }],
  });
