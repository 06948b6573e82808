import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { runChild } from '../child.ts';

/** Handlers whose invocations succeed in Lambda's Node.js runtime, by name. */
const SUCCESSES: Record<string, string> = {
  returnsAnError: `async () => new Error('x')`,
  returnsAnErrorAtOnce: `() => new Error('x')`,
  returnsUndefined: `async () => undefined`,
  returnsAThenable: `() => ({ then: (resolve) => resolve(1) })`,
  returnsAFunction: `async () => ({ f: () => 1, symbol: Symbol('s') })`,
  isSynchronous: `() => {}`,
  isSynchronousWithAValue: `() => 'ignored'`,
  callsBack: `(event, context, callback) => { setTimeout(callback, 10, null, 'x'); }`,
  callsBackAtOnce: `(event, context, callback) => callback(undefined, 'x')`,
  callsBackTwice: `(event, context, callback) => { callback(null, 1); callback(new Error('late')); }`,
  succeeds: `(event, context) => { setTimeout(() => context.succeed('x'), 10); }`,
  isDone: `(event, context) => context.done(null, 'x')`,
  rejectsWhatIsAwaited: `async () => { try { await Promise.reject(new Error('x')); } catch {} }`,
};

/** Handlers whose invocations fail. */
const FAILURES: Record<string, string> = {
  throwsText: `async () => { throw 'text'; }`,
  throwsTextAtOnce: `() => { throw 'text'; }`,
  throwsEmptyText: `async () => { throw ''; }`,
  throwsNull: `async () => { throw null; }`,
  throwsNullAtOnce: `() => { throw null; }`,
  throwsUndefined: `async () => { throw undefined; }`,
  throwsUndefinedAtOnce: `() => { throw undefined; }`,
  throwsAnObject: `async () => { throw { code: 7 }; }`,
  throwsAnObjectWithoutPrototype: `async () => { throw Object.create(null); }`,
  throwsZero: `async () => { throw 0; }`,
  throwsFalse: `async () => { throw false; }`,
  throwsAFunction: `async () => { throw () => 1; }`,
  throwsASymbol: `async () => { throw Symbol('s'); }`,
  throwsWhatCannotBeRead: `async () => { throw { toJSON() { throw new Error('no'); } }; }`,
  throwsAnError: `async () => { throw new TypeError('no'); }`,
  throwsAnErrorThatCannotBeCloned: `async () => { throw Object.assign(new Error('no'), { f: () => 1 }); }`,
  rejectsWithText: `() => Promise.reject('text')`,
  rejectsWithNothing: `() => Promise.reject()`,
  callsBackWithText: `(event, context, callback) => callback('text')`,
  callsBackWithEmptyText: `(event, context, callback) => callback('')`,
  callsBackWithZero: `(event, context, callback) => callback(0)`,
  callsBackUnauthorized: `(event, context, callback) => callback('Unauthorized')`,
  callsBackWithAnErrorLater: `(event, context, callback) => { setTimeout(callback, 10, new Error('no')); }`,
  fails: `(event, context) => { setTimeout(() => context.fail(), 10); }`,
  isDoneWithAnError: `(event, context) => context.done('text')`,
  returnsACircle: `async () => { const a = {}; a.a = a; return a; }`,
  returnsABigint: `async () => 1n`,
  isNotThere: `undefined`,
  isNoFunction: `'text'`,
};

/** Handlers that terminate the process in Lambda: the invocation fails, and the next one runs in a new process. */
const CRASHES: Record<string, string> = {
  rejectsUnhandled: `async () => { Promise.reject(new Error('floating')); await new Promise((r) => setTimeout(r, 5_000)); }`,
  rejectsUnhandledText: `async () => { Promise.reject('text'); await new Promise((r) => setTimeout(r, 5_000)); }`,
  throwsInATimer: `async () => { setTimeout(() => { throw new Error('later'); }, 5); await new Promise((r) => setTimeout(r, 5_000)); }`,
  throwsTextInATimer: `() => { setTimeout(() => { throw 'later'; }, 5); }`,
  exits: `async () => { process.exit(0); }`,
  exitsInATimer: `async () => { setTimeout(() => process.exit(1), 5); await new Promise((r) => setTimeout(r, 5_000)); }`,
};

