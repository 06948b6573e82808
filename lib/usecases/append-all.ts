import type { OutgoingRecord, RecordLog } from '../ports.ts';

/** An append succeeds or times out as a whole, so a large batch is divided into several. */
const MAX_RECORDS = 1000;
const MAX_CHARACTERS = 1_000_000;

/** Appends records in order, in portions small enough to be acknowledged in time. */
export const appendAll = async (
  records: RecordLog,
  topic: string,
  outgoing: Iterable<OutgoingRecord>,
): Promise<void> => {
  let portion: OutgoingRecord[] = [];
  let characters = 0;
  for (const record of outgoing) {
    if (portion.length === MAX_RECORDS || (portion.length > 0 && characters + record.value.length > MAX_CHARACTERS)) {
      await records.append(topic, portion);
      [portion, characters] = [[], 0];
    }
    portion.push(record);
    characters += record.value.length;
  }
  if (portion.length > 0) await records.append(topic, portion);
};
