import { expect } from '@jest/globals';
import { SetupError } from '../../infra/local/errors.ts';

/** The message of the SetupError that the work rejects with; the test fails if it does not. */
export const setupErrorOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (each: unknown) => each,
  );
  expect(error).toBeInstanceOf(SetupError);
  return (error as Error).message;
};
