import type { z } from 'zod';
import { KafkaEventsError } from '../errors.ts';

export const show = (value: unknown): string => JSON.stringify(value) ?? 'undefined';

const valueAt = (root: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    root,
  );

/** One line per problem: location, field, value, and what is allowed. Values under `secrets` are not included. */
const explainIssues = (where: string, input: unknown, error: z.ZodError): string =>
  error.issues
    .map(({ path, code, message }) => {
      const field = path.map(String).join('.');
      const subject = field === '' ? where : `${where}: ${field}`;
      const hidden = code === 'unrecognized_keys' || path[0] === 'secrets';
      return `${subject}${hidden ? '' : ` is ${show(valueAt(input, path))}`}: ${message}`;
    })
    .join('\n');

/** @throws KafkaEventsError CONFIG_INVALID with one line per problem */
export const parseOrExplain = <T extends z.ZodType>(schema: T, where: string, input: unknown): z.output<T> => {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new KafkaEventsError('CONFIG_INVALID', explainIssues(where, input, result.error), { cause: result.error });
};

export const invalid = (where: string, field: string, value: unknown, allowed: string): KafkaEventsError =>
  new KafkaEventsError('CONFIG_INVALID', `${where}: ${field} is ${show(value)}: ${allowed}`);
