import { types } from 'node:util';

/**
 * An Error that survives the way between threads, for whatever was thrown.
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
    return new Error(`the function failed with a value of type ${kind}: ${text.slice(0, 500)}`);
  } catch {
    return new Error('the function failed with a value that cannot be described');
  }
};

const CRASHES = ['UnhandledPromiseRejection', 'UncaughtException', 'ExitError'];

/**
 * After these Lambda starts the function anew.
 * @param {string} kind
 * @param {unknown} reason
 */
export const crashError = (kind, reason) => new Error(`Runtime.${kind}: ${thrownError(reason).message}`);

/** @param {unknown} error */
export const isCrash = (error) =>
  error instanceof Error && CRASHES.some((kind) => error.message.startsWith(`Runtime.${kind}: `));
