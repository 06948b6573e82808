/**
 * Runs inside serverless-offline's function environment, in place of the user's handler, and calls it as Lambda's
 * Node.js runtime does (aws-lambda-nodejs-runtime-interface-client, src/Runtime.js and src/CallbackContext.js).
 * serverless-offline takes a thrown text under worker threads as a response, and a rejection that nobody handles ends
 * it. Here a success always resolves with JSON, and a failure always rejects with an Error.
 *
 * JavaScript, because serverless-offline loads it: its loader of TypeScript would run it anew at each invocation.
 */
import { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { crashError, thrownError } from './function-errors.js';
import { takesEventOnly } from './takes-event-only.js';

/**
 * What stands in the handler's name, see `wrapFunction`. `loader` is serverless-offline's module that loads handlers;
 * `generation` increases with each reload: a handler is loaded once for each.
 * @typedef {{ handler: string, loader: string, codeDir: string, generation: number }} Target
 * @typedef {(error?: unknown, result?: unknown) => void} Callback
 * @typedef {(event: unknown, context: object, callback: Callback) => unknown} Handler
 */

/** @type {Map<string, Handler>} */
const handlers = new Map();

/** @param {string} encoded */
const handlerOf = async (encoded) => {
  const loaded = handlers.get(encoded);
  if (loaded) return loaded;
  const { handler, loader, codeDir } = /** @type {Target} */ (JSON.parse(Buffer.from(encoded, 'base64url').toString()));
  process.env['_HANDLER'] = handler;
  // A worker knows where an artifact was unpacked to.
  const dir = isMainThread ? codeDir : /** @type {Target} */ (workerData).codeDir;
  const { load } = /** @type {{ load(dir: string, handler: string): Promise<Handler> }} */ (
    createRequire(import.meta.url)(loader)
  );
  const found = await load(dir, join(dir, handler));
  handlers.set(encoded, found);
  return found;
};

/** Unwinds what called `process.exit`: a worker that ended would leave serverless-offline waiting for it. */
class ProcessExit extends Error {}

/**
 * Fails the invocation under way.
 * @type {((error: Error) => void) | undefined}
 */
let failCurrent;

if (!isMainThread) {
  /** @type {(kind: string, reason: unknown) => void} */
  const crash = (kind, reason) => {
    if (reason instanceof ProcessExit) return;
    const error = crashError(kind, reason);
    if (failCurrent) failCurrent(error);
    else console.error(error.message);
  };
  process.on('unhandledRejection', (reason) => crash('UnhandledPromiseRejection', reason));
  process.on('uncaughtException', (error) => crash('UncaughtException', error));
  process.exit = (code) => {
    const error = new ProcessExit(`process.exit(${code ?? ''}) was called`);
    failCurrent?.(crashError('ExitError', error));
    throw error;
  };
}

/** @param {unknown} value @returns {value is PromiseLike<unknown>} */
const isThenable = (value) =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** @param {unknown} error */
const isFailure = (error) => error !== undefined && error !== null;

/**
 * One invocation. In a worker thread the event loop is empty when nothing is left to do, as in Lambda's process; in
 * the main thread it never is, so there nothing waits for that.
 * @type {(handler: Handler, event: unknown, offlineContext: object) => Promise<unknown>}
 */
const run = (handler, event, offlineContext) =>
  new Promise((resolve, reject) => {
    let waitsForEmptyEventLoop = true;
    let signalled = false;
    /** @type {(() => void) | undefined} */
    let idle;
    /** @param {(() => void) | undefined} action */
    const onIdle = (action) => {
      if (idle) process.off('beforeExit', idle);
      idle = isMainThread ? undefined : action;
      if (idle) process.once('beforeExit', idle);
    };
    /** @param {() => void} settle */
    const end = (settle) => {
      onIdle(undefined);
      parentPort?.ref();
      if (failCurrent === fail) failCurrent = undefined;
      settle();
    };
    /** @param {unknown} error */
    const fail = (error) => end(() => reject(thrownError(error)));
    /** @param {unknown} [result] */
    const succeed = (result) =>
      end(() => {
        try {
          resolve(JSON.parse(JSON.stringify(result) ?? 'null'));
        } catch (error) {
          reject(new Error(`the response is not JSON: ${thrownError(error).message}`));
        }
      });
    /**
     * Only the first of callback, done, succeed and fail counts.
     * @type {<A extends unknown[]>(signal: (...args: A) => void) => (...args: A) => void}
     */
    const first =
      (signal) =>
      (...args) => {
        if (signalled) return;
        signalled = true;
        signal(...args);
      };
    /** @type {Callback} */
    const done = (error, result) => (isFailure(error) ? fail(error) : succeed(result));
    /** @type {Callback} */
    const callback = first((error, result) => {
      if (isFailure(error) || !waitsForEmptyEventLoop || isMainThread) done(error, result);
      else onIdle(() => succeed(result));
    });
    const context = {
      ...offlineContext,
      done: first(done),
      succeed: first(succeed),
      fail: first((/** @type {unknown} */ error) => fail(error ?? 'handled')),
      get callbackWaitsForEmptyEventLoop() {
        return waitsForEmptyEventLoop;
      },
      set callbackWaitsForEmptyEventLoop(waits) {
        waitsForEmptyEventLoop = waits;
      },
    };

    failCurrent = fail;
    parentPort?.unref();
    try {
      const result = handler(event, context, callback);
      if (isThenable(result)) {
        // Lambda reports success when the handler is not async; here records are never lost that way.
        if (!signalled)
          onIdle(() => fail(new Error('Runtime.NodeJsExit: nothing is left to do for a pending promise')));
        result.then(first(succeed), first(fail));
      } else if (!signalled) {
        if (!isMainThread) onIdle(() => succeed(null));
        else if (takesEventOnly(handler)) first(succeed)(null);
      }
    } catch (error) {
      // Lambda takes a null that is thrown at once for a success; here it fails like everything else that is thrown.
      first(fail)(error);
    }
  });

/** A handler for each property: its name is a `Target` in base64url. */
export const functions = new Proxy(
  {},
  {
    get: (_, encoded) => async (/** @type {unknown} */ event, /** @type {object} */ context) => {
      /** @type {Handler} */
      let handler;
      try {
        handler = await handlerOf(String(encoded));
      } catch (error) {
        throw thrownError(error);
      }
      return run(handler, event, context);
    },
  },
);
