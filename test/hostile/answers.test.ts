import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REACTION_TOPIC } from '../../lib/config/topics.ts';
import { section } from '../../scripts/lib/markdown.ts';
import { undocumented } from '../support/api-documents.ts';
import { httpEvent } from '../support/events.ts';
import { httpFunctions } from './functions.ts';
import { HOSTILE_INPUTS, type HostileInput } from './inputs.ts';
import { garbageTable, hostileTables } from './tables.ts';

const FUNCTIONS = {
  'POST /emoji': 'ingest',
  'POST /register': 'register',
  'DELETE /register': 'register',
  'GET /live': 'live',
} as const;

/** As docs/openapi.json names them. */
const CALLS = {
  'POST /emoji': 'POST /emoji',
  'POST /register': 'POST /register',
  'DELETE /register': 'DELETE /register/{client_id}',
  'GET /live': 'GET /live',
} as const;

const eventOf = ({ to = 'POST /emoji', body, headers = {}, parameter }: HostileInput['request']) => {
  const sent = Buffer.isBuffer(body) ? { bytes: body } : { body };
  if (to === 'GET /live') return httpEvent({ method: 'GET', query: { room_id: parameter ?? '' } });
  if (to === 'DELETE /register')
    return httpEvent({ method: 'DELETE', ...(parameter === undefined ? {} : { path: { client_id: parameter } }) });
  return { ...httpEvent(sent), headers };
};

/** The answer in the form of the table: status, and for an error the field and the message. */
const answerCell = (to: string, { status, body }: Awaited<ReturnType<ReturnType<typeof httpFunctions>['call']>>) => {
  if (status === 200) return '200';
  const input = to === 'DELETE /register' ? 'the client id' : 'the body';
  const subject = (path: string) => (path ? `\`${path}\`` : input);
  const details = body.error?.startsWith('Missing') ? undefined : body.details;
  return `${status} ${details?.map(({ path, message }) => `${subject(path)} ${message}`).join('; ') ?? body.error}`;
};

describe.each(Object.entries(HOSTILE_INPUTS))('%s', (_group, inputs) => {
  test.each(inputs.map((input) => [input.what, input.answer, input] as const))(
    '%s: %s',
    async (_what, answer, input) => {
      const { records, registry, call } = httpFunctions();
      const { to = 'POST /emoji' } = input.request;
      const answered = await call(FUNCTIONS[to], eventOf(input.request));
      expect(answerCell(to, answered)).toBe(answer);
      expect(undocumented(CALLS[to], answered)).toEqual([]);
      const queued = records.values(REACTION_TOPIC);
      expect(queued).toHaveLength(to === 'POST /emoji' && answer === '200' ? 1 : 0);
      if (input.queued) expect(queued[0]).toMatchObject(input.queued);
      for (const record of queued)
        for (const key of Object.keys(record))
          expect(['user_id', 'emoji_type', 'timestamp', 'room_id', 'event_id', 'count', 'received_at']).toContain(key);
      if (answer !== '200') expect((await registry.audience(['global'])).size).toBe(0);
      expect(({} as Record<string, unknown>).count).toBeUndefined();
    },
  );
});

test('docs/hostile-input.md lists these answers (if not, run `npm run docs`)', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/hostile-input.md'), 'utf8');
  const plain = (text: string) => text.replaceAll(/-{3,}/g, '---').replaceAll(/ +/g, ' ');
  const generated = section(section(page, 'answers', hostileTables(HOSTILE_INPUTS)), 'garbage', garbageTable());
  expect(plain(page)).toBe(plain(generated));
});
