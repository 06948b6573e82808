import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import type { Security } from '../../src/broker/port.ts';
import { defineMapping } from '../../src/config/definition.ts';
import { securityOf } from '../../src/config/security.ts';
import { read, readSome } from '../broker-rig.ts';
import { createTopic, until } from '../kafka.ts';
import { kafkaLib, startKafka, USER } from '../own-kafka.ts';
import type { OwnKafka } from '../own-kafka.ts';

const lib = kafkaLib();
const TOPIC = 'orders';
let kafka: OwnKafka;

/** The security settings of a mapping with these access configurations and with local secrets. */
const connect = (types: readonly string[], tls?: boolean): Security => {
  const secrets = {
    login: USER,
    stranger: { username: 'mallory', password: 'guess' },
    client: { certificate: kafka.pem('client', 'crt'), privateKey: kafka.pem('client', 'key') },
    ca: { certificate: kafka.pem('ca', 'crt') },
  };
  const access = types.map((it) => it.split('=')).map(([Type, URI]) => ({ Type, URI }));
  const input = { Topics: [TOPIC], SourceAccessConfigurations: access };
  return securityOf(defineMapping('consumer', 'kafka', input, 'g'), { secrets, tls });
};
const CA = 'SERVER_ROOT_CA_CERTIFICATE=ca';

const value = async (server: string, security: Security): Promise<string> => {
  const [record] = await readSome(1, [server], TOPIC, { security });
  return Buffer.from(record?.value ?? '').toString();
};

(lib === undefined ? describe.skip : describe)('a connection to a broker with security', () => {
  beforeAll(async () => {
    kafka = await startKafka(lib as string);
    const client = new kafkajs.Kafka({ brokers: [kafka.plaintext], logLevel: kafkajs.logLevel.NOTHING });
    const admin = client.admin();
    const producer = client.producer();
    await Promise.all([admin.connect(), producer.connect()]);
    await createTopic(admin, TOPIC);
    await producer.send({ topic: TOPIC, messages: [{ value: 'hello' }] });
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  });
  afterAll(() => kafka.stop());

  test.each(['BASIC_AUTH', 'SASL_SCRAM_256_AUTH', 'SASL_SCRAM_512_AUTH'])('K-80 may use %s over TLS', async (type) => {
    expect(await value(kafka.saslSsl, connect([`${type}=login`, CA]))).toBe('hello');
  });

  test('K-80 may use SASL without TLS, with `tls: false`', async () => {
    expect(await value(kafka.saslPlaintext, connect(['SASL_SCRAM_512_AUTH=login'], false))).toBe('hello');
  });

  test('K-80 may use a client certificate', async () => {
    expect(await value(kafka.ssl, connect(['CLIENT_CERTIFICATE_TLS_AUTH=client', CA]))).toBe('hello');
  });

  test('K-73 with a wrong password stops the mapping with an error that does not contain the password', async () => {
    const reading = readSome(1, [kafka.saslSsl], TOPIC, { security: connect(['SASL_SCRAM_512_AUTH=stranger', CA]) });
    const error = await reading.catch((it: unknown) => it);
    expect(error).toMatchObject({ code: 'AUTH_FAILED', retriable: false });
    expect(String(error)).not.toContain('guess');
  });

  test('K-73 is retried if it fails, and the log says why it failed and what to do', async () => {
    const nonsense = '-----BEGIN nonsense';
    const cases: [server: string, security: Security, hint: string][] = [
      [kafka.ssl, connect(['CLIENT_CERTIFICATE_TLS_AUTH=client']), 'Lambda failed to authenticate server'],
      [kafka.ssl, connect([CA]), 'Server failed to authenticate Lambda'],
      [kafka.plaintext, connect([CA]), 'does not seem to use TLS'],
      [kafka.plaintext, connect(['BASIC_AUTH=login'], false), 'requires another authentication method, or none'],
      [kafka.ssl, {}, 'it may require TLS'],
      [kafka.saslPlaintext, {}, 'or authentication'],
      [kafka.ssl, { tls: { cert: nonsense, key: nonsense } }, 'Provided certificate or private key is invalid'],
      ['localhost:9', {}, 'is Kafka running there?'],
      ['nowhere.invalid:9', {}, 'is Kafka running there?'],
    ];
    const reasons = await Promise.all(
      cases.map(async ([server, security]) => {
        const reader = read([server], TOPIC, { security });
        await until('a reason', () => reader.waiting.length > 0);
        await reader.stop();
        expect(reader.ready()).toBe(false);
        return reader.waiting[0];
      }),
    );
    expect(reasons).toEqual(cases.map(([, , hint]) => expect.stringContaining(hint)));
  });

  test('K-35 does not deliver records that do not match their checksum, but retries and logs the reason', async () => {
    const folder = join(kafka.dir, 'data', `${TOPIC}-0`);
    const segment = join(folder, readdirSync(folder).find((it) => it.endsWith('.log')) ?? '');
    const bytes = readFileSync(segment);
    bytes.write('X', bytes.indexOf('hello'));
    writeFileSync(segment, bytes, { flag: 'r+' });
    const reader = read([kafka.plaintext], TOPIC);
    await until('a reason', () => reader.waiting.length > 0);
    expect(reader.waiting[0]).toContain('the records starting at offset 0 do not match their checksum');
    expect(reader.records).toEqual([]);
    await reader.stop();
  });
});
