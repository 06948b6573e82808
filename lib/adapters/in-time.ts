/** The answer. @throws an error when there is none within so many ms; what comes of it later is not looked at. */
export const inTime = async <T>(answer: Promise<T>, withinMs: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = () => reject(new Error(`no answer within ${withinMs} ms`));
    // Not before what has arrived is read: when this process is what was slow, the answer waits in the socket.
    timer = setTimeout(() => setImmediate(giveUp), withinMs);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
};
