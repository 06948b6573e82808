import { describeError } from '../errors.ts';
import type { LocalFunction } from '../local-function.ts';
import { sleep } from '../time.ts';
import type { Invoker } from './port.ts';
import { toResult } from './result.ts';

const LATE = Symbol('late');

/** Calls a function in this process. */
export const directInvoker = ({ handler, timeout }: Pick<LocalFunction, 'handler' | 'timeout'>): Invoker => ({
  invoke: async (event) => {
    const ended = new AbortController();
    const late = sleep(timeout * 1000, ended.signal).then(() => LATE);
    try {
      const response = await Promise.race([handler(event as never), late]);
      if (response === LATE) return { outcome: 'function-error', message: `timed out after ${timeout} s` };
      return toResult(response);
    } catch (error) {
      return { outcome: 'function-error', message: describeError(error) };
    } finally {
      ended.abort();
    }
  },
  close: () => Promise.resolve(),
});
