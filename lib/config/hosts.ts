import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** Standard host names have no underscores, but container names do. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** Whether the text is an address or a host name that can be resolved. */
export const isHost = (text: string): boolean => {
  if (isIP(text) !== 0) return true;
  // For invalid characters `domainToASCII` would return only the part before them.
  const ascii = /^[\p{L}\p{N}\p{M}_.-]+$/u.test(text) ? domainToASCII(text.replace(/\.$/, '')) : '';
  return ascii.length <= 253 && ascii.split('.').every((label) => LABEL.test(label));
};
