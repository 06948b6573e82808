import { isIP } from 'node:net';

/**
 * Whether a Host header names this machine, and not a web page's own name that resolves to it (DNS rebinding). An IP
 * address is accepted, because DNS rebinding needs a name. Plain JavaScript for the plugins of serverless-offline.
 * @param {string | undefined} host
 * @param {string} [ownName]
 */
export const namesThisMachine = (host, ownName = 'localhost') => {
  const name = host?.replace(/:\d*$/, '').toLowerCase() ?? 'localhost';
  return name === 'localhost' || name === ownName.toLowerCase() || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
};
