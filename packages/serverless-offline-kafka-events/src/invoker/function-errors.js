import { types } from 'node:util';

/**
 * Converts a thrown value to an Error that can be sent between threads.
 * @param {unknown} thrown
 */
export const thrownError = (thrown) => {
  try {
    if (types.isNativeError(thrown)) {
      const error = new Error(thrown.message || thrown.name);
      if (typeof thrown.stack === 'string') error.stack = thrown.stack;
      return error;
    }
    const kind = thrown === null ? 'null' : typeof thrown;
    const text = kind === 'object' ? (JSON.stringify(thrown) ?? '') : String(thrown);
    return new Error(`the function failed with a value of type ${kind} instead of an Error: ${text.slice(0, 500)}`);
  } catch {
    return new Error('the function failed with a value that cannot be described');
  }
};

const CRASHES = ['UnhandledPromiseRejection', 'UncaughtException', 'ExitError'];

/**
 * An error after which Lambda starts the function in a new process.
 * @param {string} kind
 * @param {unknown} reason
 */
export const crashError = (kind, reason) => new Error(`Runtime.${kind}: ${thrownError(reason).message}`);

/** @param {unknown} error */
export const isCrash = (error) =>
  error instanceof Error && CRASHES.some((kind) => error.message.startsWith(`Runtime.${kind}: `));
