import { expect, test, describe } from '@jest/globals';
import { MemoryRegistry } from '../test/doubles/registry.ts';
import { AddressPolicy } from '../lib/adapters/tcp/address-policy.ts';
import { portsOf } from '../lib/adapters/tcp/refused-ports.ts';
import { loadConfig } from '../lib/config/variables.ts';
import { recordedLogger, unlimited } from '../test/support/doubles.ts';
import { openAuthenticator } from '../lib/usecases/authorization.ts';
import { httpEvent } from '../test/support/events.ts';
import { createHandler } from './register.ts';

const NAMES: Record<string, string[]> = {
  localhost: ['127.0.0.1', '::1'],
  'viewer.example.com': ['203.0.114.7'],
  'inside.example.com': ['10.1.2.3'],
  'metadata.example.com': ['203.0.114.7', '169.254.169.254'],
};
const resolve = async (host: string) => NAMES[host.toLowerCase()] ?? ['203.0.114.9'];

/** The answer to a registration, and whether the client is registered afterwards. */
const register = async (body: Record<string, unknown>, env: Record<string, string> = {}) => {
  const config = loadConfig(env);
  const policy = new AddressPolicy(config.DELIVERY_ALLOWED_HOSTS, resolve, { refusedPorts: portsOf(config) });
  const registry = new MemoryRegistry({ clusters: 1, subscribersPerCluster: 1, clientTtl: 60 });
  const checkHost = (host: string, port: number) => policy.addressesOf(host, port);
  const handler = createHandler({
    auth: openAuthenticator,
    admission: unlimited,
    registry,
    checkHost,
    clock: () => 1000,
    log: recordedLogger(),
  });
  const { statusCode, body: text } = await handler(httpEvent({ body: { client_id: 'c1', port: 6000, ...body } }));
  const registered = (await registry.audience(['global'])).size > 0;
  return { status: statusCode, body: JSON.parse(text ?? '') as unknown, registered };
};

const refusal = (path: string, message: RegExp) => ({
  status: 400,
  body: { error: 'Invalid registration', details: [{ path, message: expect.stringMatching(message) }] },
  registered: false,
});

/** Texts that some programs interpret as a host; all must be rejected. */
const HOSTILE: [what: string, host: string][] = [
  ['unspecified', '0.0.0.0'],
  ['unspecified IPv6', '::'],
  ['unspecified, mapped', '::ffff:0.0.0.0'],
  ['broadcast', '255.255.255.255'],
  ['multicast', '224.0.0.251'],
  ['multicast IPv6', 'ff02::1'],
  ['metadata', '169.254.169.254'],
  ['metadata, mapped', '::ffff:169.254.169.254'],
  ['metadata, mapped, in hex', '::ffff:a9fe:a9fe'],
  ['metadata, mapped, in full', '0:0:0:0:0:ffff:a9fe:a9fe'],
  ['metadata, mapped, octal', '::ffff:0251.0376.0251.0376'],
  ['metadata, 6to4', '2002:a9fe:a9fe::'],
  ['metadata, NAT64', '64:ff9b::169.254.169.254'],
  ['metadata, local NAT64', '64:ff9b:1::169.254.169.254'],
  ['metadata, compatible', '::169.254.169.254'],
  ['metadata, Teredo', '2001:0:a9fe:a9fe::'],
  ['metadata, decimal', '2852039166'],
  ['metadata, hex', '0xa9fea9fe'],
  ['metadata, octal', '0251.0376.0251.0376'],
  ['metadata, mixed', '169.0xfe.43518'],
  ['metadata of EC2, IPv6', 'fd00:ec2::254'],
  ['loopback, 6to4', '2002:7f00:1::'],
  ['loopback, NAT64', '64:ff9b::7f00:1'],
  ['loopback, decimal', '2130706433'],
  ['loopback, octal', '0177.0.0.1'],
  ['loopback, octal, one number', '017700000001'],
  ['loopback, hex', '0x7f.0.0.1'],
  ['loopback, hex, one number', '0x7f000001'],
  ['loopback, two numbers', '127.1'],
  ['loopback, three numbers', '127.0.1'],
  ['loopback, leading zeros', '127.000.000.001'],
  ['loopback, overflowed', '4294967297'],
  ['loopback, a trailing dot', '127.0.0.1.'],
  ['loopback, in brackets', '[::1]'],
  ['loopback, a port', '127.0.0.1:6379'],
  ['loopback, a zone', '::1%lo'],
  ['loopback, a zone by number', '::1%1'],
  ['loopback, a range', '127.0.0.1/8'],
  ['loopback, full-width digits', '１２７.0.0.1'],
  ['loopback, full-width dots', '127。0。0。1'],
  ['loopback, circled digits', '①②⑦.0.0.1'],
  ['loopback, percent-encoded', '%31%32%37.0.0.1'],
  ['loopback, percent-encoded dots', '127%2e0%2e0%2e1'],
  ['a public address with a zone', '2600::7%eth0'],
  ['a link-local address with a zone', 'fe80::1%eth0'],
  ['a name with a trailing dot', 'viewer.example.com.'],
  ['localhost with a trailing dot', 'localhost.'],
  ['two dots', 'viewer..example.com'],
  ['a leading dot', '.example.com'],
  ['credentials', 'viewer.example.com@127.0.0.1'],
  ['credentials with a password', 'user:secret@viewer.example.com'],
  ['a URL', 'http://viewer.example.com'],
  ['a path', 'viewer.example.com/../inside'],
  ['a query', 'viewer.example.com?x'],
  ['a fragment', 'viewer.example.com#x'],
  ['a backslash', 'viewer.example.com\\inside'],
  ['a port', 'viewer.example.com:80'],
  ['white space', 'viewer.example.com '],
  ['a tab', '\tviewer.example.com'],
  ['a line break', 'viewer.example.com\r\nSLAVEOF'],
  ['a NUL', 'viewer.example.com\0'],
  ['a NUL in front', '\0localhost'],
  ['a wildcard', '*.example.com'],
  ['an umlaut', 'zuschauer-münchen.example.com'],
  ['a Kelvin sign', '\u212Aino.example.com'],
  ['a ligature', 'of\uFB01ce.example.com'],
  ['a soft hyphen', 'local\u00ADhost'],
  ['a zero-width space', 'local\u200Bhost'],
  ['right to left', '\u202Elocalhost'],
  ['a lone surrogate', '\uD800localhost'],
  ['an underscore', 'a_b.example.com'],
  ['a hyphen in front', '-rf.example.com'],
  ['a label of 64', `${'a'.repeat(64)}.example.com`],
];
const INSIDE: [what: string, host: string][] = [
  ['loopback', '127.0.0.1'],
  ['loopback IPv6', '::1'],
  ['loopback, mapped', '::ffff:127.0.0.1'],
  ['private', '192.168.0.1'],
  ['private IPv6', 'fd12::1'],
  ['this machine', 'localhost'],
  ['a name of a private address', 'inside.example.com'],
  ['a name of a public address and the metadata address', 'metadata.example.com'],
];

