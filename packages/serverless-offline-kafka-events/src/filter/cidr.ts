import { BlockList, isIP } from 'node:net';
import { PatternError } from './pattern-error.ts';

/** Returns a test for IPv4 or IPv6 addresses within a block such as `10.0.0.0/24`. */
export const inCidr = (block: string): ((value: string) => boolean) => {
  const [address = '', bits = '', ...more] = block.split('/');
  const version = isIP(address);
  const max = version === 4 ? 32 : 128;
  if (version === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > max || more.length > 0) {
    throw new PatternError(`cidr needs a block such as 10.0.0.0/24, not ${JSON.stringify(block)}`);
  }
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  // `check` returns false for values that are not addresses of this family.
  return (value) => list.check(value, family);
};
