import { describe, expect, jest, test } from '@jest/globals';
import { loadConfig } from '../../config/variables.ts';

const generateAuthToken = jest.fn<(options: { region: string }) => Promise<{ token: string; expiryTime: number }>>();
jest.unstable_mockModule('aws-msk-iam-sasl-signer-js', () => ({ generateAuthToken }));
const { credentials } = await import('./client.ts');

describe('credentials', () => {
  test('none: neither TLS nor SASL', () => {
    expect(credentials(loadConfig({}))).toEqual({});
  });

  test('scram: SASL/SCRAM-SHA-512 over TLS', () => {
    const login = { KAFKA_USERNAME: 'alice', KAFKA_PASSWORD: 'secret' };
    expect(credentials(loadConfig({ KAFKA_AUTH: 'scram', ...login }))).toEqual({
      ssl: true,
      sasl: { mechanism: 'scram-sha-512', username: 'alice', password: 'secret' },
    });
  });

  test('iam: a new token of the region for each login, over TLS', async () => {
    const before = process.env.AWS_REGION;
    process.env.AWS_REGION = 'eu-north-1';
    let tokens = 0;
    generateAuthToken.mockImplementation(async () => ({ token: `token-${++tokens}`, expiryTime: 0 }));
    const { ssl, sasl } = credentials(loadConfig({ KAFKA_AUTH: 'iam' }));
    if (!sasl || !('oauthBearerProvider' in sasl)) throw new Error(`not oauthbearer but ${sasl?.mechanism}`);
    expect([ssl, sasl.mechanism]).toEqual([true, 'oauthbearer']);
    expect(tokens).toBe(0); // not before the first connection
    expect(await sasl.oauthBearerProvider()).toEqual({ value: 'token-1' });
    expect(await sasl.oauthBearerProvider()).toEqual({ value: 'token-2' });
    expect(generateAuthToken).toHaveBeenCalledWith({ region: 'eu-north-1' });
    process.env.AWS_REGION = before;
    if (before === undefined) delete process.env.AWS_REGION;
  });
});
