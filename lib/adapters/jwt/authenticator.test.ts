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
const refusal = async (answer: Promise<unknown>): Promise<PlatformError> => {
  const outcome = await answer.then(
    () => new Error('was accepted'),
    (error: unknown) => error as PlatformError,
  );
  if (!('code' in outcome)) throw outcome;
  return outcome;
};
const told = async (answer: Promise<unknown>) => {
  const { code, message, headers } = await refusal(answer);
  return { code, message, header: headers['www-authenticate'] };
};
const invalid = (message: string) => ({
  code: 'unauthorized',
  message,
  header: `Bearer realm="emoji-streaming", error="invalid_token", error_description="${message}"`,
});

test('a good token tells who calls and what they may do', async () => {
  expect(await call(shared, await hs256(claims))).toEqual({
    user: 'u1',
    scopes: new Set(['tap']),
    rooms: ['final'],
  });
});

describe('the header', () => {
  test('none: 401 that says how, and of nothing wrong', async () => {
    for (const header of [undefined, ''])
      expect(await told(shared.authenticate(header))).toEqual({
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
    ['something before', (token) => `x Bearer ${token}`],
    ['something after', (token) => `Bearer ${token}\n`],
    ['quotes', (token) => `Bearer "${token}"`],
  ])('%s is refused', async (_what, header) => {
    expect(await told(shared.authenticate(header(await hs256(claims))))).toEqual(
      invalid('The Authorization header must be one Bearer token'),
    );
  });

  test('the scheme may be written as anybody likes', async () => {
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
    ['no end', without('exp'), 'The token has no claim exp'],
    ['an end that is no time', { ...claims, exp: 'never' as never }, 'The claim exp must be as RFC 7519 has it'],
    ['not yet valid', { ...claims, nbf: SECONDS + 6 }, 'The token is not valid yet'],
    ['nobody', without('sub'), 'The token has no claim sub'],
    ['an empty name', { ...claims, sub: '' }, 'The claim sub must not be empty'],
    ['a name that is none', { ...claims, sub: { $ne: '' } as never }, 'The claim sub must be a string'],
    ['rooms that are no list', { ...claims, rooms: '*' }, 'The claim rooms must be a list of room ids'],
  ])('%s', async (_what, payload, message) => {
    expect(await told(call(shared, await hs256(payload)))).toEqual(invalid(message));
  });

  test.each<[string, JWTPayload, string]>([
    ['another audience', { ...full, aud: 'mail' }, 'The token is for another audience'],
    ['other audiences', { ...full, aud: ['mail', 'emoji-2'] }, 'The token is for another audience'],
    ['no audience', { ...claims, iss: 'https://idp' }, 'The token has no claim aud'],
    ['another issuer', { ...full, iss: 'https://idp/' }, 'The token is from another issuer'],
    ['no issuer', { ...claims, aud: 'emoji' }, 'The token has no claim iss'],
  ])('where they are configured: %s', async (_what, payload, message) => {
    expect(await told(call(strict, await hs256(payload)))).toEqual(invalid(message));
  });

  test('ours among several audiences, and clocks that are some seconds apart', async () => {
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

  test('RS256 and EdDSA by the keys of a set, named or the only one of their kind', async () => {
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
    ['nOnE, signed with nothing', () => forged('nOnE')],
    ['HS256, signed with nothing', () => forged('HS256')],
    ['RS256, signed with nothing', () => forged('RS256')],
  ])('alg %s is refused, whichever the keys are', async (_what, token) => {
    for (const auth of [shared, keys]) expect((await refusal(call(auth, token()))).code).toBe('unauthorized');
  });

  test('HS256 signed with the public key, in any of its spellings, is no signature (key confusion)', async () => {
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
        expect(await told(call(keys, token))).toEqual(notOurs);
      }
  });

  test('a public key’s signature is none for a shared secret', async () => {
    expect(await told(call(shared, await sign('RS256', 'rsa', rsa.privateKey)))).toEqual(notOurs);
  });

  test('another secret, another key of the same name, a key that nobody knows, another algorithm', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(await told(call(shared, await hs256(claims, `${secret}!`)))).toEqual(notOurs);
    for (const token of [
      await sign('RS256', 'rsa', other.privateKey),
      await sign('RS256', 'unknown', other.privateKey),
      await sign('PS256', 'rsa', rsa.privateKey),
      await sign('RS512', 'rsa', rsa.privateKey),
      await sign('EdDSA', 'rsa', ed.privateKey),
    ])
      expect(await told(call(keys, token))).toEqual(notOurs);
    const hs512 = new SignJWT(claims).setProtectedHeader({ alg: 'HS512' }).sign(Buffer.alloc(64, secret));
    expect(await told(call(shared, await hs512))).toEqual(notOurs);
  });

  test('claims that were changed, and what is no token', async () => {
    const [header = '', , signature = ''] = (await hs256(claims)).split('.');
    const more = base64url.encode(JSON.stringify({ ...claims, scope: 'admin' }));
    expect(await told(call(shared, `${header}.${more}.${signature}`))).toEqual(notOurs);
    for (const text of ['x', 'a.b', 'a.b.c', 'a.b.c.d', `${header}..`, '..', `${header}.${more}.`])
      expect((await refusal(call(shared, text))).code).toBe('unauthorized');
  });
});

describe('keys at an address', () => {
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
  /** A key server that answers what it is told to, and counts how often it was asked. */
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

  test('are fetched once for many tokens; a new one is fetched when a token names it', async () => {
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

  test('names that nobody knows do not make us ask again and again', async () => {
    const [known, stranger] = [await pair('1'), await pair('x')];
    const server = await keyServer(ok(known.jwk));
    const auth = authenticator(remoteKeySet(new URL(server.url)));
    for (let n = 0; n < 20; n++) expect((await refusal(call(auth, stranger.token))).code).toBe('unauthorized');
    expect(server.asked).toBe(1);
  });

  test('a key that was withdrawn is refused once the set is old', async () => {
    const [first, second] = [await pair('1'), await pair('2')];
    const server = await keyServer(ok(first.jwk));
    const auth = authenticator(remoteKeySet(new URL(server.url), { maxAgeMs: 0 }));
    await call(auth, first.token);
    server.answer = ok(second.jwk);
    expect((await refusal(call(auth, first.token))).code).toBe('unauthorized');
  });

  test.each<[string, Answer]>([
    ['an error', { status: 500 }],
    ['a redirect', { status: 302 }],
    ['something else', { status: 200, body: 'hello' }],
    ['a cut connection', undefined],
  ])('503 when it cannot be said whether a token is good: %s', async (_what, answer) => {
    const one = await pair('1');
    const server = await keyServer(answer);
    const auth = authenticator(remoteKeySet(new URL(server.url)));
    expect(await refusal(call(auth, one.token))).toMatchObject({ ...unavailable, retriable: true });
    server.answer = ok(one.jwk);
    expect(await call(auth, one.token)).toMatchObject({ user: 'u1' });
  });

  test('while it is down, known keys go on, a new one is 503, and it is not asked for every tap', async () => {
    const [known, stranger] = [await pair('1'), await pair('2')];
    const server = await keyServer(ok(known.jwk));
    const auth = authenticator(remoteKeySet(new URL(server.url), { maxAgeMs: 0 }));
    await call(auth, known.token);
    server.answer = undefined;
    for (let n = 0; n < 5; n++) {
      expect(await call(auth, known.token)).toMatchObject({ user: 'u1' });
      expect(await refusal(call(auth, stranger.token))).toMatchObject(unavailable);
    }
    expect(server.asked).toBe(2);
  });

  test('a key server that hangs is given up', async () => {
    const one = await pair('1');
    const server = await serveHttp(() => new Promise<Answer>(() => {}));
    servers.push(server);
    const auth = authenticator(remoteKeySet(new URL(server.url), { timeoutMs: 50 }));
    expect(await refusal(call(auth, one.token))).toMatchObject(unavailable);
  });
});
