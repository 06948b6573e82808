export class NoAnswerInTime extends Error {
  override name = 'NoAnswerInTime';

  constructor(withinMs: number) {
    super(`no answer within ${withinMs} ms`);
  }
}

/** The answer. @throws NoAnswerInTime when there is none within `withinMs`; a later answer or error is ignored. */
export const inTime = async <T>(answer: Promise<T>, withinMs: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = () => reject(new NoAnswerInTime(withinMs));
    // `setImmediate` lets sockets be read first: in a slow process the answer may have arrived already.
    timer = setTimeout(() => setImmediate(giveUp), withinMs);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
};

/** Waits for the answer, at most `withinMs`. A later answer or error is ignored. @throws the error of an earlier one */
export const atMost = async (answer: Promise<unknown>, withinMs: number): Promise<void> => {
  try {
    await inTime(answer, withinMs);
  } catch (error) {
    if (!(error instanceof NoAnswerInTime)) throw error;
  }
};
