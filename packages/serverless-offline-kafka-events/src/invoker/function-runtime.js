/**
 * Runs in serverless-offline's function environment in place of the user's handler, and calls that handler as Lambda's
 * Node.js runtime does (aws-lambda-nodejs-runtime-interface-client, src/Runtime.js and src/CallbackContext.js).
 * With worker threads, serverless-offline treats a thrown string as a response, and an unhandled rejection terminates
 * its process. This runtime always resolves with JSON on success, and always rejects with an Error on failure.
 *
 * Written in JavaScript, because serverless-offline loads it: it would load a TypeScript file again at each invocation.
 */
import { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { crashError, thrownError } from './function-errors.js';
import { takesEventOnly } from './takes-event-only.js';

/**
 * Encoded in the name of the handler, see `wrapFunction`. `loader` is serverless-offline's module that loads handlers.
 * `generation` increases with each reload; a handler is loaded once per generation.
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
  // The folder of an unpacked artifact is known only in worker threads.
  const dir = isMainThread ? codeDir : /** @type {Target} */ (workerData).codeDir;
  const { load } = /** @type {{ load(dir: string, handler: string): Promise<Handler> }} */ (
    createRequire(import.meta.url)(loader)
  );
  const found = await load(dir, join(dir, handler));
  handlers.set(encoded, found);
  return found;
};

/** Thrown by `process.exit` to end its caller: if the worker exited, serverless-offline would wait for it forever. */
class ProcessExit extends Error {}

/**
 * Makes the current invocation fail.
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
 * Runs one invocation. In a worker thread, the event loop becomes empty when the function has nothing left to do, as in
 * Lambda. In the main thread it never becomes empty, because serverless-offline runs there; nothing waits for it there.
 * @type {(handler: Handler, event: unknown, offlineContext: object) => Promise<unknown>}
 */
const run = (handler, event, offlineContext) =>
  new Promise((resolve, reject) => {
    let waitsForEmptyEventLoop = true;
    let signalled = false;
    /** @type {(() => void) | undefined} */
    let listener;
    /** @param {(() => void) | undefined} action */
    const onEmptyEventLoop = (action) => {
      if (listener) process.off('beforeExit', listener);
      listener = isMainThread ? undefined : action;
      if (listener) process.once('beforeExit', listener);
    };
    /** @param {() => void} report resolves or rejects the promise of the invocation */
    const end = (report) => {
      onEmptyEventLoop(undefined);
      parentPort?.ref();
      if (failCurrent === fail) failCurrent = undefined;
      report();
    };
    /** @param {unknown} error */
    const fail = (error) => end(() => reject(thrownError(error)));
    /** @param {unknown} [result] */
    const succeed = (result) =>
      end(() => {
        try {
          resolve(JSON.parse(JSON.stringify(result) ?? 'null'));
        } catch (error) {
          reject(new Error(`the response cannot be converted to JSON: ${thrownError(error).message}`));
        }
      });
    /**
     * Only the first call of callback, done, succeed or fail has an effect.
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
      else onEmptyEventLoop(() => succeed(result));
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
        // For a handler that is not async, Lambda reports success here, and the records would be lost.
        const pending = 'Runtime.NodeJsExit: the event loop is empty, but the promise of the handler is pending';
        if (!signalled) onEmptyEventLoop(() => fail(new Error(pending)));
        result.then(first(succeed), first(fail));
      } else if (!signalled) {
        if (!isMainThread) onEmptyEventLoop(() => succeed(null));
        else if (takesEventOnly(handler)) first(succeed)(null);
      }
    } catch (error) {
      // Lambda treats a synchronously thrown null as success; here every thrown value is a failure.
      first(fail)(error);
    }
  });

/** Has a handler for every property name that is a `Target` encoded in base64url. */
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
