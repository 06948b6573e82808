import type { z } from 'zod';
import { PlatformError, type Detail } from '../errors.ts';

export const invalid = (message: string, details: readonly Detail[] = [], cause?: unknown): PlatformError =>
  new PlatformError('invalid_request', message, { details, cause });

/** @throws PlatformError `invalid_request` with a detail for each invalid value. */
export const parse = <T extends z.ZodType>(schema: T, value: unknown, message: string): z.infer<T> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(
    message,
    parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
  );
};
