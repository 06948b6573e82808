import { describeError } from '../errors.ts';
import type { InvokeResult } from './port.ts';

/** The result of a function that has returned. In Lambda an invocation fails if its response cannot be converted to JSON. */
export const toResult = (response: unknown): InvokeResult => {
  try {
    return { outcome: 'success', response: JSON.parse(JSON.stringify(response) ?? 'null') };
  } catch (error) {
    return { outcome: 'function-error', message: `the response cannot be converted to JSON: ${describeError(error)}` };
  }
};
