import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type AddressRange = [Address, number];

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
/** A last label of digits would be an address in an odd spelling (2130706433, 0x7f000001, 0177.1). */
const NUMERIC = /^(\d+|0x[0-9a-f]*)$/i;

/**
 * Only the usual spellings are addresses, and none with a zone, which means something on one machine alone. One of IPv4
 * mapped into IPv6 is the IPv4 address.
 */
export const parseAddress = (text: string): Address | undefined =>
  isIP(text) !== 0 && !text.includes('%') ? ipaddr.process(text) : undefined;

export const parseRange = (text: string): AddressRange | undefined => {
  if (text.includes('/')) return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined;
  const address = parseAddress(text);
  return address && [address, address.kind() === 'ipv4' ? 32 : 128];
};

export const isName = (host: string): boolean => {
  const labels = host.split('.');
  return labels.every((label) => LABEL.test(label)) && !NUMERIC.test(labels.at(-1) ?? '');
};

/** Whether `DELIVERY_ALLOWED_HOSTS` can hold the text: a name, an address, a CIDR range or `public`. */
export const isAllowListEntry = (text: string): boolean => isName(text) || parseRange(text) !== undefined;
