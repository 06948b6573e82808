import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPO } from '../../../infra/local/data-dir.ts';

const read = (name: string): unknown => JSON.parse(readFileSync(join(REPO, 'test/events', `${name}.json`), 'utf8'));

/** The body of a request in `test/events`. */
export const bodyOf = (name: string): unknown => JSON.parse((read(name) as { body: string }).body);

/** The values of the Kafka records in `test/events`. */
export const valuesOf = (name: string): unknown[] =>
  Object.values((read(name) as { records: Record<string, { value: string }[]> }).records)
    .flat()
    .map(({ value }) => JSON.parse(Buffer.from(value, 'base64').toString()) as unknown);
