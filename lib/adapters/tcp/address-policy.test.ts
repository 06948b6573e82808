import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AddressPolicy } from './address-policy.ts';

const NAMES: Record<string, string[]> = {
  localhost: ['127.0.0.1', '::1'],
  'viewer.example.com': ['203.0.114.7', '2600::7'],
  'both.example.com': ['203.0.114.7', '10.0.0.1'],
  'inside.example.com': ['10.1.2.3'],
  'mapped.example.com': ['::ffff:10.1.2.3'],
  'metadata.example.com': ['169.254.169.254'],
  'odd.example.com': ['0x7f000001'],
  'empty.example.com': [],
};
const resolve = async (host: string) => {
  const found = NAMES[host.toLowerCase()];
  if (!found) throw new Error('ENOTFOUND');
  return found;
};
const policy = (...allowed: string[]) => new AddressPolicy(allowed, resolve);
const LOCAL = ['localhost', '127.0.0.0/8', '::1'];

const refused = { code: 'host_refused', details: [{ path: 'host', message: expect.any(String) }] };

describe('the default allows only this machine', () => {
  test.each([
    ['localhost', ['127.0.0.1', '::1']],
    ['LOCALHOST', ['127.0.0.1', '::1']],
    ['127.0.0.1', ['127.0.0.1']],
    ['127.9.9.9', ['127.9.9.9']],
    ['::1', ['::1']],
    ['::ffff:127.0.0.1', ['127.0.0.1']],
    ['0:0:0:0:0:0:0:1', ['::1']],
  ])('%s is allowed', async (host, addresses) => {
    expect(await policy(...LOCAL).addressesOf(host, 6000)).toEqual(addresses);
  });

  test.each(['8.8.8.8', '10.0.0.1', 'viewer.example.com', '2600::7', '::', '0.0.0.0'])(
    '%s is refused',
    async (host) => {
      await expect(policy(...LOCAL).addressesOf(host, 6000)).rejects.toMatchObject(refused);
    },
  );
});

describe('`public` allows every public address, and no other', () => {
  test.each(['8.8.8.8', '2600::7', 'viewer.example.com'])('%s is allowed', async (host) => {
    expect((await policy('public').addressesOf(host, 6000)).length).toBeGreaterThan(0);
  });

  test.each([
    ['loopback', '127.0.0.1'],
    ['loopback', '::1'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '192.168.1.1'],
    ['private IPv6', 'fd12:3456::1'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['link-local', '169.254.1.1'],
    ['link-local IPv6', 'fe80::1'],
    ['link-local IPv6 with a zone', 'fe80::1%eth0'],
    ['metadata', '169.254.169.254'],
    ['metadata, IPv6', 'fd00:ec2::254'],
    ['metadata, mapped', '::ffff:169.254.169.254'],
    ['metadata, mapped, in hex', '::ffff:a9fe:a9fe'],
    ['metadata, compatible', '::a9fe:a9fe'],
    ['metadata, translated', '64:ff9b::a9fe:a9fe'],
    ['metadata, 6to4', '2002:a9fe:a9fe::1'],
    ['private, mapped', '::ffff:10.0.0.1'],
    ['unspecified', '0.0.0.0'],
    ['unspecified IPv6', '::'],
    ['broadcast', '255.255.255.255'],
    ['multicast', '224.0.0.1'],
    ['multicast IPv6', 'ff02::1'],
    ['documentation', '192.0.2.1'],
    ['decimal', '2130706433'],
    ['octal', '0177.0.0.1'],
    ['hex', '0x7f.0.0.1'],
    ['hex, one number', '0x7f000001'],
    ['short', '127.1'],
    ['leading zeros', '008.8.8.8'],
    ['a trailing dot', 'viewer.example.com.'],
    ['an address with a trailing dot', '8.8.8.8.'],
    ['credentials', 'user:secret@viewer.example.com'],
    ['a port', 'viewer.example.com:80'],
    ['a path', 'viewer.example.com/x'],
    ['brackets', '[2600::7]'],
    ['white space', ' viewer.example.com'],
    ['a line break', 'viewer.example.com\n'],
    ['a NUL', 'viewer.example.com\0'],
    ['other digits', '８.８.８.８'],
    ['an underscore', 'a_b.example.com'],
    ['nothing', ''],
    ['a name that does not resolve', 'nowhere.example.com'],
    ['a name without addresses', 'empty.example.com'],
    ['a name of a private address', 'inside.example.com'],
    ['a name of a mapped private address', 'mapped.example.com'],
    ['a name of the metadata address', 'metadata.example.com'],
    ['a name of this machine', 'localhost'],
    ['a name with a public and a private address', 'both.example.com'],
    ['a resolver that answers in hex', 'odd.example.com'],
  ])('refused: %s: %j', async (_what, host) => {
    await expect(policy('public').addressesOf(host, 6000)).rejects.toMatchObject(refused);
  });
});

describe('an allow-list', () => {
  test('a range allows its addresses, and allowed names that resolve to them', async () => {
    const inside = policy('10.0.0.0/8', 'inside.example.com');
    expect(await inside.addressesOf('10.9.9.9', 6000)).toEqual(['10.9.9.9']);
    expect(await inside.addressesOf('inside.example.com', 6000)).toEqual(['10.1.2.3']);
    await expect(inside.addressesOf('11.0.0.1', 6000)).rejects.toMatchObject(refused);
    await expect(policy('10.0.0.0/8').addressesOf('inside.example.com', 6000)).rejects.toMatchObject(refused);
  });

  test('an allowed name may resolve to public addresses, but not to private ones', async () => {
    expect(await policy('viewer.example.com').addressesOf('Viewer.example.com', 6000)).toHaveLength(2);
    await expect(policy('inside.example.com').addressesOf('inside.example.com', 6000)).rejects.toMatchObject(refused);
    await expect(policy('example.com').addressesOf('viewer.example.com', 6000)).rejects.toMatchObject(refused);
  });

  test.each([
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '::ffff:0:a9fe:a9fe',
    '2002:a9fe:a9fe::',
    'fe80::1',
    'fd00:ec2::254',
  ])('no range allows %s, where clouds serve credentials', async (host) => {
    await expect(policy('0.0.0.0/0', '::/0', '169.254.0.0/16', host).addressesOf(host, 6000)).rejects.toMatchObject(
      refused,
    );
  });
});

test('a name is resolved on every call, so one that later resolves to a private address is refused', async () => {
  let addresses = ['203.0.114.7'];
  const rebinding = new AddressPolicy(['public'], async () => addresses);
  expect(await rebinding.addressesOf('viewer.example.com', 6000)).toEqual(addresses);
  addresses = ['169.254.169.254'];
  await expect(rebinding.addressesOf('viewer.example.com', 6000)).rejects.toMatchObject(refused);
});

test('any text yields only public addresses', async () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const host = fc.oneof(
    fc.string(),
    fc.ipV4(),
    fc.ipV4Extended(),
    fc.ipV6(),
    fc.tuple(octet, octet, octet, octet).map((parts) => `::ffff:${parts.join('.')}`),
  );
  const inside = /^(0|10|127)\.|^169\.254\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^::|^f[cde]/;
  await fc.assert(
    fc.asyncProperty(host, async (text) => {
      const addresses = await policy('public')
        .addressesOf(text, 6000)
        .catch(() => []);
      for (const address of addresses) expect(address).not.toMatch(inside);
    }),
  );
});
