import type { Schedule } from './schedule.ts';

export interface OpenLoopOptions {
  schedule: Schedule;
  /** Maximum number of unanswered requests. Further due requests wait, up to a second. */
  maxInFlight: number;
  /** Sends one request; `dueAt` by `performance.now()`. Must not reject. */
  send: (dueAt: number) => Promise<void>;
  /** Called with the number of requests that could not be sent in time and are skipped. */
  onSkipped: (requests: number) => void;
}

export interface OpenLoop {
  readonly inFlight: number;
  /** Number of requests that have been due so far. */
  due(): number;
  /** Sends the requests that are due, then nothing more; resolves when the last answer has arrived. */
  finish(): Promise<void>;
}

/** Sends requests when they are due, without waiting for the answers of earlier ones. */
export function openLoop({ schedule, maxInFlight, send, onSkipped }: OpenLoopOptions): OpenLoop {
  const began = performance.now();
  let next = 0;
  let inFlight = 0;
  let behind = false;
  let endedAt: number | undefined;
  let drained: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const elapsed = () => (endedAt ?? performance.now()) - began;

  function sendDue(): void {
    clearTimeout(timer);
    const plan = schedule.plan(elapsed(), next, maxInFlight - inFlight);
    if (plan.skip > 0) onSkipped(plan.skip);
    next += plan.skip;
    const end = next + plan.send;
    while (next < end) launch(began + schedule.dueAt(next++));
    behind = next < schedule.dueBefore(elapsed());
    if (endedAt === undefined) timer = setTimeout(sendDue, plan.waitMs);
  }

  function launch(dueAt: number): void {
    inFlight++;
    void send(dueAt).then(() => {
      inFlight--;
      if (endedAt !== undefined) {
        if (inFlight === 0) drained?.();
      } else if (behind) sendDue();
    });
  }

  sendDue();
  return {
    get inFlight() {
      return inFlight;
    },
    due: () => schedule.dueBefore(elapsed()),
    async finish() {
      endedAt = performance.now();
      sendDue();
      const left = schedule.dueBefore(elapsed()) - next;
      if (left > 0) onSkipped(left);
      if (inFlight > 0) await new Promise<void>((resolve) => (drained = resolve));
    },
  };
}
