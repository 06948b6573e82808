interface Call<T> {
  answer: Promise<T>;
  askedAt: number;
  isOver: boolean;
}

/**
 * Asks at most once in `maxAgeMs`, and never twice at a time: other callers share the answer, also when it is an error.
 * @param clock ms, of a clock that only rises
 */
export const recently = <T>(
  ask: () => Promise<T>,
  maxAgeMs: number,
  clock: () => number = () => performance.now(),
): (() => Promise<T>) => {
  let last: Call<T> | undefined;
  return () => {
    if (last && (!last.isOver || clock() - last.askedAt < maxAgeMs)) return last.answer;
    const call: Call<T> = { answer: ask(), askedAt: clock(), isOver: false };
    const end = () => {
      call.isOver = true;
    };
    call.answer.then(end, end);
    last = call;
    return call.answer;
  };
};
