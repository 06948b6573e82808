import { withChunks, type Chunk, type FetchedPartition } from '#kafka-records';
import { internals } from './kafkajs-internals.ts';

interface FetchedBatch {
  readonly rawMessages: FetchedPartition['messages'];
  readonly fetchedOffset: string | number;
}

let patched = false;

/** Patches the private copy of kafkajs, so that `kafka-records` decodes the responses to its fetch requests. */
export const decodeFetchResponses = (): void => {
  if (patched) return;
  patched = true;
  const { Fetch } = internals;
  Fetch.protocol = withChunks(Fetch.protocol);
  patchBatch();
};

export const chunkOf = (batch: object): Chunk => {
  const { rawMessages, fetchedOffset } = batch as FetchedBatch;
  return rawMessages.chunk ?? { records: [], next: Number(fetchedOffset) };
};

/** kafkajs skips batches without records; with this patch it passes them on, and continues after their last offset. */
const patchBatch = (): void => {
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
