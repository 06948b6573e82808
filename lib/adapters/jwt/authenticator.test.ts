import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { base64url, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { serveHttp, type HttpServer } from '../../../test/support/http-server.ts';
import type { PlatformError } from '../../errors.ts';
import { JwtAuthenticator } from './authenticator.ts';
import { keySet, remoteKeySet, sharedSecret, type Keys } from './keys.ts';

const NOW = Date.parse('2026-05-01T20:45:00Z');
const SECONDS = NOW / 1000;
const secret = 'a secret of thirty-two bytes, or more';
const claims = { sub: 'u1', scope: 'tap', rooms: ['final'], exp: SECONDS + 60 };

const authenticator = (keys: Keys, more: { issuer?: string; audience?: string } = {}) =>
  new JwtAuthenticator({ keys, issuer: undefined, audience: undefined, ...more, clock: () => NOW });
const shared = authenticator(sharedSecret(secret));
const hs256 = (payload: JWTPayload, key = secret) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(key));
const call = async (auth: JwtAuthenticator, token: string) => auth.authenticate(`Bearer ${token}`);
const errorOf = async (answer: Promise<unknown>): Promise<PlatformError> => {
  const outcome = await answer.then(
    () => new Error('was accepted'),
    (error: unknown) => error as PlatformError,
  );
  if (!('code' in outcome)) throw outcome;
  return outcome;
};
const rejectionOf = async (answer: Promise<unknown>) => {
  const { code, message, headers } = await errorOf(answer);
  return { code, message, header: headers['www-authenticate'] };
};
const invalid = (message: string) => ({
  code: 'unauthorized',
  message,
  header: `Bearer realm="emoji-streaming", error="invalid_token", error_description="${message}"`,
});

test('a valid token yields the caller with its scopes and rooms', async () => {
  expect(await call(shared, await hs256(claims))).toEqual({
    user: 'u1',
    scopes: new Set(['tap']),
    rooms: ['final'],
    until: claims.exp * 1000,
  });
});

describe('the Authorization header', () => {
  test('missing: 401 with the expected form and without an error code', async () => {
    for (const header of [undefined, ''])
      expect(await rejectionOf(shared.authenticate(header))).toEqual({
        code: 'unauthorized',
        message: 'A token is required: Authorization: Bearer …',
        header: 'Bearer realm="emoji-streaming"',
      });
  });

  test.each<[string, (token: string) => string]>([
    ['another scheme', (token) => `Basic ${token}`],
    ['no scheme', (token) => token],
    ['no token', () => 'Bearer '],
    ['two tokens', (token) => `Bearer ${token} ${token}`],
    ['two headers, joined as API Gateway does it', (token) => `Bearer ${token},Bearer ${token}`],
    ['two headers, joined as HTTP does it', (token) => `Bearer ${token}, Bearer ${token}`],
    ['text before it', (token) => `x Bearer ${token}`],
    ['a line break after it', (token) => `Bearer ${token}\n`],
    ['quotes', (token) => `Bearer "${token}"`],
  ])('with %s is rejected', async (_what, header) => {
    expect(await rejectionOf(shared.authenticate(header(await hs256(claims))))).toEqual(
      invalid('The Authorization header must be one Bearer token'),
    );
  });

  test('the scheme is case-insensitive', async () => {
    expect(await shared.authenticate(`bEARER  ${await hs256(claims)}`)).toMatchObject({ user: 'u1' });
  });
});

describe('claims', () => {
  const without = (name: keyof typeof claims): JWTPayload =>
    Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
  const strict = authenticator(sharedSecret(secret), { issuer: 'https://idp', audience: 'emoji' });
  const full = { ...claims, iss: 'https://idp', aud: 'emoji' };

  test.each<[string, JWTPayload, string]>([
    ['expired', { ...claims, exp: SECONDS - 6 }, 'The token has expired'],
    ['no exp', without('exp'), 'The token has no claim exp'],
    ['an exp that is not a number', { ...claims, exp: 'never' as never }, 'The claim exp must be as in RFC 7519'],
    ['not yet valid', { ...claims, nbf: SECONDS + 6 }, 'The token is not valid yet'],
    ['no sub', without('sub'), 'The token has no claim sub'],
    ['an empty sub', { ...claims, sub: '' }, 'The claim sub must not be empty'],
    ['a sub that is an object', { ...claims, sub: { $ne: '' } as never }, 'The claim sub must be a string'],
    ['rooms that are not a list', { ...claims, rooms: '*' }, 'The claim rooms must be a list of room ids'],
  ])('%s: rejected', async (_what, payload, message) => {
    expect(await rejectionOf(call(shared, await hs256(payload)))).toEqual(invalid(message));
  });

  test.each<[string, JWTPayload, string]>([
    ['another audience', { ...full, aud: 'mail' }, 'The token is for another audience'],
    ['other audiences', { ...full, aud: ['mail', 'emoji-2'] }, 'The token is for another audience'],
    ['no audience', { ...claims, iss: 'https://idp' }, 'The token has no claim aud'],
    ['another issuer', { ...full, iss: 'https://idp/' }, 'The token is from another issuer'],
    ['no issuer', { ...claims, aud: 'emoji' }, 'The token has no claim iss'],
  ])('with a configured issuer and audience, %s: rejected', async (_what, payload, message) => {
    expect(await rejectionOf(call(strict, await hs256(payload)))).toEqual(invalid(message));
  });

  test('several audiences with ours among them, and clocks that differ by seconds, are accepted', async () => {
    const close = { ...full, aud: ['mail', 'emoji'], exp: SECONDS - 4, nbf: SECONDS + 4 };
    expect(await call(strict, await hs256(close))).toMatchObject({ user: 'u1' });
  });
});

