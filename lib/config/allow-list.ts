import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type AddressRange = [Address, number];

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
/** A numeric last label would make the name an address in an unusual spelling (2130706433, 0x7f000001, 0177.1). */
const NUMERIC = /^(\d+|0x[0-9a-f]*)$/i;

/**
 * Parses addresses in their usual spellings. Addresses with a zone are rejected, because a zone is only valid on one
 * machine. An IPv4-mapped IPv6 address becomes the IPv4 address.
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
