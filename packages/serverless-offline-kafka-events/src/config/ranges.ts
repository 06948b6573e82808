import { z } from 'zod';

/** A whole number of a range that the error names. */
export const between = (min: number, max: number): z.ZodInt => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int(error).min(min, error).max(max, error);
};

export const oneOf = <const T extends readonly string[]>(values: T): z.ZodEnum<{ [K in T[number]]: K }> =>
  z.enum(values, { error: `must be ${values.join(', ').replace(/, ([^,]*)$/, ' or $1')}` });

export const topicName = z
  .string('must be one topic name (several topics are several mappings)')
  .regex(/^[^.]([a-zA-Z0-9\-_.]+)$/, 'must be a Kafka topic name: 2 to 249 letters, digits and . _ -')
  .max(249, 'must have at most 249 characters');

export const groupId = z
  .string()
  .regex(/^[a-zA-Z0-9\-/*:_+=.@]{1,200}$/, 'must be 1 to 200 letters, digits and - / * : _ + = . @');
