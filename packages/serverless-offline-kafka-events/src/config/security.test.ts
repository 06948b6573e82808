import { describe, expect, test } from '@jest/globals';
import type { Security } from '../broker/port.ts';
import { defineMapping } from './definition.ts';
import { securityOf } from './security.ts';
import type { LocalSecurity } from './security.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:team/login-AbCdEf';
const LOGIN = { username: 'u', password: 'p' };

const security = (types: Record<string, unknown>, local: LocalSecurity): Security => {
  const SourceAccessConfigurations = Object.entries(types).map(([Type, URI]) => ({ Type, URI }));
  return securityOf(defineMapping('consumer', 'kafka', { Topics: ['orders'], SourceAccessConfigurations }, 'g'), local);
};

describe('the local connection of a mapping', () => {
  test('ignores the access configuration without local secrets: PLAINTEXT, or TLS with `tls: true`', () => {
    expect(security({ SASL_SCRAM_512_AUTH: ARN }, { secrets: {} })).toEqual({});
    expect(security({ SASL_SCRAM_512_AUTH: ARN }, { secrets: {}, tls: true })).toEqual({ tls: {} });
  });

  test.each([
    ['BASIC_AUTH', 'plain'],
    ['SASL_SCRAM_256_AUTH', 'scram-sha-256'],
    ['SASL_SCRAM_512_AUTH', 'scram-sha-512'],
  ])('K-80 with %s uses SASL %s over TLS, or without TLS with `tls: false`', (type, mechanism) => {
    const secrets = { [ARN]: LOGIN };
    expect(security({ [type]: ARN }, { secrets })).toEqual({ sasl: { mechanism, ...LOGIN }, tls: {} });
    expect(security({ [type]: ARN }, { secrets, tls: false })).toEqual({ sasl: { mechanism, ...LOGIN } });
  });

  test('K-80 may use both a client certificate and a certificate authority', () => {
    const secrets = {
      mine: { certificate: 'CERT', privateKey: 'KEY', privateKeyPassword: 'secret' },
      ca: { certificate: 'CA' },
    };
    expect(security({ CLIENT_CERTIFICATE_TLS_AUTH: 'mine', SERVER_ROOT_CA_CERTIFICATE: 'ca' }, { secrets })).toEqual({
      tls: { cert: 'CERT', key: 'KEY', passphrase: 'secret', ca: 'CA' },
    });
  });

  test('finds a secret by ARN, by Ref, and by name with or without its random suffix', () => {
    for (const name of [ARN, 'team/login-AbCdEf', 'team/login']) {
      expect(security({ BASIC_AUTH: ARN }, { secrets: { [name]: LOGIN } }).sasl?.username).toBe('u');
    }
    expect(security({ BASIC_AUTH: { Ref: 'Login' } }, { secrets: { Login: LOGIN } }).sasl?.username).toBe('u');
  });

  test('causes an error for a secret that is missing or lacks fields, which does not show its content', () => {
    const secrets = { other: LOGIN };
    expect(() => security({ BASIC_AUTH: ARN }, { secrets })).toThrow(
      `function consumer, kafka event of topic orders: secret of BASIC_AUTH is "${ARN}": custom.kafkaEvents.secrets does not contain it, only other`,
    );
    expect(() => security({ CLIENT_CERTIFICATE_TLS_AUTH: 'other' }, { secrets })).toThrow(
      'must be {certificate, privateKey, privateKeyPassword?}, not {username, password}',
    );
  });

  test('ignores subnets and security groups', () => {
    expect(
      security({ VPC_SUBNET: 'subnet:a', VPC_SECURITY_GROUP: 'security_group:b' }, { secrets: { a: LOGIN } }),
    ).toEqual({});
  });
});
