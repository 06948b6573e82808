const EVERY_MS = 3000;

/**
 * Collects what a screen reader should say, and says it at most every 3 seconds. Of each topic only the newest text is
 * said, because an older one is no longer true.
 */
export const createAnnouncer = (say: (text: string) => void) => {
  const waiting = new Map<string, string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const next = () => {
    timer = undefined;
    if (waiting.size === 0) return;
    say([...waiting.values()].join(' '));
    waiting.clear();
    timer = setTimeout(next, EVERY_MS);
  };
  return (topic: string, text: string): void => {
    waiting.delete(topic); // so that it comes last
    waiting.set(topic, text);
    if (timer === undefined) next();
  };
};
