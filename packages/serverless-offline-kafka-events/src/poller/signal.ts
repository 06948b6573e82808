/** Lets one loop sleep until something happens. A `wake` while nobody sleeps makes the next sleep return at once. */
export class WakeSignal {
  #awake = false;
  #resolve: (() => void) | undefined;

  wake(): void {
    if (this.#resolve) this.#resolve();
    else this.#awake = true;
  }

  /** Until `wake`, at most `ms` (which may be Infinity). */
  async sleep(ms: number): Promise<void> {
    if (!this.#awake && ms > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
        if (ms !== Infinity) timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
    }
    this.#resolve = undefined;
    this.#awake = false;
  }
}