const HOST_RULE = /^must be a host to which updates may be delivered/;

describe.each<[string, string, [string, string][]]>([
  ['default', '', [...HOSTILE, ['a public address', '8.8.8.8'], ['a private address', '10.0.0.1']]],
  ['`public`', 'public', [...HOSTILE, ...INSIDE]],
])('with %s allowed hosts: 400 with the path of the host, and no registration', (_name, allowed, hosts) => {
  test.each(hosts)('%s: %j', async (_what, host) => {
    expect(await register({ host }, { DELIVERY_ALLOWED_HOSTS: allowed })).toEqual(refusal('host', HOST_RULE));
  });
});

test.each<[string, unknown, RegExp]>([
  ['empty', '', /^must not be empty/],
  ['long', 'a.'.repeat(127), /^must have at most 253 characters/],
  ['very long', 'a'.repeat(200_000), /^must have at most 253 characters/],
  ['a number', 2130706433, /^must be a string/],
  ['null', null, /^must be a string/],
  ['a list', ['127.0.0.1', '169.254.169.254'], /^must be a string/],
])('a host that is %s is rejected without resolving it', async (_what, host, message) => {
  expect(await register({ host })).toMatchObject(refusal('host', message));
});

test.each<[string, string]>([
  ['viewer.example.com', 'public'],
  ['8.8.8.8', 'public'],
  ['10.1.2.3', '10.0.0.0/8'],
  ['inside.example.com', 'inside.example.com,10.0.0.0/8'],
  ['fd12::7', 'fd12::/16'],
  ['::ffff:10.1.2.3', '10.0.0.0/8'],
])('%s is registered when %s is allowed', async (host, allowed) => {
  expect(await register({ host }, { DELIVERY_ALLOWED_HOSTS: allowed })).toMatchObject({
    status: 200,
    registered: true,
  });
});

describe('ports', () => {
  test.each([0, -1, 22, 1023, 65_536, 1e9, 6000.5, '6000', '0x1770', [6000], true])('%j is rejected', async (port) => {
    expect(await register({ port })).toMatchObject(refusal('port', /^must be /));
  });

  test.each([1024, 65_535])('%j is accepted', async (port) => {
    expect(await register({ port })).toMatchObject({ status: 200, registered: true });
  });

  const env = {
    KAFKA_BROKERS: 'b-1.msk.aws:9098,127.0.0.1:19092',
    REDIS_URL: 'rediss://:secret@cache.aws:6380/1',
    DELIVERY_REFUSED_PORTS: '5013,3002',
  };
  test.each([
    [9098, env],
    [19_092, env],
    [6380, env],
    [5013, env],
    [3002, env],
    [9092, {}],
    [6379, {}],
  ])('%j, a port of the broker, Redis or the API, is rejected with every name of this machine', async (port, given) => {
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', 'localhost'])
      expect(await register({ host, port }, given)).toEqual(
        refusal('port', /^must not be a port of the broker, of Redis/),
      );
  });
});