const ALL = { ...SUCCESSES, ...FAILURES, ...CRASHES };
/** Their results depend on what is exported: a function, and the number of its parameters. */
const OWN_FUNCTION = ['isNotThere', 'isNoFunction', 'isSynchronous'];
const CODE = [
  `const handlers = { ${Object.entries(ALL)
    .map(([name, code]) => `${name}: ${code}`)
    .join(', ')} };`,
  `export const shared = (event, context, callback) => handlers[event.bootstrapServers](event, context, callback);`,
  `import { gunzip, gzipSync } from 'node:zlib';`,
  `let calls = 0;`,
  `export const counts = async () => ++calls;`,
  `export const rejectsTooLate = async () => { setTimeout(() => Promise.reject('late'), 20); };`,
  `export const outlives = () => new Promise((resolve) => setTimeout(resolve, 200));`,
  `export const neverSettles = () => new Promise(() => {});`,
  `export const neverSettlesAsync = async () => { await new Promise(() => {}); };`,
  `export const doesNotWait = (event, context, callback) => {
     context.callbackWaitsForEmptyEventLoop = false; setTimeout(() => {}, 60_000); callback(null, 'x'); };`,
  `export const waits = (event, context, callback) => { setTimeout(() => {}, 60_000); callback(null, 'x'); };`,
  `export const unzips = (event, context, callback) => {
     gunzip(gzipSync('x'), () => gunzip(gzipSync('x'), () => callback('no'))); };`,
  ...Object.entries(ALL).map(([name, code]) => `export const ${name} = ${code};`),
].join('\n');

interface Result {
  outcome: string;
  message: string;
}

const run = async (names: readonly string[], options: Record<string, unknown> = {}): Promise<Map<string, Result>> => {
  // The handlers share a function where serverless-offline starts a worker thread for each function.
  const isShared = (name: string): boolean => !options['useInProcess'] && name in ALL && !OWN_FUNCTION.includes(name);
  const steps = names.map((name) => (isShared(name) ? { call: 'shared', handler: name } : { call: name }));
  const functions = Object.fromEntries(
    ['counts', ...steps.map(({ call }) => call)].map((name) => [
      name,
      { timeout: name === 'waits' || name.startsWith('never') ? 2 : 20 },
    ]),
  );
  const input = { code: CODE, functions, options, steps };
  const child = runChild(join(import.meta.dirname, '../in-process-calls.ts'), [JSON.stringify(input)]);
  expect(await child.ended).toBe(0);
  const lines = child.lines.filter((line) => line.startsWith('{"outcome"'));
  return new Map(lines.map((line, n) => [names[n] ?? '', JSON.parse(line) as Result]));
};

const outcomes = (results: ReadonlyMap<string, Result>): Record<string, string> =>
  Object.fromEntries([...results].map(([name, { outcome }]) => [name, outcome]));
const expected = (names: readonly string[], outcome: string): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, outcome]));

describe.each([
  ['worker threads', { useInProcess: false }],
  ['useInProcess', { useInProcess: true }],
])('an invocation with %s', (_, options) => {
  test('K-36 succeeds if a value is returned, even an Error, and fails if any value is thrown', async () => {
    const [successes, failures] = [Object.keys(SUCCESSES), Object.keys(FAILURES)];
    const results = await run([...successes, ...failures], options);
    expect(outcomes(results)).toEqual({
      ...expected(successes, 'success'),
      ...expected(failures, 'function-error'),
    });
    expect(results.get('throwsText')?.message).toContain('text');
    expect(results.get('throwsAnError')?.message).toBe('no');
  });
});

describe('an invocation in a worker thread', () => {
  const crashes = Object.keys(CRASHES);
  const afterEnd = ['rejectsTooLate', 'counts', 'outlives'];
  const waiting = ['doesNotWait', 'waits', 'unzips', 'neverSettles', 'neverSettlesAsync'];
  let results: Map<string, Result>;
  beforeAll(async () => {
    results = await run([...crashes, ...afterEnd, ...waiting]);
  });
  const outcomesOf = (names: readonly string[]) => outcomes(new Map(names.map((name) => [name, found(name)])));
  const found = (name: string): Result => results.get(name) ?? { outcome: 'no result', message: '' };

  test('K-36 fails if the function crashes, and serverless-offline restarts the function', () => {
    expect(outcomesOf(crashes)).toEqual(expected(crashes, 'function-error'));
    expect(found('exits').message).toContain('process.exit(0)');
  });

  test('K-36 does not terminate serverless-offline by an error after its end', () => {
    expect(outcomesOf(afterEnd)).toEqual(expected(afterEnd, 'success'));
  });

  test('K-36 waits for an empty event loop, as in Lambda', () => {
    expect(outcomesOf(waiting)).toEqual({ ...expected(waiting, 'function-error'), doesNotWait: 'success' });
    expect(found('waits').message).toContain('timeout');
    expect(found('unzips').message).toContain('no');
  });
});