describe('signatures', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ed = generateKeyPairSync('ed25519');
  const jwk = (key: typeof rsa.publicKey, kid: string) => exportJWK(key).then((each) => ({ ...each, kid }));
  const sign = (alg: string, kid: string | undefined, key: Parameters<SignJWT['sign']>[0]) =>
    new SignJWT(claims).setProtectedHeader(kid ? { alg, kid } : { alg }).sign(key);
  const notOurs = invalid('The token is not signed with a key that is accepted here');
  let keys: JwtAuthenticator;
  beforeEach(async () => {
    keys = authenticator(keySet({ keys: [await jwk(rsa.publicKey, 'rsa'), await jwk(ed.publicKey, 'ed')] }));
  });

  test('RS256 and EdDSA are accepted, with a key id or when one key fits', async () => {
    for (const token of [
      await sign('RS256', 'rsa', rsa.privateKey),
      await sign('EdDSA', 'ed', ed.privateKey),
      await sign('EdDSA', undefined, ed.privateKey),
    ])
      expect(await call(keys, token)).toMatchObject({ user: 'u1' });
  });

  const none = () => new UnsecuredJWT(claims).encode();
  const forged = (alg: string) =>
    [{ alg }, claims].map((part) => base64url.encode(JSON.stringify(part))).join('.') + '.';
  test.each([
    ['none', none],
    ['nOnE without a signature', () => forged('nOnE')],
    ['HS256 without a signature', () => forged('HS256')],
    ['RS256 without a signature', () => forged('RS256')],
  ])('alg %s is rejected with any kind of key', async (_what, token) => {
    for (const auth of [shared, keys]) expect((await errorOf(call(auth, token()))).code).toBe('unauthorized');
  });

  test('HS256 signed with the public key in any encoding is rejected (key confusion)', async () => {
    const jwkText = JSON.stringify(await jwk(rsa.publicKey, 'rsa'));
    const spellings = [
      rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString().trim(),
      rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
      rsa.publicKey.export({ type: 'spki', format: 'der' }),
      Buffer.from(createPublicKey(rsa.privateKey).export({ format: 'jwk' }).n ?? '', 'base64url'),
      jwkText,
    ];
    for (const spelling of spellings)
      for (const kid of ['rsa', undefined]) {
        const token = await sign('HS256', kid, Buffer.from(spelling));
        expect(await rejectionOf(call(keys, token))).toEqual(notOurs);
      }
  });

  test('RS256 is rejected where tokens are signed with a shared secret', async () => {
    expect(await rejectionOf(call(shared, await sign('RS256', 'rsa', rsa.privateKey)))).toEqual(notOurs);
  });

  test('another secret, another key with the same id, an unknown key or another algorithm is rejected', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(await rejectionOf(call(shared, await hs256(claims, `${secret}!`)))).toEqual(notOurs);
    for (const token of [
      await sign('RS256', 'rsa', other.privateKey),
      await sign('RS256', 'unknown', other.privateKey),
      await sign('PS256', 'rsa', rsa.privateKey),
      await sign('RS512', 'rsa', rsa.privateKey),
      await sign('EdDSA', 'rsa', ed.privateKey),
    ])
      expect(await rejectionOf(call(keys, token))).toEqual(notOurs);
    const hs512 = new SignJWT(claims).setProtectedHeader({ alg: 'HS512' }).sign(Buffer.alloc(64, secret));
    expect(await rejectionOf(call(shared, await hs512))).toEqual(notOurs);
  });

  test('changed claims, and text that is not a token, are rejected', async () => {
    const [header = '', , signature = ''] = (await hs256(claims)).split('.');
    const more = base64url.encode(JSON.stringify({ ...claims, scope: 'admin' }));
    expect(await rejectionOf(call(shared, `${header}.${more}.${signature}`))).toEqual(notOurs);
    for (const text of ['x', 'a.b', 'a.b.c', 'a.b.c.d', `${header}..`, '..', `${header}.${more}.`])
      expect((await errorOf(call(shared, text))).code).toBe('unauthorized');
  });
});

