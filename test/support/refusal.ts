import { expect } from '@jest/globals';
import { SetupError } from '../../infra/local/errors.ts';

/** The sentence with which a piece of work is refused; the test fails when it is not. */
export const refusal = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => undefined,
    (each: unknown) => each,
  );
  expect(error).toBeInstanceOf(SetupError);
  return (error as Error).message;
};
