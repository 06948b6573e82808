import type { BrokerRecord } from '../broker/port.ts';

/** Queue of the records of one partition that are not in a batch yet. Sizes are bytes in the event's JSON. */
export class PartitionBuffer {
  readonly partition: number;
  #records: BrokerRecord[] = [];
  #sizes: number[] = [];
  #head = 0;
  bytes = 0;

  constructor(partition: number) {
    this.partition = partition;
  }

  get length(): number {
    return this.#records.length - this.#head;
  }

  push(record: BrokerRecord, size: number): void {
    this.#records.push(record);
    this.#sizes.push(size);
    this.bytes += size;
  }

  /** The first record and its size. */
  peek(): { record: BrokerRecord; size: number } | undefined {
    const record = this.#records[this.#head];
    return record === undefined ? undefined : { record, size: this.#sizes[this.#head] ?? 0 };
  }

  /** Removes records from the front: at most `count` records, and at most `bytes` bytes. */
  take(count: number, bytes: number): { records: BrokerRecord[]; bytes: number } {
    let end = this.#head;
    let taken = 0;
    const last = Math.min(this.#records.length, this.#head + count);
    while (end < last && taken + (this.#sizes[end] ?? 0) <= bytes) taken += this.#sizes[end++] ?? 0;
    const records = this.#records.slice(this.#head, end);
    this.#head = end;
    this.bytes -= taken;
    if (this.#head === this.#records.length || this.#head > 4096) {
      this.#records = this.#records.slice(this.#head);
      this.#sizes = this.#sizes.slice(this.#head);
      this.#head = 0;
    }
    return { records, bytes: taken };
  }
}
