/** How long a press is one tap, and how often it taps after that: less than the 20 taps a second that the server takes. */
const FIRST_MS = 350;
const EVERY_MS = 100;

/** Taps once when it starts, and goes on while it is held. */
export const createHold = (tap: () => void) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const repeat = () => {
    tap();
    timer = setTimeout(repeat, EVERY_MS);
  };
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    start() {
      stop();
      tap();
      timer = setTimeout(repeat, FIRST_MS);
    },
    stop,
  };
};
