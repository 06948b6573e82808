import { withChunks, type Chunk, type FetchedPartition } from '#kafka-records';
import { internals } from './kafkajs-internals.ts';

interface FetchedBatch {
  readonly rawMessages: FetchedPartition['messages'];
  readonly fetchedOffset: string | number;
}

let patched = false;

/** Has the responses to kafkajs's fetch requests decoded by `kafka-records`. */
export const decodeFetchResponses = (): void => {
  if (patched) return;
  patched = true;
  const { Fetch } = internals;
  Fetch.protocol = withChunks(Fetch.protocol);
  followChunks();
};

export const chunkOf = (batch: object): Chunk => {
  const { rawMessages, fetchedOffset } = batch as FetchedBatch;
  return rawMessages.chunk ?? { records: [], next: Number(fetchedOffset) };
};

/** Consumers hand over whatever moves them on, and go on behind it. */
const followChunks = (): void => {
  Object.assign(internals.Batch.prototype, {
    isEmpty(this: FetchedBatch) {
      return chunkOf(this).next <= Number(this.fetchedOffset);
    },
    isEmptyDueToFiltering: () => false,
    lastOffset(this: FetchedBatch) {
      return String(chunkOf(this).next - 1);
    },
  });
};
