/** Lets a loop sleep until it is woken. A `wake` when the loop is not asleep makes its next `sleep` return at once. */
export class WakeSignal {
  #awake = false;
  #resolve: (() => void) | undefined;

  wake(): void {
    if (this.#resolve) this.#resolve();
    else this.#awake = true;
  }

  /** Resolves after `wake`, or after `ms` at the latest (which may be Infinity). */
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
