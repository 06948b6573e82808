import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';
import { isName, parseAddress, parseRange, type Address, type AddressRange } from '../../config/allow-list.ts';
import { PlatformError } from '../../errors.ts';
import { inTime } from '../in-time.ts';

type Resolve = (host: string) => Promise<string[]>;

/** Timeout (ms) of name resolution. */
const RESOLVE_WITHIN_MS = 2000;

/** Entry of the allow-list: every public address, and every name that resolves only to public addresses. */
const PUBLIC = 'public';

/** Link-local addresses, where clouds serve credentials, and their IPv6 translations: no configuration allows them. */
const NEVER: readonly AddressRange[] = [
  ...['169.254.0.0/16', 'fe80::/10', 'fd00:ec2::/32'],
  ...['::169.254.0.0/112', '::ffff:0:169.254.0.0/112', '64:ff9b::169.254.0.0/112', '2002:a9fe::/32'],
].map((cidr) => ipaddr.parseCIDR(cidr));

const systemResolver: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

const inRange = (address: Address, [base, bits]: AddressRange): boolean =>
  address.kind() === base.kind() && (address as ipaddr.IPv4).match(base as ipaddr.IPv4, bits);

/** The library calls all unclassified addresses unicast; the only allocated public IPv6 addresses are in this range. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');

const isPublic = (address: Address): boolean =>
  address.range() === 'unicast' && (address.kind() === 'ipv4' || inRange(address, GLOBAL_IPV6));

interface Limits {
  /**
   * Ports that are refused on every host, because the brokers and Redis have more names and addresses than the
   * configuration lists.
   */
  refusedPorts?: ReadonlySet<number>;
  resolveWithinMs?: number;
}

/**
 * Decides where updates may be sent. A name is resolved, all of its addresses are checked, and the connection is made
 * to a checked address, so a name that resolves differently the next time (DNS rebinding) has no effect.
 */
export class AddressPolicy {
  readonly #names: ReadonlySet<string>;
  readonly #ranges: readonly AddressRange[];
  readonly #resolve: Resolve;
  readonly #refusedPorts: ReadonlySet<number>;
  readonly #resolveWithinMs: number;

  /**
   * @param allowed names, addresses, CIDR ranges or `public`. The addresses of an allowed name must also be public or
   *   in an allowed range, so that it can't lead into our own network.
   */
  constructor(
    allowed: readonly string[],
    resolve: Resolve = systemResolver,
    { refusedPorts = new Set<number>(), resolveWithinMs = RESOLVE_WITHIN_MS }: Limits = {},
  ) {
    this.#ranges = allowed.map(parseRange).filter((range) => range !== undefined);
    this.#names = new Set(allowed.filter((entry) => !parseRange(entry)).map((entry) => entry.toLowerCase()));
    this.#resolve = resolve;
    this.#refusedPorts = refusedPorts;
    this.#resolveWithinMs = resolveWithinMs;
  }

  /**
   * The addresses to connect to, in the resolver's order.
   * @throws PlatformError `host_refused` when the host or the port is not allowed, or the name does not resolve.
   */
  async addressesOf(host: string, port: number): Promise<string[]> {
    if (this.#refusedPorts.has(port)) return refuse('port', PORT_RULE);
    const literal = parseAddress(host);
    if (literal) return this.#allows(literal) ? [literal.toString()] : refuse('host', HOST_RULE);
    const named = isName(host) && (this.#names.has(host.toLowerCase()) || this.#names.has(PUBLIC));
    const addresses = named ? (await this.#resolved(host)).map(parseAddress) : [];
    const checked = addresses.filter((address) => address !== undefined && this.#allows(address, true));
    if (checked.length === 0 || checked.length < addresses.length) return refuse('host', HOST_RULE);
    return checked.map(String);
  }

  /** No addresses when there is no answer in time. */
  async #resolved(host: string): Promise<string[]> {
    return inTime(this.#resolve(host), this.#resolveWithinMs).catch(() => []);
  }

  #allows(address: Address, byName = false): boolean {
    if (NEVER.some((range) => inRange(address, range))) return false;
    if (this.#ranges.some((range) => inRange(address, range))) return true;
    return (byName || this.#names.has(PUBLIC)) && isPublic(address);
  }
}

const HOST_RULE = 'must be a host to which updates may be delivered (DELIVERY_ALLOWED_HOSTS)';
const PORT_RULE = 'must not be a port of the broker, of Redis or of another service (DELIVERY_REFUSED_PORTS)';

const refuse = (path: 'host' | 'port', message: string): never => {
  throw new PlatformError('host_refused', 'Invalid registration', { details: [{ path, message }] });
};
