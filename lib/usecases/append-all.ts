import type { OutgoingRecord, RecordLog } from '../ports.ts';

/** One append is acknowledged in time or fails as a whole, so a large batch is several. */
const MAX_RECORDS = 1000;
const MAX_CHARACTERS = 1_000_000;

/** Appends records in their order, in portions that a broker acknowledges in the time of one append. */
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
