import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createLogger, LOG_LEVELS } from './log.ts';

const written: { to: 'stdout' | 'stderr'; text: string }[] = [];
const lines = () => written.map(({ text }) => JSON.parse(text) as Record<string, unknown>);

beforeEach(() => {
  written.length = 0;
  for (const to of ['stdout', 'stderr'] as const)
    jest.spyOn(process[to], 'write').mockImplementation((text) => {
      written.push({ to, text: String(text) });
      return true;
    });
});
afterEach(() => {
  jest.restoreAllMocks();
});

test('a log line is one JSON object with level, time, message, function and fields', () => {
  createLogger('info').child('ingest').info('started', { partition: 3 });
  expect(written.map(({ text }) => text.endsWith('\n') && text.trim().includes('\n'))).toEqual([false]);
  expect(lines()).toEqual([
    { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), message: 'started', function: 'ingest', partition: 3 },
  ]);
});

test('fields of a child log are in its lines, and not in those of its parent', () => {
  const log = createLogger('info').child('ingest');
  const request = log.with({ requestId: 'r-1' });
  request.warn('a', { room: 'final' });
  log.warn('b');
  expect(lines()).toEqual([
    expect.objectContaining({ message: 'a', function: 'ingest', requestId: 'r-1', room: 'final' }),
    expect.not.objectContaining({ requestId: expect.anything() }),
  ]);
});

test.each(LOG_LEVELS)('with level %s, less severe lines are not logged', (level) => {
  const log = createLogger(level);
  log.info('a');
  log.warn('b');
  log.error('c');
  const severe = LOG_LEVELS.slice(LOG_LEVELS.indexOf(level)).filter((each) => each !== 'silent');
  expect(lines().map((line) => line.level)).toEqual(severe);
});

test('warnings and errors go to standard error', () => {
  const log = createLogger('info');
  log.info('a');
  log.warn('b');
  log.error('c');
  expect(written.map(({ to }) => to)).toEqual(['stdout', 'stderr', 'stderr']);
});

test('an error is logged with its code and causes, without stack and other properties', () => {
  const refused = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED', command: { args: ['payload'] } });
  createLogger('info').error('failed', { error: new TypeError('no', { cause: refused }) });
  expect(lines()[0]?.error).toEqual({
    name: 'TypeError',
    message: 'no',
    cause: { name: 'AggregateError', message: '', code: 'ECONNREFUSED' },
  });
});
