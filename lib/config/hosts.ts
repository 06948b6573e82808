import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** Standard host names have no underscores, but container names do. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** Whether a connection can be made to it: an address, or a name that a name server can be asked for. */
export const isHost = (text: string): boolean => {
  if (isIP(text) !== 0) return true;
  // Of what is no name `domainToASCII` takes the part before it.
  const ascii = /^[\p{L}\p{N}\p{M}_.-]+$/u.test(text) ? domainToASCII(text.replace(/\.$/, '')) : '';
  return ascii.length <= 253 && ascii.split('.').every((label) => LABEL.test(label));
};
