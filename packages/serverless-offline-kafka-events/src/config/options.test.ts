import { describe, expect, test } from '@jest/globals';
import { parseOptions } from './options.ts';

describe('custom.kafkaEvents', () => {
  test('has bootstrapServers from the option, else from KAFKA_BROKERS, else localhost:9092', () => {
    expect(parseOptions(undefined, {}).bootstrapServers).toEqual(['localhost:9092']);
    expect(parseOptions({}, { KAFKA_BROKERS: 'a:1, b:2' }).bootstrapServers).toEqual(['a:1', 'b:2']);
    expect(parseOptions({ bootstrapServers: 'c:3' }, { KAFKA_BROKERS: 'a:1' }).bootstrapServers).toEqual(['c:3']);
  });

  test.each([
    [{ bootstrapServers: 'kafka' }, 'custom.kafkaEvents: bootstrapServers is "kafka": must be host:port'],
    [{ log: 'loud' }, 'log is "loud": must be mappings or batches'],
    [{ metricsPort: 0 }, 'metricsPort is 0: must be a whole number from 1 to 65535'],
    [{ brokers: [] }, 'Unrecognized key: "brokers"'],
  ])('with invalid options causes an error with field, value and what is allowed: %j', (options, message) => {
    expect(() => parseOptions(options, {})).toThrow(message);
  });

  test.each(['kafka', 'PLAINTEXT://a:1', 'a:0', 'a:70000', 'a:123456', 'a:-1', 'a:1,', 'a:1/', 'http://a', '[::1]'])(
    'must not have the bootstrap server %j in the option or in KAFKA_BROKERS',
    (server) => {
      const message = 'must be host:port without a protocol, with a port from 1 to 65535';
      expect(() => parseOptions({ bootstrapServers: server }, {})).toThrow(message);
      expect(() => parseOptions({ bootstrapServers: ['b:2', server] }, {})).toThrow(message);
      expect(() => parseOptions({}, { KAFKA_BROKERS: `b:2,${server}` })).toThrow(message);
    },
  );

  test.each(['[::1]:9092', 'kafka_1:65535', '10.0.0.1:1', 'b-1.example.com:9092'])(
    'may have the bootstrap server %j',
    (server) => {
      expect(parseOptions({ bootstrapServers: server }, {}).bootstrapServers).toEqual([server]);
    },
  );

  test('causes an error that names KAFKA_BROKERS if that is invalid', () => {
    expect(() => parseOptions({}, { KAFKA_BROKERS: 'nowhere' })).toThrow(
      'KAFKA_BROKERS is "nowhere": must be host:port',
    );
  });

  test('has secrets from the option and from KAFKA_EVENTS_SECRETS, which no error message shows', () => {
    const secrets = { login: { username: 'u', password: 'p' } };
    const env = { KAFKA_EVENTS_SECRETS: '{"ca":{"certificate":"-----BEGIN CERTIFICATE-----"}}' };
    expect(Object.keys(parseOptions({ secrets }, env).secrets)).toEqual(['login', 'ca']);
    const wrong = (): unknown => parseOptions({ secrets: { login: { username: 'u', pass: 'hidden!' } } }, {});
    expect(wrong).toThrow('secrets.login: must be {username, password}');
    expect(wrong).not.toThrow('hidden!');
    expect(() => parseOptions({}, { KAFKA_EVENTS_SECRETS: 'hidden!' })).toThrow('KAFKA_EVENTS_SECRETS must be JSON');
    expect(() => parseOptions({}, { KAFKA_EVENTS_SECRETS: 'hidden!' })).not.toThrow('hidden!');
  });
});