describe('keys at a URL', () => {
  const servers: HttpServer[] = [];
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
  });
  const pair = async (kid: string) => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', kid }).sign(privateKey);
    return { jwk: { ...(await exportJWK(publicKey)), kid }, token };
  };
  type Answer = { status: number; body?: unknown } | undefined;
  /** A key server with a settable answer; counts its requests. */
  const keyServer = async (answer: Answer) => {
    const state = { answer, asked: 0, url: '' };
    const server = await serveHttp(() => {
      state.asked++;
      return state.answer;
    });
    servers.push(server);
    return Object.assign(state, { url: server.url });
  };
  const ok = (...keys: unknown[]): Answer => ({ status: 200, body: { keys } });
  const unavailable = { code: 'keys_unavailable', message: 'The keys that verify tokens cannot be fetched' };

  test('are fetched once for many tokens, and again when a token names a new key', async () => {
    const [first, second] = [await pair('1'), await pair('2')];
    const server = await keyServer(ok(first.jwk));
    const auth = authenticator(remoteKeySet(new URL(server.url), { cooldownMs: 0 }));
    for (let n = 0; n < 5; n++) expect(await call(auth, first.token)).toMatchObject({ user: 'u1' });
    expect(server.asked).toBe(1);
    server.answer = ok(first.jwk, second.jwk);
    expect(await call(auth, second.token)).toMatchObject({ user: 'u1' });
    expect(await call(auth, first.token)).toMatchObject({ user: 'u1' });
    expect(server.asked).toBe(2);
  });

  test('unknown key ids do not cause a request each', async () => {
    const [known, stranger] = [await pair('1'), await pair('x')];
    const server = await keyServer(ok(known.jwk));
    const auth = authenticator(remoteKeySet(new URL(server.url)));
    for (let n = 0; n < 20; n++) expect((await errorOf(call(auth, stranger.token))).code).toBe('unauthorized');
    expect(server.asked).toBe(1);
  });

  test('a withdrawn key is rejected once the cached key set has expired', async () => {
    const [first, second] = [await pair('1'), await pair('2')];
    const server = await keyServer(ok(first.jwk));
    const auth = authenticator(remoteKeySet(new URL(server.url), { maxAgeMs: 0 }));
    await call(auth, first.token);
    server.answer = ok(second.jwk);
    expect((await errorOf(call(auth, first.token))).code).toBe('unauthorized');
  });

  test.each<[string, Answer]>([
    ['an error', { status: 500 }],
    ['a redirect', { status: 302 }],
    ['an invalid key set', { status: 200, body: 'hello' }],
    ['a cut connection', undefined],
  ])('503 when a token cannot be verified because the key server answers with %s', async (_what, answer) => {
    const one = await pair('1');
    const server = await keyServer(answer);
    const auth = authenticator(remoteKeySet(new URL(server.url)));
    expect(await errorOf(call(auth, one.token))).toMatchObject({ ...unavailable, retriable: true });
    server.answer = ok(one.jwk);
    expect(await call(auth, one.token)).toMatchObject({ user: 'u1' });
  });

  test('while the key server is down, known keys work, an unknown one is 503, and requests are limited', async () => {
    const [known, stranger] = [await pair('1'), await pair('2')];
    const server = await keyServer(ok(known.jwk));
    const auth = authenticator(remoteKeySet(new URL(server.url), { maxAgeMs: 0 }));
    await call(auth, known.token);
    server.answer = undefined;
    for (let n = 0; n < 5; n++) {
      expect(await call(auth, known.token)).toMatchObject({ user: 'u1' });
      expect(await errorOf(call(auth, stranger.token))).toMatchObject(unavailable);
    }
    expect(server.asked).toBe(2);
  });

  test('503 when the key server hangs', async () => {
    const one = await pair('1');
    const server = await serveHttp(() => new Promise<Answer>(() => {}));
    servers.push(server);
    const auth = authenticator(remoteKeySet(new URL(server.url), { timeoutMs: 50 }));
    expect(await errorOf(call(auth, one.token))).toMatchObject(unavailable);
  });
});
