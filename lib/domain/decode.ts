import type { z } from 'zod';
import type { StreamRecord } from './stream.ts';

export interface Decoded<T> {
  record: StreamRecord;
  value: T;
}

/** A record that can't be parsed, with the reason. */
export interface Rejected {
  record: StreamRecord;
  reason: string;
}

/** The issues of a schema in one line. */
export const reasonOf = ({ issues }: z.core.$ZodError): string =>
  issues.map(({ path, message }) => `${path.join('.') || 'value'} ${message}`).join('; ');

const utf8 = new TextDecoder('utf-8', { fatal: true });

const parseJson = (value: Uint8Array | undefined): unknown => {
  try {
    return JSON.parse(utf8.decode(value));
  } catch {
    return undefined;
  }
};

/**
 * Decodes records one by one, so that an invalid record does not affect the others.
 * @param complete adds fields that records of other programs may lack
 */
export const decodeRecords = <T extends z.ZodType>(
  records: Iterable<StreamRecord>,
  schema: T,
  complete: (value: unknown, record: StreamRecord) => unknown = (value) => value,
): { decoded: Decoded<z.infer<T>>[]; rejected: Rejected[] } => {
  const decoded: Decoded<z.infer<T>>[] = [];
  const rejected: Rejected[] = [];
  for (const record of records) {
    const json = parseJson(record.value);
    if (json === undefined) {
      rejected.push({ record, reason: 'not JSON in UTF-8' });
      continue;
    }
    const parsed = schema.safeParse(complete(json, record));
    if (parsed.success) decoded.push({ record, value: parsed.data });
    else rejected.push({ record, reason: reasonOf(parsed.error) });
  }
  return { decoded, rejected };
};
