import { runProgram } from '../../infra/local/run.ts';

/** Resident memory in MiB. */
export interface MemoryUse {
  first: number;
  largest: number;
  last: number;
}

/** Process id → resident memory in MiB, for the running processes. */
async function residentMemory(pids: readonly number[]): Promise<Map<number, number>> {
  const { output } = await runProgram('ps', ['-o', 'pid=,rss=', '-p', pids.join(',')], 5000);
  return new Map(
    [...output.matchAll(/^\s*(\d+)\s+(\d+)\s*$/gm)].map(([, pid, kib]) => [Number(pid), Number(kib) / 1024]),
  );
}

/** Measures the memory of processes once a second, and counts their restarts. */
export class MemoryWatch {
  restarts = 0;
  readonly #pidOf: (name: string) => Promise<number>;
  readonly #pids = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #uses = new Map<string, MemoryUse>();

  constructor(names: readonly string[], pidOf: (name: string) => Promise<number>) {
    this.#pidOf = pidOf;
    let measuring: Promise<void> | undefined;
    this.#timer = setInterval(() => {
      measuring ??= this.#measure(names)
        .catch(() => undefined) // a process is being restarted
        .finally(() => (measuring = undefined));
    }, 1000);
  }

  /** Measurements since the last call. */
  take(): Map<string, MemoryUse> {
    const uses = this.#uses;
    this.#uses = new Map();
    return uses;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #measure(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const pid = await this.#pidOf(name);
      if ((this.#pids.get(name) ?? pid) !== pid) this.restarts++;
      this.#pids.set(name, pid);
    }
    const found = await residentMemory([...this.#pids.values()]);
    for (const [name, pid] of this.#pids) {
      const now = found.get(pid);
      if (now === undefined) continue;
      const { first, largest } = this.#uses.get(name) ?? { first: now, largest: now };
      this.#uses.set(name, { first, largest: Math.max(largest, now), last: now });
    }
  }
}
