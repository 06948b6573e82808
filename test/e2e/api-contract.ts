import { describe, expect, test } from '@jest/globals';
import { until } from '../support/until.ts';
import { tap } from './fixture.ts';
import { live } from './live.ts';
import { post } from './viewer.ts';

/** The answers of the HTTP API, whatever serves it. @param url its address, when the tests run */
export const apiContract = (url: () => string): void =>
  describe('answers of the API', () => {
    const emoji = (body: unknown) => post(`${url()}/emoji`, body);
    const missing = { error: 'Missing required fields' };
    const ok = { status: 'success', message: 'Emoji data queued successfully' };

    test.each<[string, unknown, number, unknown]>([
      ['a tap', tap(), 200, ok],
      ['a batch', { events: [tap({ count: 3 }), tap()] }, 200, { ...ok, accepted: 4 }],
      ['an empty object', {}, 400, missing],
      ['no emoji', tap({ emoji_type: undefined }), 400, missing],
      ['no user', tap({ user_id: undefined }), 400, missing],
      ['no timestamp', tap({ timestamp: undefined }), 400, missing],
      ['an incomplete tap in a batch', { events: [tap(), {}] }, 400, missing],
      ['two emojis', tap({ emoji_type: '🔥🔥' }), 400, { details: [{ path: 'emoji_type' }] }],
      ['a count of 101', tap({ count: 101 }), 400, { details: [{ path: 'count' }] }],
      [
        'a batch with one bad tap',
        { events: [tap(), tap({ count: 0 })] },
        400,
        { details: [{ path: 'events.1.count' }] },
      ],
      ['501 taps', { events: Array(501).fill(tap()) }, 400, { details: [{ path: 'events' }] }],
      ['invalid JSON', '{"user_id":', 400, { error: 'Invalid JSON' }],
      ['a list', '[]', 400, { error: 'Invalid request' }],
      ['257 KiB', { ...tap(), pad: 'x'.repeat(257 * 1024) }, 413, {}],
    ])('POST /emoji: %s', async (_what, body, status, answer) => {
      const response = await emoji(body);
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
      expect([response.status, await response.json()]).toMatchObject([status, answer as object]);
    });

    test('a batch with one invalid tap queues none of its taps', async () => {
      const room_id = 'refused';
      await emoji({ events: [tap({ room_id }), tap({ room_id, count: 0 })] });
      await emoji(tap({ room_id: 'refused-after' }));
      await until('a later tap is counted', async () => (await live(url(), 'refused-after')).totals.length > 0);
      expect((await live(url(), room_id)).totals).toEqual([]);
    });

    test('POST and DELETE /register', async () => {
      const register = async (body: unknown) => {
        const response = await post(`${url()}/register`, body);
        return [response.status, await response.json()] as const;
      };
      const required = { error: 'Client ID and port are required' };
      expect(await register({ port: 6000 })).toEqual([400, required]);
      expect(await register({ client_id: 'c' })).toEqual([400, required]);
      expect(await register({ client_id: 'c', port: 80 })).toMatchObject([400, { details: [{ path: 'port' }] }]);
      for (const host of ['169.254.169.254', '10.0.0.1', '::ffff:169.254.169.254', '0x7f.1', 'example.com'])
        expect(await register({ client_id: 'c', port: 6000, host })).toMatchObject([
          400,
          { details: [{ path: 'host' }] },
        ]);
      expect(await register({ client_id: 'c', port: 6000, cluster_id: 99 })).toMatchObject([
        400,
        { details: [{ path: 'cluster_id' }] },
      ]);
      const [status, body] = await register({ client_id: 'c', port: 6000, cluster_id: 1 });
      expect([status, body]).toEqual([
        200,
        { message: 'Client c registered successfully.', subscriber_id: expect.any(Number), cluster_id: 1 },
      ]);
      expect(await register({ client_id: 'c', port: 6001, cluster_id: 1 })).toEqual([status, body]);
      const remove = () => fetch(`${url()}/register/c`, { method: 'DELETE' }).then(({ status }) => status);
      expect(await remove()).toBe(200);
      expect(await remove()).toBe(404);
    });

    test.each(['...', 'a/b', '../a', '/', '\\', '?', '#', '%', '%2e', '%zz', 'ü', '🔥'])(
      'a client that is registered as %s can be removed',
      async (id) => {
        expect((await post(`${url()}/register`, { client_id: id, port: 6000 })).status).toBe(200);
        const client = `${url()}/register/${encodeURIComponent(id)}`;
        expect((await fetch(client, { method: 'DELETE' })).status).toBe(200);
      },
    );

    test('GET /live may be cached for a second, GET /health may not', async () => {
      const snapshot = await fetch(`${url()}/live?room_id=nobody`);
      expect(snapshot.headers.get('cache-control')).toBe('public, max-age=1');
      expect(await snapshot.json()).toMatchObject({ room_id: 'nobody', windows: [], totals: [], late: 0 });
      expect((await fetch(`${url()}/live?room_id=${encodeURIComponent('{}')}`)).status).toBe(400);
      const health = await fetch(`${url()}/health`);
      expect([health.status, await health.json()]).toEqual([200, { status: 'ok', broker: 'up', redis: 'up' }]);
      expect(health.headers.get('cache-control')).toBe('no-store');
    });
  });
