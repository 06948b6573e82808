import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';
import { PlatformError } from '../../errors.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];
type Resolve = (host: string) => Promise<string[]>;

/** As an entry of the allow-list: every address of the public internet, and every name that has only such. */
const PUBLIC = 'public';

/** Link-local addresses, where clouds serve credentials, and their translations into IPv6: no configuration opens them. */
const NEVER: readonly Range[] = [
  ...['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::/32'],
  ...['::169.254.0.0/112', '::ffff:0:169.254.0.0/112', '64:ff9b::169.254.0.0/112', '2002:a9fe::/32'],
].map((cidr) => ipaddr.parseCIDR(cidr));

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
/** A last label of digits would be an address in an odd spelling (2130706433, 0x7f000001, 0177.1). */
const NUMERIC = /^(\d+|0x[0-9a-f]*)$/i;

const systemResolver: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

/** Only the usual spellings are addresses. One of IPv4 mapped into IPv6 is the IPv4 address. */
const parseAddress = (text: string): Address | undefined => {
  const usual = ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && ipaddr.IPv6.isValid(text));
  return usual ? ipaddr.process(text) : undefined;
};

const parseRange = (text: string): Range | undefined => {
  if (text.includes('/')) return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined;
  const address = parseAddress(text);
  return address && [address, address.kind() === 'ipv4' ? 32 : 128];
};

const inRange = (address: Address, [base, bits]: Range): boolean =>
  address.kind() === base.kind() && (address as ipaddr.IPv4).match(base as ipaddr.IPv4, bits);

/** The library calls unicast whatever it has no other name for; of IPv6 only this part is given out to anybody. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');

const isPublic = (address: Address): boolean =>
  address.range() === 'unicast' && (address.kind() === 'ipv4' || inRange(address, GLOBAL_IPV6));

const isName = (host: string): boolean => {
  const labels = host.split('.');
  return labels.every((label) => LABEL.test(label)) && !NUMERIC.test(labels.at(-1) ?? '');
};

/** Whether the allow-list can hold the text: a name, an address, a CIDR range or `public`. */
export const isAllowListEntry = (text: string): boolean => isName(text) || parseRange(text) !== undefined;

/**
 * Decides where updates may be sent. A name is resolved, every address that it has is checked, and the connection is
 * made to the checked ones, so a name that answers differently the second time gains nothing.
 */
export class AddressPolicy {
  readonly #names: ReadonlySet<string>;
  readonly #ranges: readonly Range[];
  readonly #resolve: Resolve;

  /**
   * @param allowed names, addresses, CIDR ranges or `public`. Being named is not enough for a name: its addresses must
   *   be public ones or in an allowed range, lest it be pointed into our own network.
   */
  constructor(allowed: readonly string[], resolve: Resolve = systemResolver) {
    this.#ranges = allowed.map(parseRange).filter((range) => range !== undefined);
    this.#names = new Set(allowed.filter((entry) => !parseRange(entry)).map((entry) => entry.toLowerCase()));
    this.#resolve = resolve;
  }

  /**
   * The addresses to connect to, in the resolver's order.
   * @throws PlatformError `host_refused` when the host is not allowed or does not resolve.
   */
  async addressesOf(host: string): Promise<string[]> {
    const literal = parseAddress(host);
    if (literal) return this.#allows(literal) ? [literal.toString()] : refuse();
    if (!isName(host) || !(this.#names.has(host.toLowerCase()) || this.#names.has(PUBLIC))) return refuse();
    const addresses = (await this.#resolve(host).catch(() => [])).map(parseAddress);
    if (addresses.length === 0) return refuse();
    return addresses.map((address) => (address && this.#allows(address, true) ? address.toString() : refuse()));
  }

  #allows(address: Address, byName = false): boolean {
    if (NEVER.some((range) => inRange(address, range))) return false;
    if (this.#ranges.some((range) => inRange(address, range))) return true;
    return (byName || this.#names.has(PUBLIC)) && isPublic(address);
  }
}

const refuse = (): never => {
  throw new PlatformError('host_refused', 'Invalid registration', {
    details: [{ path: 'host', message: 'must be a host to which updates may be delivered (DELIVERY_ALLOWED_HOSTS)' }],
  });
};
