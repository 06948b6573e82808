import type { Schedule } from './schedule.ts';

export interface OpenLoopOptions {
  schedule: Schedule;
  /** Requests that may wait for their answers at the same time. More than these wait for a free place, up to a second. */
  maxInFlight: number;
  /** Sends one request; `dueAt` by `performance.now()`. Must not reject. */
  send: (dueAt: number) => Promise<void>;
  /** That many requests could not be sent in time and never will. */
  onSkipped: (requests: number) => void;
}

export interface OpenLoop {
  readonly inFlight: number;
  /** How many requests have been due so far. */
  due(): number;
  /** Sends what is due, then nothing more; resolves when the last answer is there. */
  finish(): Promise<void>;
}

/** Sends requests when they are due, not when the ones before are answered. */
export function openLoop({ schedule, maxInFlight, send, onSkipped }: OpenLoopOptions): OpenLoop {
  const began = performance.now();
  let next = 0;
  let inFlight = 0;
  let behind = false;
  let endedAt: number | undefined;
  let drained: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const elapsed = () => (endedAt ?? performance.now()) - began;

  function look(): void {
    clearTimeout(timer);
    const plan = schedule.plan(elapsed(), next, maxInFlight - inFlight);
    if (plan.skip > 0) onSkipped(plan.skip);
    next += plan.skip;
    const end = next + plan.send;
    while (next < end) launch(began + schedule.dueAt(next++));
    behind = next < schedule.dueBefore(elapsed());
    if (endedAt === undefined) timer = setTimeout(look, plan.waitMs);
  }

  function launch(dueAt: number): void {
    inFlight++;
    void send(dueAt).then(() => {
      inFlight--;
      if (endedAt !== undefined) {
        if (inFlight === 0) drained?.();
      } else if (behind) look();
    });
  }

  look();
  return {
    get inFlight() {
      return inFlight;
    },
    due: () => schedule.dueBefore(elapsed()),
    async finish() {
      endedAt = performance.now();
      look();
      const left = schedule.dueBefore(elapsed()) - next;
      if (left > 0) onSkipped(left);
      if (inFlight > 0) await new Promise<void>((resolve) => (drained = resolve));
    },
  };
}
